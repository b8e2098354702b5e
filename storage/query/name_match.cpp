#include "storage/query/name_match.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <numeric>

#include "storage/index/fold.h"
#include "storage/index/name_words.h"
#include "storage/query/phonetic.h"
#include "storage/query/wildcard.h"

namespace pacs::storage {
namespace {

constexpr std::size_t kWordsMax = 16;    // of a name that is compared word by word
constexpr std::size_t kLettersMax = 64;  // of a word whose letters are compared

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

template <typename Holds>
bool any_part(std::string_view text, char separator, Holds holds) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (holds(text.substr(0, end))) return true;
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
}

std::u32string letters_of(std::string_view utf8) {
  std::u32string letters;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80 && !letters.empty()) {
      letters.back() = letters.back() << 6 | (byte & 0x3FU);
    } else {
      letters += byte < 0x80   ? byte
                 : byte < 0xE0 ? byte & 0x1FU
                 : byte < 0xF0 ? byte & 0x0FU
                               : byte & 0x07U;
    }
  }
  return letters;
}

/// Insertions, deletions, replacements and swaps of neighbours from one word to the other, each of
/// kLettersMax letters at most.
std::size_t distance(std::u32string_view a, std::u32string_view b) {
  using Row = std::array<std::uint8_t, kLettersMax + 1>;
  Row before_last{};
  Row last{};
  Row row{};
  std::iota(last.begin(), last.end(), std::uint8_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<std::uint8_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      int best = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) best = std::min(best, before_last[j - 2] + 1);
      row[j] = static_cast<std::uint8_t>(best);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::size_t slips_allowed(std::size_t letters) {
  return letters >= 9 ? 2 : letters >= 5 ? 1 : 0;
}

/// None when there are more than any name has: such text is compared literally only.
std::vector<std::string> split_words(std::string_view group, bool joined) {
  std::vector<std::string> words = words_of_group(group, joined, kWordsMax + 1);
  if (words.size() > kWordsMax) words.clear();
  return words;
}

/// Whether a pattern stands for a component group.
bool group_matches(std::string_view pattern, std::string_view group) {
  if (wildcard_matches(pattern, group)) return true;
  // Empty components at the end are not written, and "*" matches an empty one.
  while (pattern.ends_with('*')) {
    pattern = pattern.substr(0, pattern.find_last_not_of('*') + 1);
    if (!pattern.ends_with('^')) return false;
    pattern.remove_suffix(1);
    if (wildcard_matches(pattern, group)) return true;
  }
  return false;
}

std::string_view group_of(std::string_view name, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t end = name.find('=');
    if (end == name.npos) return {};
    name.remove_prefix(end + 1);
  }
  return name.substr(0, name.find('='));
}

}  // namespace

NameKey::NameKey(std::string_view key_utf8, bool fuzzy) : fuzzy_(fuzzy) {
  const std::string folded = fold_name(key_utf8);
  for (const std::string_view text : split(folded, "=")) {
    Group& group = groups_.emplace_back(Group{std::string{text}, has_wildcard(text)});
    if (!fuzzy_) continue;
    group.words = words_of(text, false);
    group.joined = words_of(text, true);
  }
}

std::vector<NameKey::NeededGroup> NameKey::needed_words() const {
  std::vector<NeededGroup> needed;
  for (const Group& group : groups_) {
    if (group.text.empty()) continue;
    NeededGroup& ways = needed.emplace_back();
    // Whatever begins like the key has words that are, or begin, like its own.
    const std::string_view before =
        std::string_view(group.text).substr(0, group.text.find_last_not_of('*') + 1);
    if (!fuzzy_ || has_wildcard(before) || group.words.empty()) return {};
    const auto add = [](std::vector<NeededWord>& to, const std::vector<Word>& words) {
      for (const Word& word : words) {
        to.emplace_back([&word](std::string_view other) { return alike(word, other); });
      }
    };
    add(ways[0], group.words);
    if (group.joined.size() != group.words.size()) add(ways[1], group.joined);
  }
  return needed;
}

bool NameKey::matches(std::string_view names_utf8) const {
  return matches_folded(fold_name(names_utf8));
}

bool NameKey::matches_folded(std::string_view folded_names) const {
  return any_part(folded_names, '\\', [this](std::string_view name) { return matches_one(name); });
}

bool NameKey::matches_one(std::string_view folded_name) const {
  if (groups_.size() == 1) {
    if (groups_.front().text.empty()) return true;
    return any_part(folded_name, '=', [this](std::string_view group) {
      return matches_group(groups_.front(), group);
    });
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].text.empty()) continue;
    if (!matches_group(groups_[i], group_of(folded_name, i))) return false;
  }
  return true;
}

bool NameKey::matches_group(const Group& key, std::string_view folded_group) const {
  if (literally(key, folded_group)) return true;
  if (!fuzzy_ || folded_group.empty()) return false;
  return all_alike(key.words, split_words(folded_group, false)) ||
         all_alike(key.joined, split_words(folded_group, true));
}

bool NameKey::literally(const Group& key, std::string_view folded_group) {
  if (!key.wildcard) return key.text == folded_group;
  if (group_matches(key.text, folded_group)) return true;
  // "?" for a kana with its voicing mark: in full width they are one character.
  return has_voicing_mark(folded_group) &&
         group_matches(with_voiced_kana(key.text), with_voiced_kana(folded_group));
}

std::vector<NameKey::Word> NameKey::words_of(std::string_view group, bool joined) {
  std::vector<Word> words;
  for (std::string& text : split_words(group, joined)) {
    if (text.find_first_not_of('*') == std::string::npos) continue;  // says nothing
    std::vector<std::string> sounds =
        has_wildcard(text) ? std::vector<std::string>{} : daitch_mokotoff(text);
    std::u32string letters = letters_of(text);
    words.push_back({std::move(text), std::move(letters), std::move(sounds)});
  }
  return words;
}

bool NameKey::alike(const Word& key, std::string_view word) {
  if (has_wildcard(key.text)) return wildcard_matches(key.text, word);
  if (key.text == word) return true;
  const std::u32string& wanted = key.letters;
  const std::u32string found = letters_of(word);
  if (wanted.size() > kLettersMax || found.size() > kLettersMax) return false;
  // Initials: of Latin, Greek and Cyrillic letters only; one ideograph may be a whole name.
  if (wanted.front() == found.front() && wanted.front() < 0x0590 &&
      (wanted.size() == 1 || found.size() == 1)) {
    return true;
  }
  const std::size_t longer = std::max(wanted.size(), found.size());
  const std::size_t shorter = std::min(wanted.size(), found.size());
  const std::size_t differing_at_most = (longer + 1) / 2;
  if (longer - shorter > differing_at_most) return false;
  const std::size_t differing = distance(wanted, found);
  if (differing <= slips_allowed(shorter)) return true;
  if (differing > differing_at_most || key.sounds.empty()) return false;
  const std::vector<std::string> sounds = daitch_mokotoff(word);
  return std::ranges::any_of(key.sounds, [&](const std::string& code) {
    return std::ranges::find(sounds, code) != sounds.end();
  });
}

bool NameKey::all_alike(const std::vector<Word>& key, const std::vector<std::string>& words) {
  if (key.empty() || key.size() > words.size()) return false;
  // Each word of the key needs one of its own: augmenting paths (Kuhn).
  constexpr std::size_t kFree = kWordsMax;
  std::array<std::bitset<kWordsMax>, kWordsMax> pairs;
  for (std::size_t k = 0; k < key.size(); ++k) {
    for (std::size_t w = 0; w < words.size(); ++w) pairs[k][w] = alike(key[k], words[w]);
    if (pairs[k].none()) return false;
  }
  std::array<std::size_t, kWordsMax> taken_by{};
  taken_by.fill(kFree);
  std::bitset<kWordsMax> seen;
  const std::function<bool(std::size_t)> find_word = [&](std::size_t k) {
    for (std::size_t w = 0; w < words.size(); ++w) {
      if (!pairs[k][w] || seen[w]) continue;
      seen[w] = true;
      if (taken_by[w] == kFree || find_word(taken_by[w])) {
        taken_by[w] = k;
        return true;
      }
    }
    return false;
  };
  for (std::size_t k = 0; k < key.size(); ++k) {
    seen.reset();
    if (!find_word(k)) return false;
  }
  return true;
}

bool name_matches(std::string_view key_utf8, std::string_view name_utf8, bool fuzzy) {
  // One key is held against many names, one after the other.
  struct Last {
    std::string key;
    bool fuzzy = false;
    NameKey prepared{"", false};
  };
  thread_local Last last;
  if (last.key != key_utf8 || last.fuzzy != fuzzy) {
    last = {std::string{key_utf8}, fuzzy, NameKey{key_utf8, fuzzy}};
  }
  return last.prepared.matches(name_utf8);
}

}  // namespace pacs::storage
