#include "web/dicomweb/capabilities.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <pugixml.hpp>

#include "tests/web/http/http_peer.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class CapabilitiesTest : public testing::Test {
 protected:
  CapabilitiesTest() : server(made()) {}

  static Router made() {
    Router router;
    Resources resources(router);
    const Handler nothing = [](const Request&) { return Response::text(200, "found"); };
    Transaction search{"GET", "/studies", "SearchForStudies", {"application/dicom+json"}};
    search.parameters = {{.name = "limit", .type = "xs:nonNegativeInteger"},
                         {.name = "fuzzymatching", .values = {"true", "false"}}};
    resources.add(search, Role::Viewer, nothing);
    Transaction store{"POST", "/studies", "StoreInstances"};
    store.takes = {"multipart/related; type=\"application/dicom\""};
    resources.add(store, Role::Uploader, nothing);
    resources.add({"GET", "/studies/{study}/series", "SearchForStudySeries"}, Role::Viewer,
                  nothing);
    resources.add_capabilities();
    return router;
  }
  TestServer server;
};

HttpOptions any_name() {
  HttpOptions options;
  options.server_names = {"*"};
  return options;
}

TEST_F(CapabilitiesTest, TheServiceDescribesAllItsResourcesAsATree) {
  TestServer named(made(), any_name());
  const Answer answer =
      Peer(named).asks("OPTIONS /dicomweb/ HTTP/1.1\r\nHost: pacs.test:1\r\n\r\n");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/vnd.sun.wadl+xml");
  pugi::xml_document wadl;
  ASSERT_TRUE(wadl.load_string(answer.body.c_str())) << answer.body;
  const pugi::xml_node resources = wadl.child("application").child("resources");
  EXPECT_STREQ(resources.attribute("base").value(), "http://pacs.test:1/dicomweb");
  const pugi::xml_node studies = resources.child("resource");
  EXPECT_STREQ(studies.attribute("path").value(), "studies");
  const pugi::xml_node search = studies.find_child_by_attribute("method", "name", "GET");
  EXPECT_STREQ(search.attribute("id").value(), "SearchForStudies");
  const pugi::xml_node request = search.child("request");
  const auto param = [&](const char* name) {
    return request.find_child_by_attribute("param", "name", name);
  };
  EXPECT_STREQ(param("Accept").attribute("style").value(), "header");
  EXPECT_STREQ(param("limit").attribute("type").value(), "xs:nonNegativeInteger");
  EXPECT_STREQ(param("fuzzymatching").child("option").attribute("value").value(), "true");
  EXPECT_STREQ(search.child("response").child("representation").attribute("mediaType").value(),
               "application/dicom+json");
  const pugi::xml_node store = studies.find_child_by_attribute("method", "name", "POST");
  EXPECT_STREQ(store.child("request").child("representation").attribute("mediaType").value(),
               "multipart/related; type=\"application/dicom\"");
  const pugi::xml_node study = studies.child("resource");
  EXPECT_STREQ(study.attribute("path").value(), "{study}");
  EXPECT_STREQ(study.child("resource").child("method").attribute("id").value(),
               "SearchForStudySeries");
}

TEST_F(CapabilitiesTest, AResourceDescribesItselfAndWhatIsBelow) {
  const Answer answer =
      Peer(server).asks("OPTIONS /dicomweb/studies/1.2/series HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(answer.body, HasSubstr("path=\"studies/{study}/series\""));
  EXPECT_THAT(answer.body, Not(HasSubstr("StoreInstances")));
  const Answer studies =
      Peer(server).asks("OPTIONS /dicomweb/studies HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(studies.header("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(CapabilitiesTest, TheSameIsSaidInJson) {
  for (const std::string accept : {"application/dicom+json", "application/json"}) {
    const Answer answer = Peer(server).asks(
        "OPTIONS /dicomweb HTTP/1.1\r\nHost: localhost\r\n"
        "Accept: " +
        accept + "\r\n\r\n");
    EXPECT_EQ(answer.header("Content-Type"), accept);
    const auto document = boost::json::parse(answer.body);
    const auto& studies =
        document.at("application").at("resources").at("resource").as_array().front();
    EXPECT_EQ(studies.at("path").as_string(), "studies");
    EXPECT_EQ(studies.at("method").as_array().front().at("id").as_string(), "SearchForStudies");
  }
}

TEST_F(CapabilitiesTest, NeitherXmlNorJsonIsNotAcceptable) {
  const Answer answer = Peer(server).asks(
      "OPTIONS /dicomweb/studies HTTP/1.1\r\nHost: localhost\r\n"
      "Accept: image/png\r\n\r\n");
  EXPECT_EQ(answer.status(), 406);
}

}  // namespace
}  // namespace pacs::web
