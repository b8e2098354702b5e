#include "web/api/attributes.h"

#include <string>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "web/api/api_route.h"
#include "web/http/unchanging_answer.h"

namespace pacs::web {
namespace {

/// "60xx3000".
std::string tag_key(const DictionaryEntry& entry) {
  std::string key = fmt::format("{:08X}", entry.tag.value);
  const std::string mask = fmt::format("{:08X}", entry.mask);
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (mask[i] == '0') key[i] = 'x';
  }
  return key;
}

std::string dictionary_text() {
  std::string text = "{";
  for (const auto entries : {dictionary_entries(), repeating_dictionary_entries()}) {
    for (const DictionaryEntry& entry : entries) {
      if (entry.keyword.empty()) continue;
      text +=
          fmt::format("{}\"{}\":[\"{}\",\"{}\",{}]", text.size() == 1 ? "" : ",", tag_key(entry),
                      entry.keyword, to_string(entry.vr()), json_string(entry.name));
    }
  }
  return text + "}\n";
}

}  // namespace

void add_attributes(Router& router) {
  router.add(api_route("GET", "/api/attributes",
                       unchanging_answer("application/json", dictionary_text()),
                       {.summary = "Keyword, VR and name of each standard attribute, by tag",
                        .answer = "Attributes"}));
}

}  // namespace pacs::web
