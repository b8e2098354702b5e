#include "web/dicomweb/retrieve/object_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/uids.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/pixels/transcoder.h"
#include "encoding/transfer_syntax.h"
#include "storage/stored_data_set.h"

namespace pacs::web {
namespace {

/// What the archive keeps: a preamble of zeros and a meta group of its own before the data set as
/// it was received (PS3.10 §7.1).
ByteSource file_source(storage::Archive& archive, const storage::InstanceRecord& record,
                       std::uint64_t offset, std::uint64_t length) {
  return [&archive, record, at = offset,
          end = offset + length](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const auto room = std::min<std::uint64_t>(into.size(), end - at);
    if (room == 0) return std::size_t{0};
    PACS_TRY(const std::size_t got,
             archive.read_object(record, at, into.first(static_cast<std::size_t>(room))));
    at += got;
    if (got > 0) return got;
    return fail(Error{ErrorKind::Corrupt, "the stored object is shorter than the index says"}.in(
        record.sop_instance_uid));
  };
}

TranscodeOptions transcode_options(const ObjectGiver& giver,
                                   const storage::InstanceRecord& record) {
  TranscodeOptions options;
  options.departed = [giver, record, told = Departures{}](Departures met) mutable {
    met = met.without(told);
    told.add(met);
    if (!met.empty()) giver.setup.archive.pixels_depart(record, met, giver.trace_id);
  };
  options.memory = [setup = giver.setup](std::uint64_t bytes) {
    return setup.frame_memory.hold_within(bytes, setup.memory_wait);
  };
  return options;
}

bool is_never_sent(std::string_view syntax) {
  return syntax == uids::ImplicitVRLittleEndian || syntax == uids::ExplicitVRBigEndian;
}

}  // namespace

std::optional<std::string_view> given_syntax(std::string_view stored, std::string_view wanted) {
  const std::string_view plain = uids::ExplicitVRLittleEndian;
  const TransferSyntax* known = find_transfer_syntax(stored);
  if (known != nullptr) stored = known->uid;  // which stays
  if (wanted == "*") return is_never_sent(stored) ? plain : stored;
  if (wanted.empty()) return can_transcode(stored, plain) ? plain : stored;
  const TransferSyntax* asked = find_transfer_syntax(wanted);
  if (asked == nullptr || wanted == uids::ExplicitVRBigEndian) return std::nullopt;
  return can_transcode(stored, wanted) ? std::optional(asked->uid) : std::nullopt;
}

Result<Content> object_content(const ObjectGiver& giver, const storage::InstanceRecord& record,
                               std::string_view syntax) {
  storage::Archive& archive = giver.setup.archive;
  if (syntax == record.transfer_syntax_uid) {
    return Content{file_source(archive, record, 0, object_bytes(record)), object_bytes(record),
                   [&archive, record](std::uint64_t offset, std::uint64_t length) {
                     return file_source(archive, record, offset, length);
                   }};
  }
  PACS_TRY(Header header, archive.read_header(record.sop_instance_uid));
  PACS_TRY(Pieces data_set,
           transcode(std::move(header), record.transfer_syntax_uid, syntax,
                     storage::stored_data_set(archive, record), transcode_options(giver, record)));
  std::vector<ByteSource> parts;
  parts.push_back(bytes_source(
      share(make_file_meta(record.sop_class_uid, record.sop_instance_uid, syntax, ""))));
  parts.push_back(pieces_source(std::move(data_set)));
  return Content{joined_source(std::move(parts))};
}

}  // namespace pacs::web
