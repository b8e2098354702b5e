#include "services/store/object_front.h"

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"

namespace pacs::services {
namespace {

SharedBytes from_offset(const SharedBytes& file, std::uint64_t offset) {
  return {file.keeper, file.view.subspan(static_cast<std::size_t>(offset))};
}

}  // namespace

bool has_part10_prefix(ByteView file) {
  return file.size() >= kPreambleBytes + 4 && as_text(file.subspan(kPreambleBytes, 4)) == "DICM";
}

Result<ObjectFront> read_object_front(const SharedBytes& front) {
  PACS_TRY(const FileHeader header, read_file_header(front));
  ObjectFront object{
      .sop_class_uid = std::string{header.meta.text(tags::MediaStorageSOPClassUID)},
      .sop_instance_uid = std::string{header.meta.text(tags::MediaStorageSOPInstanceUID)},
      .transfer_syntax_uid = header.transfer_syntax_uid,
      .data_set_offset = header.data_set_offset};
  object.is_directory = object.sop_class_uid == uids::MediaStorageDirectoryStorage;
  // (0008,0018) SOP Instance UID is among the first elements: nothing behind it is looked at.
  const auto identity = read_data_set(from_offset(front, object.data_set_offset), *header.syntax,
                                      {.limits = {}, .stop_before = Tag{0x0008, 0x0019}});
  if (!identity) {
    object.identity_error = identity.error();
    return object;
  }
  if (const auto uid = identity->text(tags::SOPClassUID); !uid.empty()) object.sop_class_uid = uid;
  if (const auto uid = identity->text(tags::SOPInstanceUID); !uid.empty())
    object.sop_instance_uid = uid;
  return object;
}

}  // namespace pacs::services
