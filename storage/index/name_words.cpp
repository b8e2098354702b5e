#include "storage/index/name_words.h"

#include <algorithm>

#include "core/sort_unique.h"

namespace pacs::storage {
namespace {

/// Words of one group and of all names of a patient: more has nobody, and nobody finds by them.
constexpr std::size_t kWordsOfGroupMax = 32, kWordsOfPatientMax = 256;

/// Calls `each` with every part between `separators`.
template <typename Each>
void each_part(std::string_view text, std::string_view separators, Each each) {
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, start), text.size());
    each(text.substr(start, end - start));
    start = end + 1;
  }
}

/// Appends a kana as katakana; false for any other three bytes.
bool append_one_kana(std::string& to, std::string_view three) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(three[at]); };
  if (byte(0) != 0xE3) return false;
  const char32_t letter = 0x3000U | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  // U+3041..U+3096 and U+309D, U+309E are hiragana, U+30FC is the prolonged sound mark.
  if (letter == 0x30FC) return true;
  const bool hiragana =
      (letter >= 0x3041 && letter <= 0x3096) || letter == 0x309D || letter == 0x309E;
  if (!hiragana) return false;
  const char32_t katakana = letter + 0x60;
  to += static_cast<char>(0xE0 | katakana >> 12);
  to += static_cast<char>(0x80 | (katakana >> 6 & 0x3F));
  to += static_cast<char>(0x80 | (katakana & 0x3F));
  return true;
}

std::string with_one_kana(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view three = text.substr(at, 3);
    if (three.size() == 3 && append_one_kana(result, three)) {
      at += 3;
    } else {
      result += text[at++];
    }
  }
  return result;
}

}  // namespace

std::vector<std::string> words_of_group(std::string_view group, bool joined, std::size_t most) {
  std::vector<std::string> words;
  each_part(group, joined ? "^" : "^ ,.-", [&](std::string_view part) {
    if (words.size() == most) return;
    std::string word = with_one_kana(part);
    std::erase_if(
        word, [](char c) { return std::string_view{" ,.-'`"}.find(c) != std::string_view::npos; });
    if (!word.empty()) words.push_back(std::move(word));
  });
  return words;
}

std::vector<std::string> words_of_names(std::string_view folded_names) {
  std::vector<std::string> words;
  each_part(folded_names, "\\=", [&](std::string_view group) {
    for (const bool joined : {false, true}) {
      if (words.size() >= kWordsOfPatientMax) return;
      for (std::string& word : words_of_group(group, joined, kWordsOfGroupMax)) {
        words.push_back(std::move(word));
      }
    }
  });
  sort_unique(words);
  return words;
}

Result<NameWords> NameWords::prepare(SqlDatabase& database) {
  NameWords words;
  PACS_TRY(words.add_word_, database.prepare("INSERT INTO name_word (word) VALUES ($1) ON CONFLICT "
                                             "(word) DO NOTHING"));
  PACS_TRY(words.add_patient_,
           database.prepare("INSERT INTO patient_word (word_key, patient_key) SELECT id, $1 FROM "
                            "name_word WHERE word = $2 ON CONFLICT DO NOTHING"));
  return words;
}

Result<> NameWords::keep(std::int64_t patient, std::string_view folded_names) const {
  for (const std::string& word : words_of_names(folded_names)) {
    PACS_TRY(add_word_->run(word));
    PACS_TRY(add_patient_->run(patient, word));
  }
  return {};
}

}  // namespace pacs::storage
