#include "storage/objects/object_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/dicom_file.h"
#include "storage/disk/checksum.h"

namespace pacs::storage {
namespace {

/// What we write before a data set takes some 400 bytes.
constexpr std::uint64_t kFrontBytesMax = 64 << 10;
constexpr std::size_t kPieceBytes = 1 << 20;

tl::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorKind::Corrupt, std::move(what));
}

/// All elements but these are the same for a given object: the length of the group follows from
/// the others, another release of this program gives another name, and the index keeps no AE title.
bool may_differ(Tag tag) {
  return tag == tags::FileMetaInformationGroupLength || tag == tags::ImplementationVersionName ||
         tag == tags::SourceApplicationEntityTitle;
}

bool same_elements(const DataSet& left, const DataSet& right) {
  return std::ranges::equal(left, right, [](const Element& one, const Element& other) {
    return one.tag() == other.tag() && one.vr() == other.vr() &&
           (may_differ(one.tag()) || std::ranges::equal(one.value(), other.value()));
  });
}

}  // namespace

Result<> check_front(const InstanceRecord& record, ByteView front) {
  const auto found = read_file_header({nullptr, front});
  if (!found) return corrupt("has a damaged meta group: " + found.error().to_string());
  const std::pair<Tag, std::string_view> identity[] = {
      {tags::MediaStorageSOPClassUID, record.sop_class_uid},
      {tags::MediaStorageSOPInstanceUID, record.sop_instance_uid},
      {tags::TransferSyntaxUID, record.transfer_syntax_uid}};
  for (const auto& [tag, uid] : identity) {
    if (found->meta.text(tag) != uid) {
      return corrupt(fmt::format("has a meta group that does not agree with the index in {}",
                                 tag.to_string()));
    }
  }
  const Bytes expected =
      make_file_meta(record.sop_class_uid, record.sop_instance_uid, record.transfer_syntax_uid,
                     found->meta.text(tags::SourceApplicationEntityTitle));
  if (std::ranges::equal(expected, front)) return {};
  // An earlier release wrote it, or it is damaged where nothing of the above looks.
  const auto ours = read_file_header({nullptr, expected});
  const auto again = write_file({*found, DataSet{}});
  const bool whole = ours && again && found->data_set_offset == front.size() &&
                     found->preamble == ours->preamble && found->has_preamble &&
                     same_elements(found->meta, ours->meta) && std::ranges::equal(*again, front);
  if (!whole) return corrupt("has a damaged preamble or meta group");
  return {};
}

Result<> check_object(const InstanceRecord& record, const ObjectReading& read) {
  if (record.data_set_offset > kFrontBytesMax)
    return corrupt("has an impossible offset in the index");
  Bytes buffer(static_cast<std::size_t>(record.data_set_offset));
  const auto front = read(0, buffer);
  if (!front && front.error().kind == ErrorKind::NotFound) {
    return fail(ErrorKind::NotFound, "is missing");
  }
  const auto unreadable = [](const Error& error) {
    return fail(error.kind, "cannot be read: " + error.message);
  };
  if (!front) return unreadable(front.error());
  if (*front < buffer.size()) return corrupt("ends before its data set");
  PACS_TRY(check_front(record, buffer));
  Checksum sum;
  std::uint64_t bytes = 0;
  buffer.resize(std::min<std::uint64_t>(record.data_set_bytes + 1, kPieceBytes));
  for (;;) {
    const auto got = read(record.data_set_offset + bytes, buffer);
    if (!got) return unreadable(got.error());
    if (*got == 0) break;
    sum.update(ByteView(buffer).first(*got));
    bytes += *got;
  }
  if (bytes != record.data_set_bytes) {
    return corrupt(fmt::format("has {} bytes where {} were stored", bytes, record.data_set_bytes));
  }
  if (sum.value() != record.checksum) return corrupt("does not match its checksum");
  return {};
}

}  // namespace pacs::storage
