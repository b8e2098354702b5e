// Whole data sets from one character set to another: to_utf8, in_character_set.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/character_sets/code_sets.h"

namespace pacs {
namespace {

constexpr std::string_view kUtf8 = "ISO_IR 192";

/// The set of a data set's text: its own, or that of the data set around it (PS3.3 §C.12.1.1.2).
CharacterSet character_set_of(const DataSet& data_set, const CharacterSet& around) {
  const bool has_own = !data_set.text(tags::SpecificCharacterSet).empty();
  return has_own ? CharacterSet::of(data_set) : around;
}

/// What came as UN is in no known set (PS3.5 §6.2.2): it stays as it is.
bool is_text(const Element& element) {
  return element.form() == Element::Form::Value && info(element.vr()).kind == VRKind::Text;
}

/// Goes through the text of a data set. The result shares every byte that stays as it is.
class Rewriter {
 public:
  using Convert =
      std::function<std::optional<std::string>(const CharacterSet&, std::string_view, VR)>;
  explicit Rewriter(Convert convert) : convert_(std::move(convert)) {}

  /// Without Specific Character Set, here and in items. nullopt when a text could not be converted.
  std::optional<DataSet> rewrite(const DataSet& data_set, const CharacterSet& around) {
    const CharacterSet own = character_set_of(data_set, around);
    DataSet result{data_set.buffer()};
    result.reserve(data_set.size() + 1);
    for (const Element& element : data_set) {
      if (element.tag() == tags::SpecificCharacterSet) continue;
      auto rewritten = rewrite(element, own);
      if (!rewritten) return std::nullopt;
      result.push_back(*std::move(rewritten));
    }
    return result;
  }

 private:
  std::optional<Element> rewrite(const Element& element, const CharacterSet& own) {
    if (element.form() == Element::Form::Sequence) return rewrite_items(element, own);
    if (!is_text(element)) return element;
    const std::string_view text = element.text();
    const auto letters = convert_(own, text, element.vr());
    if (!letters) return std::nullopt;
    // Spaces before the last escape sequence are padding once that is gone.
    const std::string_view converted = trimmed_end(*letters);
    if (converted == text) return element;
    Bytes bytes;
    bytes.reserve(converted.size() + 1);
    append(bytes, as_bytes(converted));
    return Element::padded(element.tag(), element.vr(), std::move(bytes));
  }

  std::optional<Element> rewrite_items(const Element& element, const CharacterSet& own) {
    Sequence items;
    items.reserve(element.items().size());
    for (const Item& item : element.items()) {
      auto rewritten = rewrite(item.data_set, own);
      if (!rewritten) return std::nullopt;
      items.push_back({*std::move(rewritten), item.undefined_length});
    }
    return Element::sequence(element.tag(), std::move(items), element.undefined_length(),
                             element.vr());
  }

  Convert convert_;
};

/// Whether `holds` is true of an element, items' included.
template <typename Holds>
bool any_element(const DataSet& data_set, Holds holds) {
  return std::ranges::any_of(data_set, [&](const Element& element) {
    return holds(element) || std::ranges::any_of(element.items(), [&](const Item& item) {
             return any_element(item.data_set, holds);
           });
  });
}

bool names_character_set(const Element& element) {
  return element.tag() == tags::SpecificCharacterSet;
}
bool is_beyond_ascii(const Element& element) {
  return info(element.vr()).kind == VRKind::Text && !code_sets::is_plain_ascii(element.text());
}

Result<> check_text(const DataSet& data_set, const CharacterSet& around) {
  const CharacterSet own = character_set_of(data_set, around);
  if (own.has_unknown_term()) {
    return fail(Error{ErrorKind::Malformed, "has an unknown term"}.on(tags::SpecificCharacterSet));
  }
  for (const Element& element : data_set) {
    for (const Item& item : element.items()) {
      PACS_TRY(check_text(item.data_set, own));
    }
    if (!is_text(element) || own.can_decode(element.text(), element.vr())) continue;
    std::string why =
        own.defined_terms().empty()
            ? "needs a SpecificCharacterSet"
            : fmt::format("cannot be read as {}", fmt::join(own.defined_terms(), "\\"));
    return fail(Error{ErrorKind::Malformed, std::move(why)}.on(element.tag()));
  }
  return {};
}

DataSet labelled(DataSet text, std::string_view terms) {
  text.set_text(tags::SpecificCharacterSet, VR::CS, terms);
  return text;
}

}  // namespace

Result<> check_text(const DataSet& data_set) {
  return check_text(data_set, CharacterSet{});
}

DataSet to_utf8(const DataSet& data_set) {
  if (!any_element(data_set, [](const Element& element) {
        return names_character_set(element) || is_beyond_ascii(element);
      })) {
    return data_set;
  }
  Rewriter rewriter{[](const CharacterSet& own, std::string_view stored, VR vr) {
    return std::optional{own.to_utf8(stored, vr)};
  }};
  DataSet result = rewriter.rewrite(data_set, CharacterSet{}).value_or(DataSet{});
  return any_element(result, is_beyond_ascii) ? labelled(std::move(result), kUtf8) : result;
}

DataSet in_character_set(const DataSet& utf8, const CharacterSet& wanted) {
  const bool beyond_ascii = any_element(utf8, is_beyond_ascii);
  if (!beyond_ascii && !any_element(utf8, names_character_set)) return utf8;
  if (beyond_ascii) {
    Rewriter encode{[&](const CharacterSet&, std::string_view text, VR vr) {
      return wanted.from_utf8(text, vr);
    }};
    if (auto encoded = encode.rewrite(utf8, CharacterSet{})) {
      return labelled(*std::move(encoded),
                      fmt::format("{}", fmt::join(wanted.defined_terms(), "\\")));
    }
  }
  Rewriter keep{[](const CharacterSet&, std::string_view text, VR) {
    return std::optional{std::string{text}};
  }};
  DataSet plain = keep.rewrite(utf8, CharacterSet{}).value_or(DataSet{});
  return beyond_ascii ? labelled(std::move(plain), kUtf8) : plain;
}

}  // namespace pacs
