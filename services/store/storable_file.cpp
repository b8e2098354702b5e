#include "services/store/storable_file.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/pixels/transcoder.h"

namespace pacs::services {

namespace {

constexpr std::uint64_t kFrontBytes = 64U << 10;   // meta group and identity of nearly every object
constexpr std::uint64_t kMetaBytesMax = 1U << 20;  // what read_file_header needs at most

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

bool can_go_unchanged(std::string_view transfer_syntax_uid, std::uint64_t data_set_bytes) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  return data_set_bytes % 2 == 0 || syntax == nullptr || syntax->deflated;
}

namespace {

/// Fills a span with the file's data set from an offset on.
ReadStored reads(std::shared_ptr<const FileReader> reader, std::uint64_t data_set_offset) {
  return [reader = std::move(reader), data_set_offset](std::uint64_t offset,
                                                       std::span<std::byte> into) -> Result<> {
    PACS_TRY(const std::size_t got, reader->read(into, data_set_offset + offset));
    if (got == into.size()) return {};
    return fail(Error{ErrorKind::Truncated, "the file became shorter"}.in(reader->path().string()));
  };
}

Result<Header> header_of(const StorableFile& file, const Pieces& pieces) {
  const TransferSyntax* syntax = find_transfer_syntax(file.transfer_syntax_uid);
  if (syntax == nullptr) return fail(ErrorKind::Unsupported, "its transfer syntax is not known");
  HeaderReader reader{*syntax, limits_of_stored()};
  for (;;) {
    PACS_TRY(const ByteView piece, pieces());
    if (piece.empty()) return reader.finish(DataSetEnd::MaybeCut);
    PACS_TRY(reader.feed(piece));
  }
}

Result<Pieces> transcoded(const StorableFile& file, std::string_view as) {
  PACS_TRY(FileReader reader, FileReader::open(file.path));
  PACS_TRY(const Pieces pieces, stored_pieces(file));
  PACS_TRY(Header header, header_of(file, pieces));
  return transcode(
      std::move(header), file.transfer_syntax_uid, as,
      reads(std::make_shared<const FileReader>(std::move(reader)), file.data_set_offset));
}

/// PS3.5 §A.5: a deflated data set of odd length gets a NULL byte.
Pieces padded(Pieces pieces, bool is_odd) {
  return [pieces = std::move(pieces), is_odd]() mutable -> Result<ByteView> {
    static constexpr std::byte kPadding{0};
    PACS_TRY(const ByteView piece, pieces());
    if (!piece.empty() || !std::exchange(is_odd, false)) return piece;
    return ByteView{&kPadding, 1};
  };
}

}  // namespace

Result<Pieces> stored_pieces(const StorableFile& file) {
  PACS_TRY(FileReader reader, FileReader::open(file.path));
  return bulk_pieces(
      reads(std::make_shared<const FileReader>(std::move(reader)), file.data_set_offset),
      {0, file.data_set_bytes}, 1);
}

Result<Pieces> sent_pieces(const StorableFile& file, std::string_view as) {
  if (as == file.transfer_syntax_uid && can_go_unchanged(as, file.data_set_bytes)) {
    PACS_TRY(Pieces pieces, stored_pieces(file));
    return padded(std::move(pieces), file.data_set_bytes % 2 != 0);
  }
  Result<Pieces> pieces = transcoded(file, as);
  if (!pieces) return fail(std::move(pieces.error()).in(file.path.string()));
  return pieces;
}

network::DataSource data_set_when_sent(const StorableFile& file, std::string as) {
  return {[&file, as = std::move(as), pieces = Pieces{}]() mutable -> Result<ByteView> {
    if (!pieces) {
      PACS_TRY(pieces, sent_pieces(file, as));
    }
    return pieces();
  }};
}

}  // namespace pacs::services
