#include "services/store/storable_file.h"

#include <memory>
#include <utility>

#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/pixels/transcoder.h"
#include "services/store/object_front.h"

namespace pacs::services {

Result<StorableFile> inspect_file(const std::filesystem::path& path) {
  PACS_TRY(const FileReader reader, FileReader::open(path));
  Result<SharedBytes> content = reader.read(0, kFrontBytes);
  if (!content) return fail(std::move(content.error()));
  const bool is_part10 = has_part10_prefix(content->view);
  const auto not_dicom = [&] {
    return fail(Error{ErrorKind::Unsupported, "not a DICOM file"}.in(path.string()));
  };
  Result<ObjectFront> front = read_object_front(*content);
  if (!front && is_part10 && content->view.size() < reader.size()) {  // with a long private part
    content = reader.read(0, kMetaBytesMax);
    if (!content) return fail(std::move(content.error()));
    front = read_object_front(*content);
  }
  if (!front) {
    if (!is_part10) return not_dicom();
    return fail(std::move(front.error()).in(path.string()));
  }
  if (front->is_directory) {
    return fail(Error{ErrorKind::Unsupported, "a DICOMDIR lists objects and is not one itself"}.in(
        path.string()));
  }
  if (front->identity_error && content->view.size() < reader.size()) {
    content = map_file(path);
    if (!content) return fail(std::move(content.error()));
    front = read_object_front(*content);
    if (!front) return fail(std::move(front.error()).in(path.string()));
  }
  if (front->sop_class_uid.empty() || front->sop_instance_uid.empty()) {
    if (!is_part10) return not_dicom();
    if (front->identity_error) return fail(Error{*front->identity_error}.in(path.string()));
    return fail(Error{ErrorKind::Unsupported, "names no SOP class and instance"}.in(path.string()));
  }
  return StorableFile{.path = path,
                      .sop_class_uid = std::move(front->sop_class_uid),
                      .sop_instance_uid = std::move(front->sop_instance_uid),
                      .transfer_syntax_uid = std::move(front->transfer_syntax_uid),
                      .data_set_offset = front->data_set_offset,
                      .data_set_bytes = reader.size() - front->data_set_offset};
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

Result<Pieces> transcoded(const StorableFile& file, std::string_view as,
                          std::function<void(Departures)> departed) {
  PACS_TRY(FileReader reader, FileReader::open(file.path));
  PACS_TRY(const Pieces pieces, stored_pieces(file));
  PACS_TRY(Header header, header_of(file, pieces));
  return transcode(
      std::move(header), file.transfer_syntax_uid, as,
      reads(std::make_shared<const FileReader>(std::move(reader)), file.data_set_offset),
      {.departed = std::move(departed)});
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

Result<Pieces> sent_pieces(const StorableFile& file, std::string_view as,
                           std::function<void(Departures)> departed) {
  if (as == file.transfer_syntax_uid && can_go_unchanged(as, file.data_set_bytes)) {
    PACS_TRY(Pieces pieces, stored_pieces(file));
    return padded(std::move(pieces), file.data_set_bytes % 2 != 0);
  }
  Result<Pieces> pieces = transcoded(file, as, std::move(departed));
  if (!pieces) return fail(std::move(pieces.error()).in(file.path.string()));
  return pieces;
}

network::DataSource data_set_when_sent(const StorableFile& file, std::string as,
                                       std::function<void(Departures)> departed) {
  return {[&file, as = std::move(as), departed = std::move(departed),
           pieces = Pieces{}]() mutable -> Result<ByteView> {
    if (!pieces) {
      PACS_TRY(pieces, sent_pieces(file, as, departed));
    }
    return pieces();
  }};
}

}  // namespace pacs::services
