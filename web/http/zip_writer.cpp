#include "web/http/zip_writer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <libdeflate.h>

#include "core/date_time.h"

namespace pacs::web {
namespace {

constexpr std::uint32_t kSize32Max = 0xFFFFFFFF;  // this value itself says: look into zip64
constexpr std::uint16_t kCount16Max = 0xFFFF;
constexpr std::uint16_t kVersion = 20, kVersionZip64 = 45;  // §4.4.3.2
/// Bit 3: checksum and lengths follow the content; bit 11: the name is UTF-8 (§4.4.4).
constexpr std::uint16_t kFlags = 0x0808;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kMadeByUnix = 3 << 8;
constexpr std::uint32_t kPlainFile = 0100644U << 16;
constexpr std::size_t kNamePartBytesMax = 200;  // file systems allow 255
constexpr std::size_t kDirectoryPieceBytes = 64 << 10;

/// Little Endian numbers, one behind the other.
class Record {
 public:
  template <typename... Numbers>
  explicit Record(Numbers... numbers) {
    put(numbers...);
  }
  template <typename... Numbers>
  Record& put(Numbers... numbers) {
    (append(bytes_, numbers, ByteOrder::Little), ...);
    return *this;
  }
  [[nodiscard]] std::string text() const { return std::string(as_text(bytes_)); }

 private:
  Bytes bytes_;
};

bool needs_zip64(std::uint64_t bytes) {
  return bytes >= kSize32Max;
}

std::uint32_t field_of(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, kSize32Max));
}

std::uint16_t version_for(bool zip64) {
  return zip64 ? kVersionZip64 : kVersion;
}

/// MS-DOS date above time (§4.4.6): from 1980 to 2107, in UTC.
std::uint32_t dos_date_time(std::int64_t seconds) {
  constexpr std::int64_t kFirst = 315'532'800, kLast = 4'354'819'198;
  seconds = std::clamp(seconds, kFirst, kLast);
  const Date date = Date::from_days(static_cast<std::int32_t>(seconds / 86'400));
  const auto of_day = static_cast<std::uint32_t>(seconds % 86'400);
  const std::uint32_t day = (static_cast<std::uint32_t>(date.year) - 1980) << 9 |
                            static_cast<std::uint32_t>(date.month) << 5 | date.day;
  const std::uint32_t time = of_day / 3600 << 11 | of_day / 60 % 60 << 5 | of_day % 60 / 2;
  return day << 16 | time;
}

/// §4.3.7 with the extra field of §4.5.3: lengths and checksum are 0, since they follow.
std::string local_header(const ZipEntry& entry) {
  const bool zip64 = needs_zip64(entry.bytes);
  const std::uint32_t length = zip64 ? kSize32Max : 0;
  Record head(std::uint32_t{0x04034B50}, version_for(zip64), kFlags, kStored,
              dos_date_time(entry.modified_s), std::uint32_t{0}, length, length,
              static_cast<std::uint16_t>(entry.name.size()), std::uint16_t(zip64 ? 20 : 0));
  std::string text = head.text() + entry.name;
  if (zip64) {
    text += Record(std::uint16_t{1}, std::uint16_t{16}, std::uint64_t{0}, std::uint64_t{0}).text();
  }
  return text;
}

/// §4.3.9
std::string data_descriptor(std::uint64_t bytes, std::uint32_t crc) {
  Record descriptor(std::uint32_t{0x08074B50}, crc);
  if (needs_zip64(bytes)) {
    descriptor.put(bytes, bytes);
  } else {
    descriptor.put(field_of(bytes), field_of(bytes));
  }
  return descriptor.text();
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\' && c != ':';
}

}  // namespace

std::string zip_name(std::string_view path) {
  std::string name;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string part(path.substr(0, std::min(slash, kNamePartBytesMax)));
    path.remove_prefix(std::min(slash + 1, path.size()));
    std::ranges::replace_if(
        part, [](char c) { return !is_plain(c); }, '_');
    if (part.empty() || part == "." || part == "..") continue;
    name += (name.empty() ? "" : "/") + part;
  }
  return name.empty() ? "_" : name;
}

ZipWriter::ZipWriter(std::vector<ZipEntry> entries) {
  entries_.reserve(entries.size());
  for (ZipEntry& entry : entries) {
    Placed& placed = entries_.emplace_back(Placed{std::move(entry), directory_offset_, 0});
    directory_offset_ +=
        local_header(placed).size() + placed.bytes + data_descriptor(placed.bytes, 0).size();
    directory_bytes_ += directory_entry(placed).size();
  }
  bytes_ = directory_offset_ + directory_bytes_ + directory_end().size();
}

std::string ZipWriter::entry_head() {
  content_bytes_ = 0;
  return local_header(entries_[next_++]);
}

Result<> ZipWriter::content(ByteView piece) {
  Placed& entry = entries_[next_ - 1];
  content_bytes_ += piece.size();
  if (content_bytes_ > entry.bytes) {
    return fail(ErrorKind::Corrupt, fmt::format("{} has more than the {} bytes it is known by",
                                                entry.name, entry.bytes));
  }
  entry.crc = libdeflate_crc32(entry.crc, piece.data(), piece.size());
  return {};
}

Result<std::string> ZipWriter::entry_end() {
  const Placed& entry = entries_[next_ - 1];
  if (content_bytes_ != entry.bytes) {
    return fail(ErrorKind::Corrupt, fmt::format("{} has {} bytes and not the {} it is known by",
                                                entry.name, content_bytes_, entry.bytes));
  }
  return data_descriptor(entry.bytes, entry.crc);
}

std::string ZipWriter::directory() {
  std::string piece;
  while (next_listed_ < entries_.size() && piece.size() < kDirectoryPieceBytes) {
    piece += directory_entry(entries_[next_listed_++]);
  }
  if (piece.empty() && next_listed_ == entries_.size()) {
    ++next_listed_;
    return directory_end();
  }
  return piece;
}

/// §4.3.12
std::string ZipWriter::directory_entry(const Placed& entry) {
  Record extra;
  if (needs_zip64(entry.bytes)) extra.put(entry.bytes, entry.bytes);
  if (needs_zip64(entry.offset)) extra.put(entry.offset);
  std::string zip64 = extra.text();
  if (!zip64.empty()) {
    zip64 = Record(std::uint16_t{1}, static_cast<std::uint16_t>(zip64.size())).text() + zip64;
  }
  const std::uint16_t version = version_for(!zip64.empty());
  const Record head(std::uint32_t{0x02014B50}, static_cast<std::uint16_t>(kMadeByUnix | version),
                    version, kFlags, kStored, dos_date_time(entry.modified_s), entry.crc,
                    field_of(entry.bytes), field_of(entry.bytes),
                    static_cast<std::uint16_t>(entry.name.size()),
                    static_cast<std::uint16_t>(zip64.size()), std::uint16_t{0}, std::uint16_t{0},
                    std::uint16_t{0}, kPlainFile, field_of(entry.offset));
  return head.text() + entry.name + zip64;
}

/// §4.3.14 to §4.3.16
std::string ZipWriter::directory_end() const {
  const std::uint64_t count = entries_.size();
  const auto count16 = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, kCount16Max));
  std::string end;
  if (count >= kCount16Max || needs_zip64(directory_offset_) || needs_zip64(directory_bytes_)) {
    const std::uint64_t here = directory_offset_ + directory_bytes_;
    end = Record(std::uint32_t{0x06064B50}, std::uint64_t{44},
                 static_cast<std::uint16_t>(kMadeByUnix | kVersionZip64), kVersionZip64,
                 std::uint32_t{0}, std::uint32_t{0}, count, count, directory_bytes_,
                 directory_offset_, std::uint32_t{0x07064B50}, std::uint32_t{0}, here,
                 std::uint32_t{1})
              .text();
  }
  return end + Record(std::uint32_t{0x06054B50}, std::uint16_t{0}, std::uint16_t{0}, count16,
                      count16, field_of(directory_bytes_), field_of(directory_offset_),
                      std::uint16_t{0})
                   .text();
}

}  // namespace pacs::web
