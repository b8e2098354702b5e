#include "web/dicomweb/retrieve/retrieve.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/retrieve/retrieve_list.h"
#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/multipart_answer.h"
#include "web/dicomweb/retrieve/object_source.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/dicomweb/retrieve/wado_answer.h"
#include "web/dicomweb/retrieve/zip_answer.h"

namespace pacs::web {
namespace {

constexpr std::string_view kDicomMedia = "application/dicom";
constexpr std::string_view kInstancesHelp =
    "Instances are given as application/dicom or multipart/related; type=\"application/dicom\", "
    "stored or in another transfer syntax that loses nothing, and as application/zip.";

/// In which forms a client takes objects.
struct DicomForm {
  bool multipart = false;  ///< the best of them
  bool zip = false;        ///< better than all of them
  std::vector<std::string> syntaxes;

  [[nodiscard]] std::optional<std::string_view> given(std::string_view stored) const {
    for (const std::string& wanted : syntaxes) {
      if (const auto syntax = given_syntax(stored, wanted)) return syntax;
    }
    return std::nullopt;
  }
};

/// Whether the most specific range for it has q=0 (RFC 9110 §12.4.2).
bool is_refused(const Offer& offer, const std::vector<MediaRange>& ranges) {
  return !choose(ranges, std::span(&offer, 1));
}

Result<DicomForm> wanted_form(const Request& request) {
  PACS_TRY(const std::vector<MediaRange> ranges, wanted_media(request));
  DicomForm form;
  for (const MediaRange& range : ranges) {
    if (range.media.is("application/zip") && form.syntaxes.empty()) form.zip = true;
    const Offer offer{kDicomMedia, range.multipart, range.transfer_syntax_uid};
    if (!matches(range, offer) || is_refused(offer, ranges)) continue;
    if (form.syntaxes.empty()) form.multipart = range.multipart;
    form.syntaxes.push_back(range.transfer_syntax_uid);
  }
  return form;
}

std::string dicom_type(std::string_view syntax) {
  return fmt::format("{}; transfer-syntax={}", kDicomMedia, syntax);
}

Fields part_fields(std::string_view syntax) {
  return {{"Content-Type", dicom_type(syntax)}};
}

/// Whether an object could not be converted for what it is, and can only go as it is stored.
bool is_of_the_object(ErrorKind kind) {
  return kind != ErrorKind::Io && kind != ErrorKind::OutOfResources;
}

/// The objects of an answer, and how each is given.
class GivenObjects {
 public:
  GivenObjects(ObjectGiver giver, services::RetrieveList list, const DicomForm& form)
      : giver_(std::move(giver)), list_(std::move(list)) {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      const std::string_view stored = list_.kind(i).transfer_syntax_uid;
      const auto syntax = form.given(stored);
      if (!syntax) continue;
      all_as_stored_ = all_as_stored_ && *syntax == stored;
      given_.push_back({static_cast<std::uint32_t>(i), number_of(*syntax)});
    }
  }

  [[nodiscard]] std::size_t asked() const { return list_.size(); }
  [[nodiscard]] std::size_t given() const { return given_.size(); }
  [[nodiscard]] bool all_as_stored() const { return all_as_stored_; }

  void for_each(const EachPart& each) const {
    for (const Given& one : given_)
      each(part_fields(syntaxes_[one.syntax]), object_bytes(record(one)));
  }

  /// One whose pixels turn out to be damaged goes as it is stored, and its part says so: nothing
  /// better is there of it, and the others go on.
  Result<std::optional<AnswerPart>> next() {
    if (at_ == given_.size()) return std::optional<AnswerPart>{};
    const Given& one = given_[at_++];
    const storage::InstanceRecord object = record(one);
    std::string syntax = syntaxes_[one.syntax];
    auto content = object_content(giver_, object, syntax);
    if (!content && is_of_the_object(content.error().kind)) {
      syntax = object.transfer_syntax_uid;
      content = object_content(giver_, object, syntax);
    }
    if (!content) return fail(content.error());
    return std::optional(AnswerPart{part_fields(syntax), std::move(content->source)});
  }

 private:
  struct Given {
    std::uint32_t number;  ///< in the list
    std::uint32_t syntax;  ///< in syntaxes_
  };
  std::uint32_t number_of(std::string_view syntax) {
    auto known = std::ranges::find(syntaxes_, syntax);
    if (known == syntaxes_.end()) known = syntaxes_.emplace(known, syntax);
    return static_cast<std::uint32_t>(known - syntaxes_.begin());
  }
  [[nodiscard]] storage::InstanceRecord record(const Given& one) const {
    return list_.record(one.number);
  }

  const ObjectGiver giver_;
  const services::RetrieveList list_;
  std::vector<std::string> syntaxes_;
  std::vector<Given> given_;
  bool all_as_stored_ = true;
  std::size_t at_ = 0;
};

Result<Response> one_file(const ImageSetup& setup, const storage::InstanceRecord& record,
                          std::string_view syntax, const Request& request) {
  const Validators validators =
      validators_of(record, strong_etag(fmt::format("{:x}-{}", record.checksum, syntax)));
  if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
  PACS_TRY(Content content, object_content({setup, request.trace_id}, record, syntax));
  PACS_TRY(Response response,
           ranged_answer({dicom_type(syntax), std::move(content), validators}, request));
  response.set_costly(syntax != record.transfer_syntax_uid);
  response.headers.emplace_back(
      "Content-Disposition",
      fmt::format("attachment; filename=\"{}.dcm\"", record.sop_instance_uid));
  return response;
}

Result<Response> objects(const ImageSetup& setup, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const DicomForm form, wanted_form(request));
  if (form.zip) return zip_answer({setup, request.trace_id}, address);
  PACS_TRY(services::RetrieveList list,
           services::list_selection(setup.archive, address.selection()));
  if (list.size() == 0) return nothing_at(address);
  const auto given =
      std::make_shared<GivenObjects>(ObjectGiver{setup, request.trace_id}, std::move(list), form);
  if (given->given() == 0) return not_acceptable(kInstancesHelp);
  ForEachPart lengths;
  if (given->all_as_stored()) lengths = [given](const EachPart& each) { given->for_each(each); };
  PACS_TRY(Response response, multipart_answer(
                                  kDicomMedia, [given] { return given->next(); }, lengths));
  response.set_costly(!given->all_as_stored());
  // PS3.18 §10.4.3: not all of them are there in a form that is accepted.
  if (given->given() < given->asked()) response.status = 206;
  return response;
}

Result<Response> instance(const ImageSetup& setup, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const DicomForm form, wanted_form(request));
  if (form.multipart || form.zip) return objects(setup, request);
  PACS_TRY(const storage::InstanceRecord record, find_addressed(setup.archive, address));
  const auto syntax = form.given(record.transfer_syntax_uid);
  if (!syntax) return not_acceptable(kInstancesHelp);
  return one_file(setup, record, *syntax, request);
}

}  // namespace

void add_retrieve(Resources& resources, const ImageSetup& setup) {
  const auto many = [setup](const Request& request) { return objects(setup, request); };
  const std::vector<std::string_view> gives{"multipart/related; type=\"application/dicom\"",
                                            "application/zip"};
  resources.add({"GET", "/studies/{study}", "RetrieveStudy", gives}, Role::Viewer, answering(many));
  resources.add({"GET", "/studies/{study}/series/{series}", "RetrieveSeries", gives}, Role::Viewer,
                answering(many));
  resources.add(
      {"GET",
       "/studies/{study}/series/{series}/instances/{instance}",
       "RetrieveInstance",
       {"application/dicom", "multipart/related; type=\"application/dicom\"", "application/zip"}},
      Role::Viewer,
      answering([setup](const Request& request) { return instance(setup, request); }));
}

}  // namespace pacs::web
