// Result and Error: how expected failure travels. Every fallible call returns Result<T>; the Error
// says what was wrong, whose fault it is, where, and what to do about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "core/tag.h"

namespace pacs {

/// What went wrong, as far as an answer depends on it. Services map a kind to a DIMSE status, the
/// network to an abort source and reason, web to an HTTP code; each does so in one table.
enum class ErrorKind : std::uint8_t {
  InvalidArgument,  ///< the caller (or its configuration) asked for something that cannot be
  Malformed,        ///< bytes from outside do not follow the standard
  Truncated,        ///< bytes from outside end too early
  LimitExceeded,    ///< a named limit was passed; the message names it
  Unsupported,      ///< well-formed, but nothing here can do it
  Mismatch,         ///< two statements about one thing disagree (SOP class, UID, identity)
  NotFound,
  Duplicate,       ///< a different object with this identity is there, and policy refuses it
  OutOfResources,  ///< disk full, memory or descriptors gone: try again later
  Corrupt,         ///< stored data does not match its checksum or index
  Io,              ///< the operating system refused
  Timeout,
  Cancelled,
  ConnectionClosed,  ///< the peer went away or aborted
  Rejected,          ///< the peer refused (association rejected, context not accepted)
  Internal,          ///< our own fault
};

/// "malformed", "out of resources", ...: for messages and metric labels.
std::string_view to_string(ErrorKind kind);

/// An expected failure, as a value.
struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;       ///< what was wrong and what to do, one sentence, no newline
  std::optional<Tag> tag{};  ///< the offending element
  std::optional<std::uint64_t> offset{};  ///< in bytes from the start of the file, data set or PDU
  std::string where{};                    ///< file path, peer AE title or URL; empty if none

  /// "malformed: length 12 passes the end of the item (0010,0010) at offset 344 in a.dcm"
  [[nodiscard]] std::string to_string() const;

  Error&& at(std::uint64_t byte_offset) && {
    offset = byte_offset;
    return std::move(*this);
  }
  Error&& on(Tag element) && {
    tag = element;
    return std::move(*this);
  }
  Error&& in(std::string_view place) && {
    where = place;
    return std::move(*this);
  }
};

template <typename T = void>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorKind::Truncated, "...").` inside a function returning Result<T>.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// Hands an error on, or goes on with the value:
//
//   PACS_TRY(check(title));                  // returns its error, if it has one
//   PACS_TRY(auto file, open(path));         // declares `file`, or returns the error of open
//   PACS_TRY(names, read_names(file));       // the same into a variable that is there
//
// For every tl::expected. A coroutine cannot `return`, so there the same is called PACS_CO_TRY.
#define PACS_TRY(...) PACS_TRY_FORM_(__VA_ARGS__)(return, __LINE__, __VA_ARGS__)
#define PACS_CO_TRY(...) PACS_TRY_FORM_(__VA_ARGS__)(co_return, __LINE__, __VA_ARGS__)

// One argument is checked; with more, the first is what to set and the rest, commas included, is
// the expression.
#define PACS_TRY_FORM_(...)                                                                \
  PACS_TRY_NINTH_(__VA_ARGS__, PACS_TRY_SET_, PACS_TRY_SET_, PACS_TRY_SET_, PACS_TRY_SET_, \
                  PACS_TRY_SET_, PACS_TRY_SET_, PACS_TRY_SET_, PACS_TRY_CHECK_, )
#define PACS_TRY_NINTH_(a, b, c, d, e, f, g, h, ninth, ...) ninth
#define PACS_TRY_CHECK_(leave, line, ...)                             \
  if (auto PACS_TRY_NAME_(line) = __VA_ARGS__; !PACS_TRY_NAME_(line)) \
  leave tl::make_unexpected(std::move(PACS_TRY_NAME_(line)).error())
#define PACS_TRY_SET_(leave, line, target, ...)                                                  \
  auto PACS_TRY_NAME_(line) = __VA_ARGS__;                                                       \
  if (!PACS_TRY_NAME_(line)) leave tl::make_unexpected(std::move(PACS_TRY_NAME_(line)).error()); \
  target = *std::move(PACS_TRY_NAME_(line))
#define PACS_TRY_NAME_(line) PACS_TRY_JOIN_(tried_on_line_, line)
#define PACS_TRY_JOIN_(a, b) a##b

}  // namespace pacs
