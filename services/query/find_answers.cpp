#include "services/query/find_answers.h"

#include "core/dicom_tags.h"
#include "encoding/data_set_codec.h"

namespace pacs::services {

FindAnswers::FindAnswers(const Common& common, const TransferSyntax& syntax)
    : character_set_(common.character_set),
      wants_utf8_(common.character_set.defined_terms() == std::vector<std::string>{"ISO_IR 192"}),
      syntax_(syntax) {
  // PS3.4 §C.4.1.1.3.2: Query/Retrieve Level and Retrieve AE Title are in every answer, whether
  // they were asked for or not; Instance Availability may be.
  if (!common.level.empty()) common_.set_text(tags::QueryRetrieveLevel, common.level);
  if (common.retrieve_ae.empty()) return;
  common_.set_text(tags::RetrieveAETitle, common.retrieve_ae);
  common_.set_text(tags::InstanceAvailability, kInstanceAvailability);
}

Result<> FindAnswers::add(DataSet match) {
  // Text that is not ASCII is labelled; without the label there is nothing to convert.
  if (!wants_utf8_ && match.contains(tags::SpecificCharacterSet)) {
    match = in_character_set(match, character_set_);
  }
  match.reserve(match.size() + common_.size());
  // Their bytes live as long as common_, and the answer only until it is written.
  for (const Element& element : common_) match.set(element);
  if (Result<> written = append_data_set(bytes_, match, syntax_); !written) return written;
  ends_.push_back(bytes_.size());
  return {};
}

void FindAnswers::clear() {
  bytes_.clear();
  ends_.clear();
}

std::vector<ByteView> FindAnswers::encoded() const {
  std::vector<ByteView> views;
  views.reserve(ends_.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    views.push_back(ByteView{bytes_}.subspan(begin, end - begin));
    begin = end;
  }
  return views;
}

}  // namespace pacs::services
