#include "apps/options/key_file.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/model/dicom_json.h"
#include "web/api/json_array.h"

namespace pacs::apps {

namespace {

bool is_ascii(const DataSet& data_set) {
  return std::ranges::all_of(data_set, [](const Element& element) {
    return std::ranges::all_of(element.items(),
                               [](const Item& item) { return is_ascii(item.data_set); }) &&
           (info(element.vr()).kind != VRKind::Text ||
            std::ranges::all_of(element.text(),
                                [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  });
}

Result<DataSet> the_one(const std::vector<std::string_view>& data_sets) {
  if (data_sets.size() == 1) return read_json(data_sets.front());
  return fail(ErrorKind::InvalidArgument,
              fmt::format("holds {} data sets, must hold one", data_sets.size()));
}

Result<DataSet> read_any(const std::string& path) {
  PACS_TRY(SharedBytes content, map_file(path));
  const std::string_view text = without_white_space(as_text(content.view));
  if (text.starts_with('{') || text.starts_with('[')) {
    auto keys = web::split_json_array(text).and_then(the_one);
    if (!keys) return fail(std::move(keys.error()).in(path));
    return *std::move(keys);
  }
  Result<DicomFile> file = read_file(content);
  if (!file) return fail(std::move(file.error()).in(path));
  return to_utf8(file->data_set);
}

}  // namespace

Result<DataSet> read_key_file(const std::string& path) {
  Result<DataSet> read = read_any(path);
  if (!read) return read;
  DataSet keys;
  for (const Element& element : *read) {
    if (!element.tag().is_group_length() && element.tag().group() > 2) keys.adopt(element);
  }
  return keys;
}

Result<DataSet> encode_keys(DataSet keys, const std::string& character_set) {
  keys.erase(tags::SpecificCharacterSet);
  if (is_ascii(keys)) return keys;
  const CharacterSet wanted{character_set.empty() ? "ISO_IR 192" : character_set};
  if (wanted.has_unknown_term()) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("\"{}\" is not a Specific Character Set: write ISO_IR 100, ISO_IR 192, "
                            "\\ISO 2022 IR 87 ...",
                            character_set));
  }
  keys.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
  if (character_set.empty()) return keys;
  DataSet converted = in_character_set(keys, wanted);
  if (converted.text(tags::SpecificCharacterSet) == "ISO_IR 192" &&
      wanted.defined_terms().front() != "ISO_IR 192") {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("the keys have characters that {} does not have", character_set));
  }
  return converted;
}

}  // namespace pacs::apps
