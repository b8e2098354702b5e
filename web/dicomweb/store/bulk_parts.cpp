#include "web/dicomweb/store/bulk_parts.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"
#include "encoding/transfer_syntax.h"

namespace pacs::web {
namespace {

/// PS3.18 Tables 8.7.3-2 and 8.7.3-5: what a media type is when no transfer syntax is named.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kDefaults{{
    {"image/jpeg", "1.2.840.10008.1.2.4.70"},
    {"image/dicom-rle", "1.2.840.10008.1.2.5"},
    {"image/x-dicom-rle", "1.2.840.10008.1.2.5"},
    {"image/jls", "1.2.840.10008.1.2.4.80"},
    {"image/jp2", "1.2.840.10008.1.2.4.90"},
    {"image/jpx", "1.2.840.10008.1.2.4.92"},
    {"image/jphc", "1.2.840.10008.1.2.4.201"},
    {"image/jxl", "1.2.840.10008.1.2.4.110"},
    {"video/mpeg", "1.2.840.10008.1.2.4.100"},
    {"video/mpeg2", "1.2.840.10008.1.2.4.100"},
    {"video/mp4", "1.2.840.10008.1.2.4.102"},
}};

constexpr std::uint16_t kItemGroup = 0xFFFE, kItem = 0xE000, kDelimiter = 0xE0DD;
constexpr std::size_t kItemHeaderBytes = 8;

Bytes item_header(std::uint16_t element, std::uint32_t length) {
  Bytes header;
  append(header, kItemGroup, ByteOrder::Little);
  append(header, element, ByteOrder::Little);
  append(header, length, ByteOrder::Little);
  return header;
}

/// nullptr for bytes that are no frame of compressed pixel data.
Result<const TransferSyntax*> syntax_of(const std::optional<MediaType>& media) {
  if (!media) return nullptr;
  std::string_view uid = media->parameter("transfer-syntax");
  const auto known =
      std::ranges::find(kDefaults, media->name(), [](const auto& row) { return row.first; });
  if (uid.empty() && known != kDefaults.end()) uid = known->second;
  if (uid.empty()) return nullptr;
  const TransferSyntax* syntax = find_transfer_syntax(uid);
  if (syntax == nullptr || syntax->byte_order == ByteOrder::Big || syntax->deflated) {
    return fail(ErrorKind::Unsupported,
                fmt::format("bulk data does not come in the transfer syntax {}", printable(uid)));
  }
  return syntax->encapsulated ? syntax : nullptr;
}

}  // namespace

Result<> BulkParts::begin(std::string_view location, const std::optional<MediaType>& media) {
  if (location.empty()) {
    return fail(ErrorKind::Malformed, "a part with bulk data has no Content-Location");
  }
  PACS_TRY(const TransferSyntax* syntax, syntax_of(media));
  if (!file_) {
    PACS_TRY(SpoolFile file, SpoolFile::create(folder_));
    file_.emplace(std::move(file));
  }
  const bool next_frame =
      bulk_ != nullptr && syntax != nullptr && location == location_ && bulk_->syntax == syntax;
  if (!next_frame) {
    PACS_TRY(close_bulk());
    PACS_TRY(open_bulk(location, syntax));
  }
  if (syntax != nullptr) PACS_TRY(append(item_header(kItem, 0)));
  part_offset_ = file_->size();
  return {};
}

Result<> BulkParts::open_bulk(std::string_view location, const TransferSyntax* syntax) {
  const auto [place, is_new] = bulks_.try_emplace(std::string(location));
  if (!is_new) {
    return fail(ErrorKind::Malformed, fmt::format("two parts have the Content-Location {}",
                                                  printable(location.substr(0, 200))));
  }
  location_ = location;
  bulk_ = &place->second;
  bulk_->syntax = syntax;
  bulk_->where.offset = file_->size();
  // PS3.5 §A.4: the Basic Offset Table, empty.
  if (syntax != nullptr) return append(item_header(kItem, 0));
  return {};
}

Result<> BulkParts::append(ByteView bytes) {
  if (bytes.size() > bytes_max_ - file_->size()) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("bulk data takes more than bulk_bytes_max ({} bytes)", bytes_max_));
  }
  return file_->append(bytes);
}

Result<> BulkParts::end() {
  std::uint64_t length = file_->size() - part_offset_;
  if (bulk_->syntax == nullptr) return {};
  if (length % 2 != 0) {
    static constexpr std::byte kPadding{0};
    PACS_TRY(append({&kPadding, 1}));
    ++length;
  }
  if (length >= 0xFFFFFFFF) return fail(ErrorKind::LimitExceeded, "a frame takes more than 4 GiB");
  return file_->put(part_offset_ - kItemHeaderBytes,
                    item_header(kItem, static_cast<std::uint32_t>(length)));
}

Result<> BulkParts::close_bulk() {
  Bulk* const bulk = std::exchange(bulk_, nullptr);
  if (bulk == nullptr) return {};
  if (bulk->syntax != nullptr) PACS_TRY(append(item_header(kDelimiter, 0)));
  bulk->where.length = file_->size() - bulk->where.offset;
  return {};
}

const BulkParts::Bulk* BulkParts::find(std::string_view location) const {
  const auto found = bulks_.find(location);
  return found == bulks_.end() ? nullptr : &found->second;
}

Result<> BulkParts::read(std::uint64_t offset, std::span<std::byte> into) const {
  return file_->read(offset, into);
}

}  // namespace pacs::web
