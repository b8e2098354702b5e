#include "web/api/conflicts.h"

#include <gmock/gmock.h>

#include "tests/web/api/archive_api.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class ConflictsApiTest : public ArchiveApiTest {
 protected:
  ConflictsApiTest() {
    Router router;
    add_conflicts(router, archive->conflicts());
    serve(std::move(router));
  }
  /// A study with an instance of P1 and then one of each of these.
  void stores_study(const std::string& study, const std::vector<std::string>& patients) {
    stores(study + ".4.0", study);
    for (std::size_t i = 0; i < patients.size(); ++i) {
      stores(study + ".4." + std::to_string(i + 1), study, patients[i]);
    }
  }
};

TEST_F(ConflictsApiTest, StudiesOfSeveralPatientsAreListedUntilTheyAreDecided) {
  EXPECT_THAT(get("/api/conflicts").body, HasSubstr(R"({"conflicts":[],"next_before":null})"));
  stores_study("1.2.3", {"P2", "P2", "P3"});
  stores_study("1.2.4", {});
  const Answer all = get("/api/conflicts");
  EXPECT_EQ(all.status(), 200);
  EXPECT_THAT(all.body, HasSubstr(R"("study_instance_uid":"1.2.3","instances":4)"));
  EXPECT_THAT(all.body, HasSubstr(R"("filed_under":{"patient_id":"P1")"));
  EXPECT_THAT(all.body, HasSubstr(R"("others":[{"patient_id":"P2")"));
  EXPECT_THAT(all.body, HasSubstr(R"("instances":2,"sop_instance_uid":"1.2.3.4.2")"));
  EXPECT_THAT(all.body, HasSubstr(R"("others_total":2)"));
  EXPECT_THAT(all.body, Not(HasSubstr("1.2.4")));

  EXPECT_EQ(send("DELETE", "/api/conflicts/1.2.3").status(), 204);
  EXPECT_THAT(get("/api/conflicts").body, HasSubstr(R"("conflicts":[])"));
  EXPECT_EQ(send("DELETE", "/api/conflicts/1.2.3").status(), 404);
}

TEST_F(ConflictsApiTest, TheListHasPages) {
  stores_study("1.2.3", {"P2"});
  stores_study("1.2.4", {"P2"});
  const Answer first = get("/api/conflicts?limit=1");
  EXPECT_THAT(first.body, HasSubstr("1.2.4"));
  EXPECT_THAT(first.body, Not(HasSubstr("1.2.3")));
  EXPECT_THAT(first.body, HasSubstr(R"("next_before":2)"));
  const Answer second = get("/api/conflicts?limit=1&before=2");
  EXPECT_THAT(second.body, HasSubstr("1.2.3"));
  EXPECT_THAT(second.body, HasSubstr(R"("next_before":null)"));
}

TEST_F(ConflictsApiTest, WrongParametersAreAnswered400) {
  for (const std::string_view query : {"limit=0", "limit=501", "before=x", "study=1.2.3"}) {
    EXPECT_EQ(get("/api/conflicts?" + std::string{query}).status(), 400) << query;
  }
}

}  // namespace
}  // namespace pacs::web
