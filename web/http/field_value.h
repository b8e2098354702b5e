// What the values of HTTP fields are made of (RFC 9110 §5.6): tokens, quoted strings, lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "web/http/http_message.h"

namespace pacs::web {

[[nodiscard]] bool is_token(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);

/// As a token when it is one, else as a quoted string; control characters become blanks.
[[nodiscard]] std::string token_or_quoted(std::string_view text);

/// As a quoted string of ASCII, for a person; what is longer is cut.
[[nodiscard]] std::string quoted_for_people(std::string_view text);

/// All values of the fields of this name, as one list (RFC 9110 §5.3); nullopt when there is none.
[[nodiscard]] std::optional<std::string> listed_field(const Fields& fields, std::string_view name);

/// "0.75" in thousandths (RFC 9110 §12.4.2); also ".2", which Java sends. Malformed.
[[nodiscard]] Result<unsigned> parse_quality(std::string_view text);

/// Reads a field's value from left to right; blanks are skipped before whatever is asked for.
class FieldCursor {
 public:
  explicit FieldCursor(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool at_end();
  /// Takes `mark` if it comes next.
  [[nodiscard]] bool take(char mark);
  /// Up to one of `ends` or a blank; empty when one of them comes next.
  [[nodiscard]] std::string_view word(std::string_view ends);
  /// A quoted string without its quotes, else a word. Malformed when a quote is not closed.
  [[nodiscard]] Result<std::string> value(std::string_view ends);

 private:
  void skip_blanks();
  std::string_view rest_;
};

}  // namespace pacs::web
