#include "services/store/storable_file.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"
#include "services/dispatch/service.h"

namespace pacs::services {

namespace {

constexpr std::uint64_t kFrontBytes = 64U << 10;   // meta group and identity of nearly every object
constexpr std::uint64_t kMetaBytesMax = 1U << 20;  // what read_file_header needs at most
constexpr std::uint64_t kFilePieceBytes = 256U << 10;  // read at once when an object is sent

bool has_prefix(ByteView file) {
  return file.size() >= kPreambleBytes + 4 && as_text(file.subspan(kPreambleBytes, 4)) == "DICM";
}

SharedBytes from_offset(const SharedBytes& file, std::uint64_t offset) {
  return {file.keeper, file.view.subspan(static_cast<std::size_t>(offset))};
}

}  // namespace

Result<StorableFile> inspect_file(const std::filesystem::path& path) {
  PACS_TRY(const FileReader reader, FileReader::open(path));
  Result<SharedBytes> content = reader.read(0, kFrontBytes);
  if (!content) return fail(std::move(content.error()));
  const bool is_part10 = has_prefix(content->view);
  const auto not_dicom = [&] {
    return fail(Error{ErrorKind::Unsupported, "not a DICOM file"}.in(path.string()));
  };
  Result<FileHeader> header = read_file_header(*content);
  if (!header && is_part10 && content->view.size() < reader.size()) {  // with a long private part
    content = reader.read(0, kMetaBytesMax);
    if (!content) return fail(std::move(content.error()));
    header = read_file_header(*content);
  }
  if (!header) {
    if (!is_part10) return not_dicom();
    return fail(std::move(header.error()).in(path.string()));
  }
  StorableFile file{
      .path = path,
      .sop_class_uid = std::string{header->meta.text(tags::MediaStorageSOPClassUID)},
      .sop_instance_uid = std::string{header->meta.text(tags::MediaStorageSOPInstanceUID)},
      .transfer_syntax_uid = header->transfer_syntax_uid,
      .data_set_offset = header->data_set_offset,
      .data_set_bytes = reader.size() - header->data_set_offset};
  if (file.sop_class_uid == uids::MediaStorageDirectoryStorage) {
    return fail(Error{ErrorKind::Unsupported, "a DICOMDIR lists objects and is not one itself"}.in(
        path.string()));
  }
  // (0008,0018) SOP Instance UID is among the first elements: nothing behind it is looked at.
  const ReadOptions up_to_identity{.limits = {}, .stop_before = Tag{0x0008, 0x0019}};
  const auto read_identity = [&](const SharedBytes& bytes) {
    return read_data_set(from_offset(bytes, file.data_set_offset), *header->syntax, up_to_identity);
  };
  Result<DataSet> front = read_identity(*content);
  if (!front && content->view.size() < reader.size()) {  // deflated, or with a long first value
    content = map_file(path);
    if (!content) return fail(std::move(content.error()));
    front = read_identity(*content);
  }
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
  return from == to || (is_uncompressed(from) && is_uncompressed(to));
}

bool can_go_unchanged(std::string_view transfer_syntax_uid, std::uint64_t data_set_bytes) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  return data_set_bytes % 2 == 0 || syntax == nullptr || syntax->deflated;
}

namespace {

Result<SharedBytes> converted(SharedBytes data_set, const TransferSyntax& from,
                              const TransferSyntax& to, DataSetEnd end) {
  PACS_TRY(const DataSet read,
           read_data_set(std::move(data_set), from, {.limits = limits_of_stored(), .end = end}));
  PACS_TRY(Bytes written, write_data_set(read, to, {.conforming = true, .even_lengths = true}));
  return share(std::move(written));
}

}  // namespace

Result<SharedBytes> convert_data_set(SharedBytes data_set, std::string_view from,
                                     std::string_view to) {
  if (!is_convertible(from, to) || find_transfer_syntax(from) == nullptr) {
    return fail(ErrorKind::Unsupported, "cannot be converted to the peer's transfer syntax");
  }
  return converted(std::move(data_set), *find_transfer_syntax(from), *find_transfer_syntax(to),
                   DataSetEnd::Certain);
}

bool is_convertible(const StorableFile& file, std::string_view to) {
  return is_convertible(file.transfer_syntax_uid, to);
}

namespace {

Error wrong(const StorableFile& file, ErrorKind kind, std::string message) {
  return Error{kind, std::move(message)}.in(file.path.string());
}

bool goes_unchanged(const StorableFile& file, std::string_view as) {
  return as == file.transfer_syntax_uid && can_go_unchanged(as, file.data_set_bytes);
}

}  // namespace

Result<SharedBytes> data_set_of(const StorableFile& file, std::string_view as) {
  PACS_TRY(FileReader reader, FileReader::open(file.path));
  const bool unchanged = goes_unchanged(file, as);
  const TransferSyntax* target = find_transfer_syntax(as);
  if (!unchanged && (target == nullptr || !is_convertible(file, as))) {
    return fail(
        wrong(file, ErrorKind::Unsupported, "cannot be converted to the peer's transfer syntax"));
  }
  if (file.data_set_bytes > kConvertBytesMax) {
    return fail(wrong(file, ErrorKind::LimitExceeded, "too long to be converted in memory"));
  }
  PACS_TRY(SharedBytes stored, reader.read(file.data_set_offset, file.data_set_bytes));
  if (stored.view.size() < file.data_set_bytes) {
    return fail(wrong(file, ErrorKind::Truncated, "the file became shorter"));
  }
  if (unchanged) return stored;
  Result<SharedBytes> data_set =
      converted(std::move(stored), *find_transfer_syntax(file.transfer_syntax_uid), *target,
                DataSetEnd::MaybeCut);
  if (!data_set) return fail(std::move(data_set.error()).in(file.path.string()));
  return data_set;
}

Result<DataSetPieces> DataSetPieces::open(const StorableFile& file, std::string_view as) {
  DataSetPieces pieces;
  if (!goes_unchanged(file, as)) {
    PACS_TRY(pieces.converted_, data_set_of(file, as));
    pieces.size_ = pieces.converted_.view.size();
    return pieces;
  }
  PACS_TRY(FileReader reader, FileReader::open(file.path));
  pieces.file_.emplace(std::move(reader));
  pieces.begin_ = file.data_set_offset;
  pieces.size_ = file.data_set_bytes;
  pieces.buffer_.resize(static_cast<std::size_t>(std::min(kFilePieceBytes, pieces.size_)));
  return pieces;
}

Result<ByteView> DataSetPieces::next() {
  const auto bytes = static_cast<std::size_t>(std::min(kFilePieceBytes, size_ - given_));
  const std::uint64_t offset = given_;
  given_ += bytes;
  if (!file_) return converted_.view.subspan(static_cast<std::size_t>(offset), bytes);
  const auto piece = std::span{buffer_}.first(bytes);
  PACS_TRY(const std::size_t got, file_->read(piece, begin_ + offset));
  if (got < bytes) {
    return fail(Error{ErrorKind::Truncated, "the file became shorter"}.in(file_->path().string()));
  }
  return piece;
}

Result<network::DataSource> open_data_set(const StorableFile& file, std::string_view as) {
  PACS_TRY(DataSetPieces opened, DataSetPieces::open(file, as));
  const TransferSyntax* syntax = find_transfer_syntax(as);
  const bool odd_deflated = syntax != nullptr && syntax->deflated && opened.size() % 2 != 0;
  const auto pieces = std::make_shared<DataSetPieces>(std::move(opened));
  return network::DataSource{[pieces, pad = odd_deflated]() mutable -> Result<ByteView> {
    Result<ByteView> piece = pieces->next();
    if (!piece || !piece->empty() || !std::exchange(pad, false)) return piece;
    static constexpr std::byte kPadding{0};
    return ByteView{&kPadding, 1};
  }};
}

network::DataSource data_set_when_sent(const StorableFile& file, std::string as) {
  std::optional<network::DataSource> opened;
  return {[&file, as = std::move(as), opened]() mutable -> Result<ByteView> {
    if (!opened) {
      PACS_TRY(opened, open_data_set(file, as));
    }
    return opened->now();
  }};
}

}  // namespace pacs::services
