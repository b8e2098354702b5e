#include "web/api/jobs.h"

#include <gmock/gmock.h>

#include "storage/jobs/job_queue.h"
#include "tests/web/api/archive_api.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class JobsApiTest : public ArchiveApiTest {
 protected:
  JobsApiTest() {
    Router router;
    add_jobs(router, archive->jobs(), [this] { ++woken; });
    serve(std::move(router));
  }
  std::string adds(std::string subject) {
    storage::NewJob job;
    job.kind = "commitment";
    job.subject = std::move(subject);
    job.destination = "CT01";
    job.progress_total = 7;
    return std::to_string(archive->jobs().add(job).value());
  }

  std::atomic<int> woken{0};
};

TEST_F(JobsApiTest, JobsAreListedWithTheirCounts) {
  adds("1.2.3");
  const std::string second = adds("1.2.4");
  const Answer all = get("/api/jobs");
  EXPECT_EQ(all.status(), 200);
  EXPECT_THAT(all.body, HasSubstr(R"("subject":"1.2.3","destination":"CT01","state":"waiting")"));
  EXPECT_THAT(all.body, HasSubstr(R"("progress":{"done":0,"total":7})"));
  EXPECT_THAT(all.body, HasSubstr(R"("waiting":2,"running":0)"));
  EXPECT_THAT(get("/api/jobs?subject=1.2.3").body, Not(HasSubstr("1.2.4")));
  EXPECT_THAT(get("/api/jobs?before=" + second).body, Not(HasSubstr("1.2.4")));
  EXPECT_THAT(get("/api/jobs/" + second).body, HasSubstr(R"("subject":"1.2.4")"));
}

TEST_F(JobsApiTest, WrongParametersAreAnswered400) {
  for (const std::string_view query :
       {"state=asleep", "limit=0", "limit=1001", "limit=ten", "before=-1", "colour=red"}) {
    EXPECT_EQ(get("/api/jobs?" + std::string{query}).status(), 400) << query;
  }
}

TEST_F(JobsApiTest, ABodyThatSaysMoreThanAnybodyHasToSayIsAnswered413) {
  const std::string path = "/api/jobs/" + adds("1.2.3");
  EXPECT_EQ(send("PATCH", path, "[" + std::string(16 << 10, ' ') + "]").status(), 413);
}

TEST_F(JobsApiTest, AJobIsCancelledRetriedAndRemoved) {
  const std::string path = "/api/jobs/" + adds("1.2.3");
  EXPECT_THAT(send("POST", path + "/cancel").body, HasSubstr(R"("state":"cancelled")"));
  EXPECT_EQ(send("POST", path + "/cancel").status(), 409);
  EXPECT_EQ(woken, 0);
  EXPECT_THAT(send("POST", path + "/retry").body, HasSubstr(R"("state":"waiting")"));
  EXPECT_EQ(woken, 1);
  ASSERT_TRUE(
      archive->job_queue().take({.which = {.kinds = {"commitment"}}, .owner = "w"}).value());
  EXPECT_THAT(get(path).body, HasSubstr(R"("owner":"w")"));
  EXPECT_EQ(send("POST", path + "/retry").status(), 409);
  EXPECT_EQ(send("DELETE", path).status(), 409);
  EXPECT_EQ(send("POST", path + "/cancel").status(), 200);
  EXPECT_EQ(send("DELETE", path).status(), 204);
  EXPECT_EQ(send("DELETE", path).status(), 404);
}

TEST_F(JobsApiTest, ADoneJobIsNotTriedAgain) {
  const std::string id = adds("1.2.3"), path = "/api/jobs/" + id;
  const auto taken = archive->job_queue().take({.which = {.kinds = {"commitment"}}, .owner = "w"});
  ASSERT_TRUE(taken && *taken);
  ASSERT_TRUE(archive->job_queue().end({(*taken)->id, "w"}, {}).value());
  const Answer refused = send("POST", path + "/retry");
  EXPECT_EQ(refused.status(), 409);
  EXPECT_THAT(refused.body, HasSubstr("is done"));
  EXPECT_THAT(get(path).body, HasSubstr(R"("state":"done")"));
  EXPECT_EQ(woken, 0);
}

TEST_F(JobsApiTest, ThePriorityIsChangedByANumberInItsRange) {
  const std::string path = "/api/jobs/" + adds("1.2.3");
  EXPECT_THAT(send("PATCH", path, R"({"priority":-3})").body, HasSubstr(R"("priority":-3)"));
  for (const std::string_view body : {"", "[]", "{}", R"({"priority":"3"})", R"({"priority":101})",
                                      R"({"priority":1,"state":"done"})"}) {
    EXPECT_EQ(send("PATCH", path, body).status(), 400) << body;
  }
}

TEST_F(JobsApiTest, WhatIsNotThereIs404AndOtherPagesMayChangeNothing) {
  EXPECT_EQ(get("/api/jobs/17").status(), 404);
  EXPECT_EQ(get("/api/jobs/none").status(), 404);
  EXPECT_EQ(send("POST", "/api/jobs/17/retry").status(), 404);
  const std::string path = "/api/jobs/" + adds("1.2.3");
  EXPECT_EQ(send("POST", path + "/cancel", "{}", "").status(), 415);
  EXPECT_EQ(send("DELETE", path, "", "Origin: http://evil.example\r\n").status(), 403);
}

}  // namespace
}  // namespace pacs::web
