#include "web/dicomweb/search/qido_answer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"

namespace pacs::web {
namespace {

/// Matches that are looked for before they are written.
constexpr std::size_t kPulledAtOnce = 64;
/// Instance Availability (0008,0056) of all that is stored (PS3.3 §C.4.23.1.1).
constexpr std::string_view kInstanceAvailability = "ONLINE";

bool is_empty(const Element& element) {
  return element.form() == Element::Form::Sequence ? element.items().empty()
                                                   : element.value().empty();
}

}  // namespace

SearchAnswer::SearchAnswer(std::unique_ptr<storage::Matches> matches, Search search, Format format)
    : matches_(std::move(matches)), search_(std::move(search)), format_(std::move(format)) {
  if (format_.form == SearchForm::Json) written_ = "[";
  if (search_.limit == 0) finish();
}

Result<> SearchAnswer::write_more() {
  if (ended_) return {};
  const std::uint64_t left = search_.limit - count_;
  PACS_TRY(std::vector<DataSet> some, matches_->next(std::min<std::uint64_t>(left, kPulledAtOnce)));
  for (DataSet& match : some) PACS_TRY(write(std::move(match)));
  if (some.empty() || count_ == search_.limit) finish();
  return {};
}

Result<> SearchAnswer::write(DataSet match) {
  for (const Tag tag : search_.hidden) match.erase(tag);
  for (const Tag tag : search_.if_known) {
    const Element* element = match.find(tag);
    if (element != nullptr && is_empty(*element)) match.erase(tag);
  }
  match.set_text(tags::InstanceAvailability, kInstanceAvailability);
  match.set_text(tags::RetrieveURL, retrieve_url(match));
  ++count_;
  if (format_.form == SearchForm::Json) {
    if (count_ != 1) written_ += ",\n";
    return write_json(match, written_);
  }
  written_ += format_.parts.part_head({{"Content-Type", "application/dicom+xml"}});
  return write_xml(match, written_);
}

/// PS3.18 Tables 10.4.1-1 and 10.6.3-3 to 10.6.3-5.
std::string SearchAnswer::retrieve_url(const DataSet& match) const {
  std::string url =
      fmt::format("{}/studies/{}", format_.service, match.text(tags::StudyInstanceUID));
  const storage::QueryLevel level = search_.query.level;
  if (level >= storage::QueryLevel::Series) {
    url += fmt::format("/series/{}", match.text(tags::SeriesInstanceUID));
  }
  if (level == storage::QueryLevel::Image) {
    url += fmt::format("/instances/{}", match.text(tags::SOPInstanceUID));
  }
  return url;
}

void SearchAnswer::finish() {
  ended_ = true;
  written_ += format_.form == SearchForm::Json ? "]\n" : format_.parts.end();
}

}  // namespace pacs::web
