// DeflatedText: text as a part of a gzip member (RFC 1952), made once and sent many times: parts
// made apart become one answer without being compressed again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace pacs::web {

struct DeflatedText {
  std::string deflated;  ///< blocks of RFC 1951, none the last, that end at a whole byte
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;  ///< of the text
};

/// Makes one. Not for use from two threads at once.
class TextDeflater {
 public:
  TextDeflater();
  ~TextDeflater();
  TextDeflater(const TextDeflater&) = delete;
  TextDeflater& operator=(const TextDeflater&) = delete;

  /// What of the deflated bytes is ready after more text.
  [[nodiscard]] std::string_view add(std::string_view text);
  /// The rest of them: all texts added so far have been given then, up to a whole byte.
  [[nodiscard]] std::string_view flush();
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t crc() const { return crc_; }

 private:
  [[nodiscard]] std::string_view run(std::string_view text, int flush);

  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string out_;
  std::uint64_t bytes_ = 0;
  std::uint32_t crc_;
};

/// Gives a deflated text back piece by piece; empty at the end. `text` outlives it.
class TextInflater {
 public:
  explicit TextInflater(const DeflatedText& text);
  ~TextInflater();
  TextInflater(const TextInflater&) = delete;
  TextInflater& operator=(const TextInflater&) = delete;
  [[nodiscard]] Result<std::string_view> next();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string out_;
};

/// One gzip member, its parts in the order they are added.
class GzipMember {
 public:
  GzipMember();
  /// What a member begins with.
  [[nodiscard]] static std::string_view head();
  /// A short text as a block of its own.
  [[nodiscard]] std::string text(std::string_view text);
  /// Deflated bytes of this text follow.
  void take(std::uint64_t bytes, std::uint32_t crc);
  /// What it ends with.
  [[nodiscard]] std::string end() const;

 private:
  std::uint64_t bytes_ = 0;
  std::uint32_t crc_;
};

}  // namespace pacs::web
