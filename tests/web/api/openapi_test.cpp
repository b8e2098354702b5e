#include "web/api/openapi.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "integration/history.h"
#include "services/dispatch/remote_aes.h"
#include "tests/web/api/archive_api.h"
#include "web/api/api_schemas.h"
#include "web/api/attributes.h"
#include "web/api/configuration.h"
#include "web/api/conflicts.h"
#include "web/api/history.h"
#include "web/api/jobs.h"
#include "web/api/operations.h"
#include "web/api/performed_steps.h"
#include "web/api/remote_aes.h"
#include "web/api/send.h"
#include "web/api/tokens.h"
#include "web/api/worklist.h"
#include "web/auth/tokens.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class OpenApiTest : public ArchiveApiTest {
 protected:
  OpenApiTest() {
    Operations operations;
    operations.counts = [this] { return archive->counts(); };
    operations.associations = [] { return std::size_t{0}; };
    add_operations(router, std::move(operations));
    add_attributes(router);
    add_configuration(router, {{"dicom.port", 104, "file", "pacs.toml:3"}});
    add_conflicts(router, archive->conflicts());
    add_history(router, history);
    add_jobs(router, archive->jobs(), [] {});
    add_performed_steps(router, *archive);
    add_remote_aes(router, remotes, workers);
    add_send(router, *archive, remotes, [this] { ++woken; });
    add_tokens(router, tokens);
    add_worklist(router, *archive);
    add_openapi(router, "1.2.3");
    serve(router);
    document = json::parse(get("/api/openapi.json").body).get_object();
  }

  services::RemoteAes remotes{*archive, {{"SINK", "10.0.0.1", 104}}, network::RequestOptions{}};
  integration::WorkPool workers{1};
  integration::History history{
      {{"stored_bytes", integration::HistorySource::Kind::Total, [] { return std::vector{1.0}; }}}};
  Tokens tokens{folder.path() / "tokens.json"};
  int woken = 0;
  Router router;
  json::object document;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

TEST_F(OpenApiTest, EveryRowOfApiIsInTheDocumentWithItsSummaryParametersAndAnswers) {
  std::size_t rows = 0;
  for (const Route& route : router.routes()) {
    if (!route.pattern.starts_with("/api/")) continue;
    ++rows;
    const json::value& row = document["paths"].at(route.pattern).at(lower(route.method));
    const std::string what = route.method + " " + route.pattern;
    EXPECT_FALSE(row.at("summary").as_string().empty()) << what;
    const auto placeholders = std::ranges::count(route.pattern, '{');
    EXPECT_EQ(row.at("parameters").as_array().size(),
              static_cast<std::size_t>(placeholders) + route.about.query.size())
        << what;
    EXPECT_FALSE(route.about.statuses.empty()) << what;
    const bool answers = route.about.statuses.front() != 204;
    EXPECT_EQ(answers, !route.about.answer.empty()) << what;
  }
  EXPECT_GE(rows, 30U);
}

/// Every "$ref" below a value.
void collect(const json::value& value, std::vector<std::string>& references) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      if (key == "$ref") references.emplace_back(member.as_string());
      collect(member, references);
    }
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) collect(element, references);
  }
}

TEST_F(OpenApiTest, EverySchemaThatIsNamedIsThereAndEveryOneIsNamed) {
  std::vector<std::string> references;
  collect(document, references);
  std::vector<std::string> names;
  for (const auto& [name, schema] : document["components"].at("schemas").as_object()) {
    names.push_back("#/components/schemas/" + std::string(name));
    EXPECT_THAT(references, testing::Contains(names.back()));
  }
  for (const std::string& reference : references) EXPECT_THAT(names, testing::Contains(reference));
}

TEST_F(OpenApiTest, ShortFormsStandForSchemas) {
  const auto schema = [](const char* form) {
    return json::serialize(schema_of(json::parse(form)));
  };
  EXPECT_EQ(schema(R"("integer")"), R"({"type":"integer"})");
  EXPECT_EQ(schema(R"("'a|b'")"), R"({"type":"string","enum":["a","b"]})");
  EXPECT_EQ(schema(R"(["Job"])"),
            R"({"type":"array","items":{"$ref":"#/components/schemas/Job"}})");
  EXPECT_EQ(schema(R"("number|null")"), R"({"anyOf":[{"type":"number"},{"type":"null"}]})");
  EXPECT_EQ(schema(R"({"a":"string","b?":"any"})"),
            R"({"type":"object","properties":{"a":{"type":"string"},"b":{}},"required":["a"],)"
            R"("additionalProperties":false})");
  EXPECT_EQ(schema(R"({"*":"string"})"),
            R"({"type":"object","additionalProperties":{"type":"string"}})");
}

TEST_F(OpenApiTest, WhoHasTheDocumentIsToldSo) {
  const Answer first = get("/api/openapi.json");
  EXPECT_THAT(first.body, HasSubstr(R"("openapi":"3.1.0")"));
  const Answer again =
      send("GET", "/api/openapi.json", "", "If-None-Match: " + first.header("ETag") + "\r\n");
  EXPECT_EQ(again.status(), 304);
  EXPECT_EQ(again.body, "");
}

TEST_F(OpenApiTest, TheDictionaryIsByTag) {
  const std::string body = get("/api/attributes").body;
  const json::object attributes = json::parse(body).as_object();
  EXPECT_EQ(attributes.at("00100010"), (json::array{"PatientName", "PN", "Patient's Name"}));
  EXPECT_EQ(attributes.at("60xx3000"), (json::array{"OverlayData", "OW", "Overlay Data"}));
  EXPECT_GT(attributes.size(), 4000U);
}

TEST_F(OpenApiTest, TheConfigurationIsShownAsItIs) {
  EXPECT_EQ(get("/api/configuration").body,
            "{\"keys\":[{\"key\":\"dicom.port\",\"value\":104,\"from\":\"file\","
            "\"where\":\"pacs.toml:3\"}]}\n");
}

TEST_F(OpenApiTest, HistoryHasASpanAndNullsForWhatIsNotKnown) {
  for (int i = 1; i <= 3; ++i) history.sample(1'800'000'000'003 + 10'000 * i);
  const Answer hour = get("/api/history?span=hour");
  EXPECT_THAT(hour.body, HasSubstr(R"("step_seconds":10,"until":"2027-01-15T08:00:20.000Z")"));
  EXPECT_THAT(hour.body, HasSubstr("null,null,1,0]"));
  EXPECT_THAT(get("/api/history?span=day").body, HasSubstr(R"("step_seconds":300)"));
  EXPECT_THAT(get("/api/history?span=month").body, HasSubstr(R"("step_seconds":7200)"));
  EXPECT_EQ(get("/api/history?span=year").status(), 400);
  EXPECT_EQ(get("/api/history?step=1").status(), 400);
}

TEST_F(OpenApiTest, SendingIsAJob) {
  stores("1.2.3.5", "1.2.3");
  const Answer sent = send("POST", "/api/send", R"({"destination":"SINK","study":"1.2.3"})");
  EXPECT_EQ(sent.status(), 202);
  EXPECT_THAT(sent.body, HasSubstr("{\"job\":"));
  EXPECT_EQ(woken, 1);
  const Answer job = get(sent.header("Location"));
  EXPECT_THAT(job.body, HasSubstr(R"("kind":"send","subject":"1.2.3","destination":"SINK")"));
  for (const auto& [status, body] :
       {std::pair{404, R"({"destination":"NOBODY","study":"1.2.3"})"},
        {404, R"({"destination":"SINK","study":"1.2.4"})"},
        {404, R"({"destination":"SINK","study":"1.2.3","series":"1.2.9"})"},
        {400, R"({"destination":"SINK"})"},
        {400, R"({"study":"1.2.3"})"},
        {400, R"({"destination":"SINK","study":"x"})"},
        {400, R"({"destination":"SINK","study":1})"},
        {400, R"({"destination":"SINK","study":"1.2.3","colour":"red"})"},
        {400, "[]"}}) {
    EXPECT_EQ(send("POST", "/api/send", body).status(), status) << body;
  }
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace pacs::web
