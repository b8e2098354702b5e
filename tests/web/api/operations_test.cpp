#include "web/api/operations.h"

#include <latch>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/web/http/http_peer.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The operator's endpoints over an archive that is pretended.
class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    operations.version = "0.1.0";
    operations.dicom = {{"PACS", "192.0.2.1", 11112, false, false}};
    operations.checks = {{"archive", [this] { return archive; }}};
    operations.associations = [] { return 3; };
    operations.counts = [] { return storage::ArchiveCounts{1, 2, 3, 4, 5}; };
    operations.metrics = metrics.get();
  }
  TestServer& server() {
    if (!server_) {
      Router router;
      add_operations(router, operations);
      server_ = std::make_unique<TestServer>(std::move(router));
    }
    return *server_;
  }
  Answer get(std::string_view target) { return Peer(server()).gets(target); }

  std::unique_ptr<integration::Metrics> metrics = integration::Metrics::create();
  Result<std::string> archive;
  Operations operations;
  std::unique_ptr<TestServer> server_;
};

TEST_F(OperationsTest, HealthIsAliveWhateverTheArchiveSays) {
  archive = fail(ErrorKind::OutOfResources, "disk full");
  EXPECT_EQ(get("/healthz").status(), 200);
  EXPECT_EQ(get("/healthz").body, "alive\n");
}

TEST_F(OperationsTest, HealthIsSaidWhileEveryHandlerThreadIsBusy) {
  std::latch inside(1), leave(1);
  Router router;
  add_operations(router, operations);
  router.add({"GET", "/slow", Role::Anybody, [&](const Request&) {
                inside.count_down();
                leave.wait();
                return Response::text(200, "done");
              }});
  HttpOptions options;
  options.handler_threads = 1;
  TestServer busy(std::move(router), options);
  Peer slow(busy);
  slow.sends("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  inside.wait();
  EXPECT_EQ(Peer(busy).gets("/healthz").body, "alive\n");
  leave.count_down();
  EXPECT_EQ(slow.receives().body, "done");
}

TEST_F(OperationsTest, ReadinessFollowsTheChecksAndSaysWhy) {
  EXPECT_EQ(get("/readyz").status(), 200);
  EXPECT_EQ(get("/readyz").body,
            "{\"ready\":true,\"checks\":[{\"name\":\"archive\",\"ok\":true}]}\n");
  archive = fail(ErrorKind::OutOfResources, "only 3 MiB are free below \"/data\"");
  const Answer answer = get("/readyz");
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_THAT(answer.body, HasSubstr(R"("ready":false)"));
  EXPECT_THAT(answer.body,
              HasSubstr(R"("detail":"out of resources: only 3 MiB are free below \"/data\"")"));
}

TEST_F(OperationsTest, WhatAnOperatorIsToLookAtMakesNothingUnready) {
  archive = "2 files are set aside";
  EXPECT_EQ(get("/readyz").status(), 200);
  EXPECT_EQ(get("/readyz").body,
            R"({"ready":true,"checks":[{"name":"archive","ok":true,"detail":"2 files are set )"
            "aside\"}]}\n");
}

TEST_F(OperationsTest, StatusTellsCountsEndpointsAndAssociations) {
  const std::string body = get("/api/status").body;
  EXPECT_THAT(
      body, HasSubstr(R"("counts":{"patients":1,"studies":2,"series":3,"instances":4,"bytes":5})"));
  EXPECT_THAT(
      body,
      HasSubstr(
          R"({"ae_title":"PACS","host":"192.0.2.1","port":11112,"tls":false,"local_only":false})"));
  EXPECT_THAT(body, HasSubstr(R"("associations":3)"));
  EXPECT_THAT(body, HasSubstr(R"("version":"0.1.0")"));
}

TEST_F(OperationsTest, StatusSurvivesAnArchiveThatCannotCount) {
  operations.counts = [] {
    return Result<storage::ArchiveCounts>(fail(ErrorKind::Io, "index gone"));
  };
  const Answer answer = get("/api/status");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("counts":null)"));
}

TEST_F(OperationsTest, MetricsAreInTheTextExpositionFormat) {
  metrics->counter("pacs_test_total", "Test.").add();
  const Answer answer = get("/metrics");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("pacs_test_total 1\n"));
}

TEST_F(OperationsTest, ThePageAndAllItNeedsComeFromHereAndNothingIsInline) {
  const Answer page = get("/");
  EXPECT_EQ(page.status(), 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("<noscript>"));
  EXPECT_THAT(page.body, Not(HasSubstr("http://")));
  EXPECT_THAT(page.body, Not(HasSubstr("https://")));
  EXPECT_THAT(page.body, Not(HasSubstr("style=")));
  EXPECT_EQ(get("/ui/style.css").header("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(get("/ui/app.js").header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(get("/ui/icon.svg").header("Content-Type"), "image/svg+xml");
  std::size_t references = 0;
  constexpr std::string_view kBegin = "\"/ui/";
  for (auto at = page.body.find(kBegin); at != std::string::npos;
       at = page.body.find(kBegin, at + 1)) {
    const std::string reference = page.body.substr(at + 1, page.body.find('"', at + 1) - at - 1);
    EXPECT_EQ(get(reference).status(), 200) << reference;
    ++references;
  }
  EXPECT_GT(references, 10U);
}

TEST_F(OperationsTest, AFileThatIsNotThereIs404) {
  EXPECT_EQ(get("/ui/passwd").status(), 404);
  EXPECT_EQ(get("/ui/../ui/app.js").status(), 400);
}

}  // namespace
}  // namespace pacs::web
