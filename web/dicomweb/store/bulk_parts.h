// BulkParts: the bulk data parts of a STOW-RS request, kept by their Content-Location until the
// metadata is read that names them (PS3.18 §10.5.2).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/dicom_element.h"
#include "core/result.h"
#include "encoding/transfer_syntax.h"
#include "web/dicomweb/store/spool_file.h"
#include "web/http/media_type.h"

namespace pacs::web {

class BulkParts {
 public:
  BulkParts(std::string folder, std::uint64_t bytes_max)
      : folder_(std::move(folder)), bytes_max_(bytes_max) {}

  struct Bulk {
    BulkReference where{};  ///< in this object
    /// By the Content-Type of its parts: of encapsulated pixel data, whose parts are its frames;
    /// nullptr for bytes in little endian.
    const TransferSyntax* syntax = nullptr;
  };

  /// Parts of one location follow each other: the frames of compressed pixel data. Errors:
  /// Malformed, Unsupported (media type, transfer syntax), LimitExceeded, SpoolFile's.
  [[nodiscard]] Result<> begin(std::string_view location, const std::optional<MediaType>& media);
  [[nodiscard]] Result<> append(ByteView bytes);
  [[nodiscard]] Result<> end();

  /// Nothing more comes.
  [[nodiscard]] Result<> finish() { return close_bulk(); }
  [[nodiscard]] const Bulk* find(std::string_view location) const;
  [[nodiscard]] Result<> read(std::uint64_t offset, std::span<std::byte> into) const;

 private:
  [[nodiscard]] Result<> open_bulk(std::string_view location, const TransferSyntax* syntax);
  [[nodiscard]] Result<> close_bulk();

  const std::string folder_;
  const std::uint64_t bytes_max_;
  std::optional<SpoolFile> file_;
  std::map<std::string, Bulk, std::less<>> bulks_;
  std::string location_;  // of the last part
  Bulk* bulk_ = nullptr;  // to which more frames may come
  std::uint64_t part_offset_ = 0;
};

}  // namespace pacs::web
