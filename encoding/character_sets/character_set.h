// Specific Character Set (PS3.3 §C.12.1.1.2, PS3.5 §6.1): stored text -> UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/vr_types.h"

namespace pacs {

class DataSet;

/// The decoder for one value of Specific Character Set (0008,0005), code extensions included.
/// Bytes that are not text in it become U+FFFD; nothing is refused. Copies share nothing, and
/// several threads may use one.
class CharacterSet {
 public:
  CharacterSet() = default;  ///< ISO IR 6, the default repertoire
  explicit CharacterSet(
      std::string_view specific_character_set);     ///< "ISO 2022 IR 6\\ISO 2022 IR 87"
  static CharacterSet of(const DataSet& data_set);  ///< by its (0008,0005)

  /// UTF-8 of a value (PN resets at ^ and =, multi-valued text at \). VRs that the set does not
  /// affect may hold only the default repertoire (PS3.5 §6.1.2.2), but some devices write other
  /// letters there: they are decoded like the rest. Decode whole values before splitting them: in
  /// GBK, GB18030 and ISO 2022 a backslash may be half a letter.
  [[nodiscard]] std::string to_utf8(std::string_view stored, VR vr) const;
  /// Whether to_utf8 loses nothing: every byte of the value is text in the set.
  [[nodiscard]] bool can_decode(std::string_view stored, VR vr) const;
  /// The other way; nullopt when the set lacks a letter of the text. Escape sequences switch to
  /// code extensions as PS3.5 §6.1.2.5 says, and back before ^, =, backslash and the end.
  [[nodiscard]] std::optional<std::string> from_utf8(std::string_view utf8, VR vr) const;
  [[nodiscard]] const std::vector<std::string>& defined_terms() const { return terms_; }
  /// Whether PS3.3 §C.12.1.1.2 lacks one of the terms; such a term counts as ISO IR 6.
  [[nodiscard]] bool has_unknown_term() const { return unknown_term_; }
  /// Whether it is ISO IR 6 and nothing else.
  [[nodiscard]] bool is_default_repertoire() const;

 private:
  enum class Form : std::uint8_t { SingleByte, CodeExtensions, WholeString };

  std::vector<std::string> terms_;
  Form form_ = Form::SingleByte;
  bool unknown_term_ = false;
  // What is designated to G0 and G1 at the start of a value, as rows of the table: ASCII, nothing.
  std::uint8_t g0_ = 0;
  std::uint8_t g1_ = 1;
};

/// Checks that to_utf8 loses no text of the data set, sequences included. Malformed when a term of
/// Specific Character Set is unknown or a text cannot be read in its set. The error carries the tag
/// of the element, and its message begins behind the name: "cannot be read as ISO_IR 100".
[[nodiscard]] Result<> check_text(const DataSet& data_set);
/// The data set with all text in UTF-8 (ISO_IR 192), sequences included.
[[nodiscard]] DataSet to_utf8(const DataSet& data_set);
/// The data set, whose text is UTF-8, in `wanted` if that holds every letter of it, else in UTF-8;
/// Specific Character Set says which, and is absent when all is ASCII.
[[nodiscard]] DataSet in_character_set(const DataSet& utf8, const CharacterSet& wanted);

}  // namespace pacs
