// Bodies of several parts (RFC 2046 §5.1): read as they arrive, in bounded memory, and written with
// lengths that are known beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/bytes.h"
#include "core/result.h"
#include "web/http/http_message.h"
#include "web/http/media_type.h"

namespace pacs::web {

struct MultipartLimits {
  std::size_t head_bytes_max = 16U << 10;  ///< of one part's header fields; also of the preamble
  std::size_t parts_max = 1'000'000;       ///< the largest study known has 65,000 instances
};

struct PartHead {
  Fields fields;  ///< none for a part without header fields
};
struct PartPiece {
  ByteView bytes;  ///< never empty; valid until the next call
};
struct PartEnd {};
struct MultipartEnd {};  ///< after the last part; what follows counts for nothing
struct NeedMore {};      ///< the bytes of `put` are used up
using MultipartEvent = std::variant<NeedMore, PartHead, PartPiece, PartEnd, MultipartEnd>;

/// Bytes in, events out:
///
///   reader.put(bytes);                     // until the body's end
///   while (...) reader.next();             // until it gives NeedMore or MultipartEnd
///   reader.finish();                       // at the body's end
///
/// A part's content may hold anything but its own delimiter at the begin of a line: a line that
/// only begins with it is content. Errors are Malformed, Truncated and LimitExceeded, and final.
class MultipartReader {
 public:
  /// InvalidArgument when the boundary is no boundary (RFC 2046 §5.1.1: 1 to 70 characters).
  [[nodiscard]] static Result<MultipartReader> create(std::string_view boundary,
                                                      MultipartLimits limits = {});

  /// The next bytes of the body, which stay valid until they are used up.
  void put(ByteView bytes) { input_ = as_text(bytes); }
  [[nodiscard]] Result<MultipartEvent> next();
  /// Truncated unless the closing delimiter has come.
  [[nodiscard]] Result<> finish() const;

 private:
  enum class State : std::uint8_t {
    Content,        // of a part, or the preamble
    DelimiterLine,  // behind a delimiter: blanks, then the end of the line
    Head,
    Epilogue,
  };
  MultipartReader(std::string_view boundary, MultipartLimits limits);

  void look_for(std::string_view line_end);
  [[nodiscard]] std::string_view take(std::size_t count);
  [[nodiscard]] std::string_view give_held();
  [[nodiscard]] std::string_view content_before_delimiter();
  [[nodiscard]] std::string_view resume_delimiter();
  [[nodiscard]] Result<MultipartEvent> read_content();
  [[nodiscard]] Result<MultipartEvent> end_content(State state);
  [[nodiscard]] Result<MultipartEvent> read_delimiter_line();
  [[nodiscard]] Result<MultipartEvent> read_head();
  [[nodiscard]] Result<MultipartEvent> end_head();

  std::string boundary_;
  MultipartLimits limits_;
  std::string_view input_;
  State state_ = State::Content;
  /// The end of a line, "--", the boundary, and one more dash, to be given out as content when it
  /// turns out to be.
  std::string delimiter_;
  /// Of `delimiter_` so much has come and is held back, the first `implied_` bytes of it outside
  /// of the content: a delimiter may stand where a body or a part's content begins.
  std::size_t held_ = 0, implied_ = 0;
  bool line_end_known_ = false;
  bool cr_seen_ = false;  // in a DelimiterLine
  std::size_t parts_ = 0;
  std::size_t bytes_before_ = 0;  // of the preamble, or of blanks in a DelimiterLine
  std::string head_;
};

/// Makes what stands between the parts' contents.
class MultipartWriter {
 public:
  /// Of a random boundary. No content holds it, as far as chance can promise: 128 bits.
  MultipartWriter();
  explicit MultipartWriter(std::string boundary) : boundary_(std::move(boundary)) {}

  /// multipart/related; type="application/dicom"; boundary=...
  [[nodiscard]] std::string related(std::string_view type) const;
  /// multipart/byteranges; boundary=... (RFC 9110 §14.6)
  [[nodiscard]] std::string byte_ranges() const;

  /// What stands before the content of the next part. Control characters in values become blanks.
  [[nodiscard]] std::string part_head(const Fields& fields);
  /// What stands after the last content.
  [[nodiscard]] std::string end() const;

 private:
  std::string boundary_;
  bool first_ = true;
};

/// How long a multipart body will be: a writer is copied into it before the first part.
class MultipartLength {
 public:
  explicit MultipartLength(MultipartWriter writer) : writer_(std::move(writer)) {}
  void add(const Fields& fields, std::uint64_t content_bytes) {
    bytes_ += writer_.part_head(fields).size() + content_bytes;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_ + writer_.end().size(); }

 private:
  MultipartWriter writer_;
  std::uint64_t bytes_ = 0;
};

}  // namespace pacs::web
