#include "web/api/worklist.h"

#include <gmock/gmock.h>

#include "encoding/model/dicom_json.h"
#include "storage/steps/performed_steps.h"
#include "tests/storage/worklist/worklist_language.h"
#include "tests/web/api/archive_api.h"

namespace pacs::web {
namespace {

using storage::test::order_of;
using storage::test::Texts;
using testing::HasSubstr;
using testing::Not;

std::string json(const DataSet& data_set) {
  std::string text;
  EXPECT_TRUE(write_json(data_set, text));
  return text;
}

class WorklistApiTest : public ArchiveApiTest {
 protected:
  WorklistApiTest() {
    Router router;
    add_worklist(router, *archive);
    serve(std::move(router));
  }
  /// A performed step of the order's.
  static storage::PerformedStep begun(const std::string& uid) {
    DataSet request, step;
    request.set_text(tags::StudyInstanceUID, "1.2.3");
    request.set_text(tags::ScheduledProcedureStepID, "S1");
    step.set_items(tags::ScheduledStepAttributesSequence, {{request}});
    step.set_text(tags::PerformedProcedureStepStatus, "IN PROGRESS");
    storage::PerformedStep performed;
    performed.sop_instance_uid = uid;
    performed.data_set = std::move(step);
    return performed;
  }
  Answer posts(const Texts& of_order, const Texts& of_step) {
    return send("POST", "/api/worklist", json(order_of(of_order, of_step)));
  }
};

TEST_F(WorklistApiTest, AnOrderIsMadeShownReplacedCanceledAndRemoved) {
  const Answer made = posts({}, {});
  EXPECT_EQ(made.status(), 201) << made.body;
  EXPECT_EQ(made.header("Location"), "/api/worklist/1.2.3/S1");
  EXPECT_EQ(made.body,
            R"({"items":[{"study_instance_uid":"1.2.3","scheduled_procedure_step_id":"S1",)"
            R"("status":"SCHEDULED","generated":[]}]})"
            "\n");
  const Answer shown = get("/api/worklist/1.2.3/S1");
  EXPECT_EQ(shown.status(), 200);
  const auto item = read_json(shown.body);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->text(tags::PatientName), "Doe^Jane");
  EXPECT_EQ(send("PUT", "/api/worklist/1.2.3/S1", shown.body).status(), 200) << "put back";
  const Answer replaced =
      send("PUT", "/api/worklist/1.2.3/S1", json(order_of({{tags::PatientName, "New^Name"}}, {})));
  EXPECT_EQ(replaced.status(), 200);
  EXPECT_THAT(get("/api/worklist").body, HasSubstr("New^Name"));
  EXPECT_EQ(send("POST", "/api/worklist/1.2.3/S1/cancel").status(), 204);
  EXPECT_THAT(get("/api/worklist/1.2.3/S1").body, HasSubstr("CANCELED"));
  EXPECT_EQ(send("DELETE", "/api/worklist/1.2.3/S1").status(), 204);
  EXPECT_EQ(get("/api/worklist/1.2.3/S1").status(), 404);
  EXPECT_EQ(send("DELETE", "/api/worklist/1.2.3/S1").status(), 404);
  EXPECT_EQ(send("POST", "/api/worklist/1.2.3/S1/cancel").status(), 404);
}

TEST_F(WorklistApiTest, PutMakesWhatIsNotThere) {
  const Answer made =
      send("PUT", "/api/worklist/1.2.7/X9",
           json(order_of({{tags::StudyInstanceUID, ""}}, {{tags::ScheduledProcedureStepID, ""}})));
  EXPECT_EQ(made.status(), 201) << made.body;
  EXPECT_EQ(get("/api/worklist/1.2.7/X9").status(), 200);
}

TEST_F(WorklistApiTest, MissingIdentifiersAreMadeAndTold) {
  const Answer made = posts({{tags::StudyInstanceUID, ""}}, {{tags::ScheduledProcedureStepID, ""}});
  EXPECT_EQ(made.status(), 201);
  EXPECT_THAT(made.body,
              HasSubstr(R"("generated":["StudyInstanceUID","ScheduledProcedureStepID"])"));
  EXPECT_EQ(get(made.header("Location")).status(), 200);
}

TEST_F(WorklistApiTest, ManyOrdersAreTakenAllOrNone) {
  const std::string first = json(order_of({}, {}));
  const std::string second = json(order_of({}, {{tags::ScheduledProcedureStepID, "S2"}}));
  const std::string bad = json(order_of({{tags::PatientID, ""}}, {}));
  const Answer refused = send("POST", "/api/worklist", "[" + first + "," + bad + "]");
  EXPECT_EQ(refused.status(), 400);
  EXPECT_THAT(refused.body, HasSubstr("order 2: PatientID is missing"));
  EXPECT_THAT(refused.body, HasSubstr("(0010,0020)"));
  EXPECT_EQ(get("/api/worklist").body, "[]\n");
  EXPECT_EQ(send("POST", "/api/worklist", "[" + first + "," + second + "]").status(), 201);
  const Answer again = send("POST", "/api/worklist", second);
  EXPECT_EQ(again.status(), 409);
  EXPECT_THAT(again.body, HasSubstr("S2"));
}

TEST_F(WorklistApiTest, StepIdsWithSlashesHaveAPlaceInPaths) {
  const Answer made = posts({{tags::SpecificCharacterSet, "ISO_IR 192"}},
                            {{tags::ScheduledProcedureStepID, "A/1~ ä"}});
  EXPECT_EQ(made.header("Location"), "/api/worklist/1.2.3/A~11~0%20%C3%A4");
  EXPECT_EQ(get(made.header("Location")).status(), 200);
}

TEST_F(WorklistApiTest, StepIdsThatAreDotsHaveAPlaceInPaths) {
  for (const std::string id : {".", ".."}) {
    const Answer made = posts({}, {{tags::ScheduledProcedureStepID, id}});
    EXPECT_EQ(made.status(), 201) << made.body;
    EXPECT_EQ(made.header("Location"), "/api/worklist/1.2.3/~2" + id.substr(1));
    const Answer plain = get("/api/worklist/1.2.3/" + id);
    EXPECT_EQ(plain.status(), 400);
    EXPECT_THAT(plain.body, HasSubstr("write an identifier . as ~2 and .. as ~2."));
    EXPECT_EQ(get("/api/worklist/1.2.3/%2E" + id.substr(1)).status(), 400);
    EXPECT_EQ(get(made.header("Location")).status(), 200);
    EXPECT_EQ(send("DELETE", made.header("Location")).status(), 204);
  }
}

TEST_F(WorklistApiTest, WhatIsToldIsTheStatusOfTheStepNotOfTheRequest) {
  EXPECT_TRUE(archive->performed_steps().create(begun("1.9")));
  EXPECT_THAT(posts({}, {}).body, HasSubstr(R"("status":"STARTED")")) << "it came after its step";
  for (const char* said : {"SCHEDULED", "CANCELED", "DEPARTED", "COMPLETED"}) {
    const Answer put = send("PUT", "/api/worklist/1.2.3/S1",
                            json(order_of({{tags::PatientName, "New^Name"}},
                                          {{tags::ScheduledProcedureStepStatus, said}})));
    EXPECT_EQ(put.status(), 200) << put.body;
    EXPECT_THAT(put.body, HasSubstr(R"("status":"STARTED")")) << said;
  }
  const std::string shown = get("/api/worklist/1.2.3/S1").body;
  EXPECT_THAT(shown, HasSubstr("New^Name")) << "the rest of the order is applied";
  EXPECT_THAT(shown, HasSubstr("STARTED"));
}

TEST_F(WorklistApiTest, ValuesWhereOneIsMeantAreProblemsThatNameTheAttribute) {
  const Answer name = posts({{tags::PatientName, "Doe^Jane\\Roe"}}, {});
  EXPECT_EQ(name.status(), 400);
  EXPECT_THAT(name.body, HasSubstr("PatientName has more than one value"));
  const Answer modality = posts({}, {{tags::Modality, "CT\\MR"}});
  EXPECT_EQ(modality.status(), 400);
  EXPECT_THAT(modality.body, HasSubstr("Modality has more than one value"));
}

TEST_F(WorklistApiTest, BadBodiesAreProblemsThatNameTheAttribute) {
  EXPECT_EQ(send("POST", "/api/worklist", "").status(), 400);
  EXPECT_EQ(send("POST", "/api/worklist", "[]").status(), 400);
  EXPECT_EQ(send("POST", "/api/worklist", "[1,2]").status(), 400);
  EXPECT_EQ(send("POST", "/api/worklist", "[").status(), 400);
  EXPECT_EQ(send("POST", "/api/worklist", R"({"00100010":"Doe"})").status(), 400);
  const Answer number = send("POST", "/api/worklist", R"({"00100020":{"vr":"US","Value":[1]}})");
  EXPECT_EQ(number.status(), 400);
  EXPECT_THAT(number.body, HasSubstr("PatientID"));
  EXPECT_EQ(send("PUT", "/api/worklist/1.2.3/OTHER", json(order_of({}, {}))).status(), 409);
  EXPECT_EQ(send("PUT", "/api/worklist/1.2.3/S1", "[]").status(), 400);
  EXPECT_EQ(get("/api/worklist").body, "[]\n") << "nothing is half applied";
}

TEST_F(WorklistApiTest, AListIsFiltered) {
  posts({{tags::PatientID, "P1"}}, {});
  posts({{tags::PatientID, "P2"}, {tags::StudyInstanceUID, "1.2.4"}}, {{tags::Modality, "MR"}});
  send("POST", "/api/worklist/1.2.3/S1/cancel");
  EXPECT_THAT(get("/api/worklist?Modality=MR").body, HasSubstr("P2"));
  EXPECT_THAT(get("/api/worklist?Modality=MR").body, Not(HasSubstr("P1")));
  EXPECT_THAT(get("/api/worklist?status=canceled,COMPLETED").body, HasSubstr("P1"));
  EXPECT_THAT(get("/api/worklist?status=SCHEDULED").body, Not(HasSubstr("P1")));
  EXPECT_EQ(get("/api/worklist?ScheduledProcedureStepStartDate=20300101-").body, "[]\n");
  const Answer wrong = get("/api/worklist?PatientNam=x");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_THAT(wrong.body, HasSubstr("did you mean PatientName"));
  EXPECT_EQ(get("/api/worklist?status=maybe").status(), 400);
  EXPECT_EQ(get("/api/worklist?limit=0").status(), 400);
  EXPECT_EQ(get("/api/worklist?limit=x").status(), 400);
  EXPECT_EQ(get("/api/worklist?ScheduledProcedureStepStartDate=x").status(), 400);
}

TEST_F(WorklistApiTest, AListComesInPages) {
  for (int i = 0; i < 5; ++i) {
    posts({{tags::PatientID, "P" + std::to_string(i)}},
          {{tags::ScheduledProcedureStepID, "S" + std::to_string(i)}});
  }
  const Answer page = get("/api/worklist?limit=2&PatientID=P*");
  EXPECT_EQ(page.header("Link"), "</api/worklist?limit=2&PatientID=P%2A&offset=2>; rel=\"next\"");
  EXPECT_THAT(get("/api/worklist?limit=2&PatientID=P%2A&offset=2").body, HasSubstr("P3"));
  EXPECT_EQ(get("/api/worklist?limit=2&offset=4").header("Link"), "");
}

}  // namespace
}  // namespace pacs::web
