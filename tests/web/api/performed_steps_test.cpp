#include "web/api/performed_steps.h"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/dicom_tags.h"
#include "storage/steps/performed_steps.h"
#include "tests/web/api/archive_api.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class PerformedStepsApiTest : public ArchiveApiTest {
 protected:
  PerformedStepsApiTest() {
    Router router;
    add_performed_steps(router, *archive);
    serve(std::move(router));
  }
  json::value parsed(std::string_view path, int status = 200) {
    const Answer answer = get(path);
    EXPECT_EQ(answer.status(), status) << answer.body;
    return json::parse(answer.body);
  }
  /// A step of the study 1.2.3 that lists these images of the series 1.2.3.4.
  void performs(const std::string& uid, const std::vector<std::string>& images,
                std::string_view status = "COMPLETED") {
    DataSet request, series, step;
    request.set_text(tags::StudyInstanceUID, "1.2.3");
    request.set_text(tags::ScheduledProcedureStepID, "S1");
    series.set_text(tags::SeriesInstanceUID, "1.2.3.4");
    Sequence references;
    for (const std::string& image : images) {
      DataSet reference;
      reference.set_text(tags::ReferencedSOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
      reference.set_text(tags::ReferencedSOPInstanceUID, image);
      references.push_back({std::move(reference)});
    }
    series.set_items(tags::ReferencedImageSequence, std::move(references));
    step.set_text(tags::PerformedProcedureStepStatus, status);
    step.set_text(tags::PatientName, "Jäger");
    step.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    step.set_items(tags::ScheduledStepAttributesSequence, {{request}});
    step.set_items(tags::PerformedSeriesSequence, {{series}});
    const Result<> created =
        archive->performed_steps().create({uid, {}, "SCANNER", "", 0, 0, step});
    ASSERT_TRUE(created) << created.error().to_string();
  }
};

TEST_F(PerformedStepsApiTest, NothingIsAnEmptyList) {
  EXPECT_EQ(parsed("/api/performed-steps"), json::parse(R"({"steps":[],"next_before":null})"));
}

TEST_F(PerformedStepsApiTest, StepsAreListedWithWhatWasStored) {
  stores("1.2.3.4.1");
  performs("9.1", {"1.2.3.4.1"});
  performs("9.2", {"1.2.3.4.2"}, "IN PROGRESS");
  const json::value steps = parsed("/api/performed-steps").at("steps");
  ASSERT_EQ(steps.as_array().size(), 2U);
  const json::value& older = steps.at(1);
  EXPECT_EQ(older.at("sop_instance_uid"), "9.1");
  EXPECT_EQ(older.at("status"), "COMPLETED");
  EXPECT_EQ(older.at("patient_name"), "Jäger");
  EXPECT_EQ(older.at("requests").at(0).at("study_instance_uid"), "1.2.3");
  EXPECT_EQ(older.at("series").at(0).at("stored"), 1);
  EXPECT_EQ(older.at("mismatch"), false);
  EXPECT_THAT(std::string(older.at("created").as_string()), testing::MatchesRegex("20..-.*Z"));
  EXPECT_EQ(steps.at(0).at("not_stored"), 1);
  EXPECT_EQ(steps.at(0).at("mismatch"), true);
}

TEST_F(PerformedStepsApiTest, MismatchesAndFiltersNarrowTheList) {
  stores("1.2.3.4.1");
  performs("9.1", {"1.2.3.4.1"});
  performs("9.2", {"1.2.3.4.2"}, "IN PROGRESS");
  const auto uids = [&](const std::string& query) {
    std::string found;
    const json::value page = parsed("/api/performed-steps?" + query);
    for (const json::value& step : page.at("steps").as_array()) {
      found.append(step.at("sop_instance_uid").as_string()).append(" ");
    }
    return found;
  };
  EXPECT_EQ(uids("mismatch=true"), "9.2 ");
  EXPECT_EQ(uids("mismatch=false"), "9.2 9.1 ");
  EXPECT_EQ(uids("status=in_progress"), "9.2 ");
  EXPECT_EQ(uids("status=COMPLETED"), "9.1 ");
  EXPECT_EQ(uids("study=1.2.3"), "9.2 9.1 ");
  EXPECT_EQ(uids("accession_number=none"), "");
  const json::value first = parsed("/api/performed-steps?limit=1");
  const std::string next = std::to_string(first.at("next_before").as_int64());
  EXPECT_EQ(uids("limit=1&before=" + next), "9.1 ");
}

TEST_F(PerformedStepsApiTest, OneStepIsShownWhole) {
  stores("1.2.3.4.1");
  stores("1.2.3.4.3");
  performs("9.1", {"1.2.3.4.1", "1.2.3.4.2"});
  const json::value step = parsed("/api/performed-steps/9.1");
  EXPECT_EQ(step.at("instances").at("not_stored").at(0).at("sop_instance_uid"), "1.2.3.4.2");
  EXPECT_EQ(step.at("instances").at("not_performed").at(0).at("sop_instance_uid"), "1.2.3.4.3");
  EXPECT_EQ(step.at("instances").at("not_performed").at(0).at("study_instance_uid"), "1.2.3");
  EXPECT_TRUE(step.at("instances").at("stored_elsewhere").as_array().empty());
  EXPECT_EQ(step.at("attributes").at("00400252").at("Value").at(0), "COMPLETED");
  parsed("/api/performed-steps/9.9", 404);
}

TEST_F(PerformedStepsApiTest, WrongParametersAreAnswered400WithWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"status=done", "in_progress, completed or discontinued"},
      {"limit=0", "limit must be a number from 1 to 500"},
      {"limit=501", "limit must be"},
      {"limit=x", "limit must be"},
      {"before=-1", "before must be"},
      {"mismatch=1", "mismatch must be true or false"},
      {"patient=1", "patient is unknown"},
  };
  for (const auto& [query, said] : rows) {
    const Answer answer = get("/api/performed-steps?" + std::string(query));
    EXPECT_EQ(answer.status(), 400) << query;
    EXPECT_THAT(answer.body, HasSubstr(said));
  }
}

}  // namespace
}  // namespace pacs::web
