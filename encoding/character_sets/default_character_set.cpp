#include "encoding/character_sets/default_character_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"

namespace pacs {
namespace {

bool has_character_set(const DataSet& data_set) {
  return !CharacterSet::of(data_set).is_default_repertoire();
}

bool lacks_character_set(const DataSet& data_set, bool named_around) {
  const bool named = data_set.text(tags::SpecificCharacterSet).empty()
                         ? named_around
                         : has_character_set(data_set);
  return std::ranges::any_of(data_set, [named](const Element& element) {
    if (element.form() == Element::Form::Sequence) {
      return std::ranges::any_of(element.items(), [named](const Item& item) {
        return lacks_character_set(item.data_set, named);
      });
    }
    // Escape sequences are beyond ISO IR 6, too.
    const std::string_view text = info(element.vr()).kind == VRKind::Text ? element.text() : "";
    return !named && (!is_ascii(text) || text.find('\x1B') != text.npos);
  });
}

}  // namespace

const std::string& DefaultCharacterSets::of(std::string_view ae_title) const {
  const auto own = of_ae.find(ae_title);
  return own != of_ae.end() ? own->second : of_all;
}

void name_character_set(DataSet& data_set, std::string_view terms) {
  if (terms.empty() || has_character_set(data_set)) return;
  const CharacterSet set{terms};
  data_set.set_text(tags::SpecificCharacterSet, VR::CS,
                    fmt::format("{}", fmt::join(set.defined_terms(), "\\")));
}

bool name_missing_character_set(DataSet& data_set, std::string_view terms) {
  if (!lacks_character_set(data_set, false)) return false;
  name_character_set(data_set, terms);
  return true;
}

}  // namespace pacs
