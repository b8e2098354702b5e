// The character set of text whose writer names none. PS3.5 §6.1.2.2 has ISO IR 6 then, but many
// devices write what their language needs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pacs {

class DataSet;

/// What peers mean, as values of Specific Character Set (0008,0005); empty: ISO IR 6.
struct DefaultCharacterSets {
  std::string of_all{};
  std::map<std::string, std::string, std::less<>> of_ae{};  ///< by AE title, in place of that

  [[nodiscard]] const std::string& of(std::string_view ae_title) const;
};

/// Names the set of a data set that names none but ISO IR 6. Without terms it stays as it is.
void name_character_set(DataSet& data_set, std::string_view terms);

/// The same where there is text beyond ISO IR 6, in items too, and no other set named for it.
/// Returns whether that is so.
bool name_missing_character_set(DataSet& data_set, std::string_view terms);

}  // namespace pacs
