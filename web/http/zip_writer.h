// A zip archive made while it is sent (APPNOTE.TXT 6.3.10): files stored as they are, their lengths
// known beforehand and so its own, their checksums taken as they pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::web {

struct ZipEntry {
  std::string name;             ///< a relative path with slashes, as zip_name gives it
  std::uint64_t bytes = 0;      ///< of the content
  std::int64_t modified_s = 0;  ///< seconds since 1970
};

/// A relative path that no file system takes for another: without empty parts, "." and "..",
/// backslashes, colons and control characters; each part at most 200 bytes. "_" when nothing is
/// left.
[[nodiscard]] std::string zip_name(std::string_view path);

/// For each entry in order: entry_head, content in pieces, entry_end; then directory until it is
/// empty. Everything stays below a few hundred bytes an entry.
class ZipWriter {
 public:
  /// Names differ from each other.
  explicit ZipWriter(std::vector<ZipEntry> entries);

  /// Of all that this writer gives, contents included.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// At most once for each entry.
  [[nodiscard]] std::string entry_head();
  /// Passes the next bytes of the content on. Corrupt when they are more than was said.
  [[nodiscard]] Result<> content(ByteView piece);
  /// Corrupt when the content was shorter than was said.
  [[nodiscard]] Result<std::string> entry_end();
  /// The next piece of what stands behind the last entry.
  [[nodiscard]] std::string directory();

 private:
  struct Placed : ZipEntry {
    std::uint64_t offset = 0;  // of its head
    std::uint32_t crc = 0;
  };
  [[nodiscard]] static std::string directory_entry(const Placed& entry);
  [[nodiscard]] std::string directory_end() const;

  std::vector<Placed> entries_;
  std::uint64_t directory_offset_ = 0, directory_bytes_ = 0, bytes_ = 0;
  std::size_t next_ = 0;             // whose head was not given
  std::size_t next_listed_ = 0;      // which the directory has not named
  std::uint64_t content_bytes_ = 0;  // of the entry that is passing
};

}  // namespace pacs::web
