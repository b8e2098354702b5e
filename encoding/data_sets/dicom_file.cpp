#include "encoding/data_sets/dicom_file.h"

#include <algorithm>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_builder.h"
#include "encoding/data_sets/data_set_writer.h"
#include "encoding/implementation.h"

namespace pacs {
namespace {

constexpr std::string_view kPrefix = "DICM";  // PS3.10 §7.1
constexpr std::size_t kMetaOffset = kPreambleBytes + kPrefix.size();
constexpr std::uint16_t kMetaGroup = 0x0002;

/// For transfer syntaxes that the registry does not name: private compressed ones (PS3.5 §9.2.1).
constexpr TransferSyntax kUnknownExplicit{
    "",    "",   "unknown, explicit VR", true, ByteOrder::Little, false, Codec::Unread, true,
    false, false};

std::uint16_t group_at(ByteView bytes, ByteOrder order) {
  return load<std::uint16_t>(bytes.data(), order);
}

std::optional<VR> vr_letters(ByteView element) {
  return parse_vr(static_cast<char>(element[4]), static_cast<char>(element[5]));
}

bool begins_with_meta_group(ByteView bytes) {
  return bytes.size() >= 8 && group_at(bytes, ByteOrder::Little) == kMetaGroup;
}

/// The transfer syntax of a data set, by its first element; nullptr when there is none that fits.
/// Groups are small numbers in the right byte order, and only explicit VR has letters.
const TransferSyntax* look_for_syntax(ByteView data_set) {
  if (data_set.empty()) return &implicit_vr_little_endian();
  if (data_set.size() < 8) return nullptr;
  const bool little = group_at(data_set, ByteOrder::Little) <= group_at(data_set, ByteOrder::Big);
  if (vr_letters(data_set)) {
    return little ? &explicit_vr_little_endian() : find_transfer_syntax("1.2.840.10008.1.2.2");
  }
  return little ? &implicit_vr_little_endian() : nullptr;
}

/// Whether bytes without preamble and meta group are a data set at all: it begins with an element
/// that the dictionary knows.
bool begins_with_known_element(ByteView data_set, const TransferSyntax& syntax) {
  if (data_set.size() < 8) return false;
  const Tag tag{group_at(data_set, syntax.byte_order),
                load<std::uint16_t>(data_set.data() + 2, syntax.byte_order)};
  return tag.group() != 0 && lookup(tag) != nullptr;
}

bool has_prefix_at(ByteView file, std::size_t offset) {
  return file.size() >= offset + kPrefix.size() &&
         as_text(file.subspan(offset, kPrefix.size())) == kPrefix;
}

/// Bytes of preamble and prefix. A value of a file without preamble may say "DICM" at the place of
/// the prefix: what begins as a data set does has one only where the meta group follows it.
std::size_t front_bytes(ByteView file) {
  if (has_prefix_at(file, 0) && begins_with_meta_group(file.subspan(kPrefix.size()))) {
    return kPrefix.size();
  }
  if (!has_prefix_at(file, kPreambleBytes)) return 0;
  if (begins_with_meta_group(file.subspan(kMetaOffset))) return kMetaOffset;
  const TransferSyntax* found = look_for_syntax(file);
  const bool is_bare =
      begins_with_meta_group(file) || (found != nullptr && begins_with_known_element(file, *found));
  return is_bare ? 0 : kMetaOffset;
}

/// Where the data set begins by (0002,0000), if the group says so.
std::optional<std::uint64_t> declared_end(const DataSet& meta, std::uint64_t end_of_first_element) {
  const auto length = meta.integer(tags::FileMetaInformationGroupLength);
  if (!length) return std::nullopt;
  return end_of_first_element + static_cast<std::uint64_t>(*length);
}

/// Reads group 0002 from the front of `rest`. Its end is where another group begins: a wrong group
/// length does no harm, as with DCMTK. Only in front of a deflate stream, whose bytes may look like
/// group 0002, the length decides.
Result<> read_meta_group(SharedBytes front, ByteView& rest, FileHeader& header) {
  // PS3.10 §7.1: "encoded in Explicit VR Little Endian". Some writers use Implicit VR.
  const TransferSyntax& syntax =
      vr_letters(rest) ? explicit_vr_little_endian() : implicit_vr_little_endian();
  TokenScanner scanner{syntax};
  scanner.input_ends();
  header.meta = DataSet{std::move(front)};
  std::uint64_t first_end = 0;
  Token token;
  while (begins_with_meta_group(rest)) {
    const TransferSyntax* named = find_transfer_syntax(header.meta.text(tags::TransferSyntaxUID));
    if (named != nullptr && named->deflated &&
        declared_end(header.meta, first_end) == scanner.offset()) {
      break;
    }
    const auto step = scanner.next(rest, token);
    if (step == TokenScanner::Found::Error) return fail(scanner.error());
    if (step != TokenScanner::Found::Token) return scanner.finish(rest);
    if (token.kind != Token::Kind::Element) {
      return fail(
          Error{ErrorKind::Malformed, "a sequence in the file meta information"}.on(token.tag).at(
              token.offset));
    }
    if (header.meta.empty()) first_end = scanner.offset();
    header.meta.push_back(Element::view(token.tag, token.vr, token.value, token.order));
  }
  return {};
}

Error moved(Error error, std::uint64_t by) {
  if (error.offset) *error.offset += by;
  return error;
}

}  // namespace

Result<FileHeader> read_file_header(SharedBytes front) {
  FileHeader header;
  const ByteView all = front.view;
  const std::size_t meta_offset = front_bytes(all);
  ByteView rest = all.subspan(meta_offset);
  header.has_prefix = meta_offset > 0;
  header.has_preamble = meta_offset == kMetaOffset;
  if (header.has_preamble) std::ranges::copy(all.first(kPreambleBytes), header.preamble.begin());
  if (begins_with_meta_group(rest)) {
    if (Result<> status = read_meta_group(std::move(front), rest, header); !status) {
      return fail(moved(std::move(status.error()), meta_offset));
    }
  }
  header.data_set_offset = all.size() - rest.size();
  if (header.has_preamble && header.meta.empty() && rest.empty()) {
    return fail(Error{ErrorKind::Truncated, "the file ends before its meta information"}.at(
        header.data_set_offset));
  }
  header.transfer_syntax_uid = header.meta.text(tags::TransferSyntaxUID);
  header.syntax = find_transfer_syntax(header.transfer_syntax_uid);
  if (header.syntax != nullptr) return header;

  const TransferSyntax* found = look_for_syntax(rest);
  const bool bare = !header.has_preamble && header.meta.empty();
  if (found == nullptr || (bare && !begins_with_known_element(rest, *found))) {
    return fail(
        Error{ErrorKind::Malformed, bare ? "not a DICOM file: neither preamble nor data element"
                                         : "neither a transfer syntax nor a data set"}
            .at(header.data_set_offset));
  }
  header.syntax = found;
  if (header.transfer_syntax_uid.empty()) {
    header.transfer_syntax_uid = found->uid;
  } else if (found == &explicit_vr_little_endian()) {
    header.syntax = &kUnknownExplicit;
  }
  return header;
}

Result<DicomFile> read_file(SharedBytes content, const ReadOptions& options) {
  PACS_TRY(FileHeader header, read_file_header(content));
  content.view = content.view.subspan(header.data_set_offset);
  auto data_set = read_data_set(std::move(content), *header.syntax, options);
  if (!data_set) {
    return fail(
        moved(std::move(data_set.error()), header.syntax->deflated ? 0 : header.data_set_offset));
  }
  return DicomFile{std::move(header), std::move(*data_set)};
}

Result<DicomFile> read_file(const std::filesystem::path& path, const ReadOptions& options) {
  PACS_TRY(SharedBytes content, map_file(path));
  auto file = read_file(std::move(content), options);
  if (!file) return fail(std::move(file.error()).in(path.string()));
  return file;
}

namespace {

constexpr std::size_t kGroupLengthBytes = 12;  // header and value of (0002,0000)

/// Appends a meta group; the value of its group length, if it has one, becomes what follows it.
Result<> append_meta(const DataSet& meta, Bytes& to) {
  DataSetWriter writer{explicit_vr_little_endian(), {}};
  PACS_TRY(writer.write(meta));
  Bytes& group = writer.bytes();
  if (!meta.empty() && meta.begin()->tag() == tags::FileMetaInformationGroupLength &&
      meta.begin()->value().size() == sizeof(std::uint32_t)) {
    const auto length = static_cast<std::uint32_t>(group.size() - kGroupLengthBytes);
    store(group.data() + kGroupLengthBytes - sizeof length, length, ByteOrder::Little);
  }
  append(to, group);
  return {};
}

}  // namespace

Bytes make_file_meta(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                     std::string_view transfer_syntax_uid, std::string_view source_ae) {
  // PS3.10 Table 7.1-1, in its order.
  DataSet meta;
  meta.set_integer(tags::FileMetaInformationGroupLength, VR::UL, 0);
  meta.set_bytes(tags::FileMetaInformationVersion, VR::OB, {std::byte{0}, std::byte{1}});
  meta.set_text(tags::MediaStorageSOPClassUID, VR::UI, sop_class_uid);
  meta.set_text(tags::MediaStorageSOPInstanceUID, VR::UI, sop_instance_uid);
  meta.set_text(tags::TransferSyntaxUID, VR::UI, transfer_syntax_uid);
  meta.set_text(tags::ImplementationClassUID, VR::UI, kImplementationClassUid);
  meta.set_text(tags::ImplementationVersionName, VR::SH, kImplementationVersionName);
  if (!source_ae.empty()) meta.set_text(tags::SourceApplicationEntityTitle, VR::AE, source_ae);

  Bytes bytes(kMetaOffset);
  std::ranges::copy(as_bytes(kPrefix), bytes.begin() + kPreambleBytes);
  static_cast<void>(append_meta(meta, bytes));  // fails only for values above 4 GiB
  return bytes;
}

Result<Bytes> write_file(const DicomFile& file) {
  Bytes bytes;
  if (file.header.has_preamble) append(bytes, ByteView{file.header.preamble});
  if (file.header.has_prefix) append(bytes, as_bytes(kPrefix));
  PACS_TRY(append_meta(file.header.meta, bytes));
  const TransferSyntax* syntax = file.header.syntax;
  if (syntax == nullptr)
    return fail(ErrorKind::InvalidArgument, "a file to write needs a transfer syntax");
  PACS_TRY(append_data_set(bytes, file.data_set, *syntax));
  return bytes;
}

}  // namespace pacs
