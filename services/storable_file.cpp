#include "services/storable_file.h"

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_set_codec.h"
#include "encoding/dicom_file.h"
#include "services/data_source.h"

namespace pacs::services {

namespace {

bool has_prefix(ByteView file) {
  return file.size() >= kPreambleBytes + 4 && as_text(file.subspan(kPreambleBytes, 4)) == "DICM";
}

SharedBytes from_offset(const SharedBytes& file, std::uint64_t offset) {
  return {file.keeper, file.view.subspan(static_cast<std::size_t>(offset))};
}

}  // namespace

Result<StorableFile> inspect_file(const std::filesystem::path& path) {
  Result<SharedBytes> content = map_file(path);
  if (!content) return fail(std::move(content.error()));
  const bool is_part10 = has_prefix(content->view);
  const auto not_dicom = [&] {
    return fail(Error{ErrorKind::Unsupported, "not a DICOM file"}.in(path.string()));
  };
  Result<FileHeader> header = read_file_header(*content);
  if (!header) {
    if (!is_part10) return not_dicom();
    return fail(std::move(header.error()).in(path.string()));
  }
  StorableFile file{
      .path = path,
      .sop_class_uid = std::string{header->meta.text(tags::MediaStorageSOPClassUID)},
      .sop_instance_uid = std::string{header->meta.text(tags::MediaStorageSOPInstanceUID)},
      .transfer_syntax_uid = header->transfer_syntax_uid,
      .syntax = header->syntax,
      .data_set_offset = header->data_set_offset,
      .data_set_bytes = content->view.size() - header->data_set_offset};
  if (file.sop_class_uid == uids::MediaStorageDirectoryStorage) {
    return fail(
        Error{ErrorKind::Unsupported, "a DICOMDIR names objects and is none"}.in(path.string()));
  }
  // (0008,0018) SOP Instance UID is among the first elements: nothing behind it is looked at.
  const ReadOptions up_to_identity{.limits = {}, .stop_before = Tag{0x0008, 0x0019}};
  const Result<DataSet> front =
      read_data_set(from_offset(*content, file.data_set_offset), *header->syntax, up_to_identity);
  if (front) {
    if (const auto uid = front->text(tags::SOPClassUID); !uid.empty()) file.sop_class_uid = uid;
    if (const auto uid = front->text(tags::SOPInstanceUID); !uid.empty())
      file.sop_instance_uid = uid;
  }
  if (file.sop_class_uid.empty() || file.sop_instance_uid.empty()) {
    if (!is_part10) return not_dicom();
    if (!front) return fail(Error{front.error()}.in(path.string()));
    return fail(Error{ErrorKind::Unsupported, "names no SOP class and instance"}.in(path.string()));
  }
  return file;
}

bool is_convertible(std::string_view from, std::string_view to) {
  if (from == to) return true;
  const TransferSyntax* source = find_transfer_syntax(from);
  const TransferSyntax* target = find_transfer_syntax(to);
  return source != nullptr && target != nullptr && !source->encapsulated && !target->encapsulated;
}

namespace {

Result<SharedBytes> converted(SharedBytes data_set, const TransferSyntax& from,
                              const TransferSyntax& to) {
  Result<DataSet> read = read_data_set(std::move(data_set), from);
  if (!read) return fail(std::move(read.error()));
  Result<Bytes> written = write_data_set(*read, to);
  if (!written) return fail(std::move(written.error()));
  return share(std::move(*written));
}

}  // namespace

Result<SharedBytes> convert_data_set(SharedBytes data_set, std::string_view from,
                                     std::string_view to) {
  if (from == to) return data_set;
  if (!is_convertible(from, to)) {
    return fail(ErrorKind::Unsupported, "cannot be converted to the peer's transfer syntax");
  }
  return converted(std::move(data_set), *find_transfer_syntax(from), *find_transfer_syntax(to));
}

bool is_convertible(const StorableFile& file, std::string_view to) {
  if (to == file.transfer_syntax_uid) return true;
  const TransferSyntax* target = find_transfer_syntax(to);
  return target != nullptr && !target->encapsulated && !file.syntax->encapsulated;
}

Result<SharedBytes> data_set_of(const StorableFile& file, std::string_view as) {
  Result<SharedBytes> content = map_file(file.path);
  if (!content) return fail(std::move(content.error()));
  const auto wrong = [&](ErrorKind kind, std::string message) {
    return fail(Error{kind, std::move(message)}.in(file.path.string()));
  };
  if (content->view.size() < file.data_set_offset) {
    return wrong(ErrorKind::Truncated, "the file became shorter");
  }
  SharedBytes stored = from_offset(*content, file.data_set_offset);
  const TransferSyntax* target = find_transfer_syntax(as);
  // One that the registry does not know (a private one) is sent as it lies there.
  if (as == file.syntax->uid || (target == nullptr && as == file.transfer_syntax_uid))
    return stored;
  if (target == nullptr || !is_convertible(file, as)) {
    return wrong(ErrorKind::Unsupported, "cannot be converted to the peer's transfer syntax");
  }
  if (stored.view.size() > kConvertBytesMax) {
    return wrong(ErrorKind::LimitExceeded, "too long to be converted in memory");
  }
  Result<SharedBytes> data_set = converted(std::move(stored), *file.syntax, *target);
  if (!data_set) return fail(std::move(data_set.error()).in(file.path.string()));
  return data_set;
}

Result<network::DataSource> open_data_set(const StorableFile& file, std::string_view as) {
  Result<SharedBytes> bytes = data_set_of(file, as);
  if (!bytes) return fail(std::move(bytes.error()));
  const TransferSyntax* syntax = find_transfer_syntax(as);
  const bool odd_deflated = syntax != nullptr && syntax->deflated && bytes->view.size() % 2 != 0;
  return odd_deflated ? padded_data_source(std::move(*bytes)) : data_source(std::move(*bytes));
}

}  // namespace pacs::services
