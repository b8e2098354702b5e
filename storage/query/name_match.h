// How person names match (PS3.4 §C.2.2.2.1.1 and §C.2.2.2.4, which leave it to be specified).
//
// Literal matching is by folded text (storage/index/fold.h), hence insensitive to case, diacritics
// and width, each component without its outer spaces and without empty ones at the end: "doe^john"
// finds "Doe^John^^". "*" and "?" work on a whole component group, so that "DOE*" finds DOE^JOHN; a
// last component of only "*" may be absent: "DOE^*" finds "Doe". The voicing mark of a kana is a
// character of its own, as it is in half width, or one with its kana, as in full width: "ﾔﾏﾀ*",
// "ﾔﾏ??" and "ヤマ?" all find both "ﾔﾏﾀﾞ" and "ヤマダ".
//
// A key of one component group matches when any group of the name does; a key with "=" is compared
// group by group, an empty group matching everything. So "山田*" and "Yamada*" both find
// "Yamada^Tarou=山田^太郎=やまだ^たろう", and "=山田*" looks only at the second group.
//
// Fuzzy semantic matching, when negotiated, finds all that literal matching finds, and names that
// hold for each word of the key a word that is like it, in any order and any component. Words are
// separated by spaces, commas, full stops, hyphens and ^ (or, tried as well, by ^ alone with the
// rest taken out: "Van der Berg" is like "Vanderberg"). Two words are alike when
//  - they are equal, hiragana as katakana and without prolonged sound marks, or
//  - one is an initial and the other begins with it, or
//  - one typing error apart from 5 letters on, two from 9 (a letter too many, missing or wrong, or
//    two neighbours swapped), or
//  - they sound alike by a Daitch-Mokotoff Soundex code (storage/query/phonetic.h) and at most half
//    of their letters differ: Smith, Smyth and Schmidt, Meyer and Maier, Catherine and Kathryn.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pacs::storage {

/// A key to match many names with.
class NameKey {
 public:
  NameKey(std::string_view key_utf8, bool fuzzy);

  /// Whether a word of a name (storage/index/name_words.h) is like one of the key.
  using NeededWord = std::function<bool(std::string_view)>;
  /// In the two ways to split words; the second is empty where it says the same.
  using NeededGroup = std::array<std::vector<NeededWord>, 2>;
  /// A name that matches has, for each of these groups, in one of the ways, a word like each of
  /// them. Empty when that cannot be said: of keys that are not fuzzy, or with other wildcards than
  /// a last "*". Live as long as the key.
  [[nodiscard]] std::vector<NeededGroup> needed_words() const;

  /// Whether one of the names, which backslashes separate, matches.
  [[nodiscard]] bool matches(std::string_view names_utf8) const;
  /// The same for names that are folded already, as fold_name folds.
  [[nodiscard]] bool matches_folded(std::string_view folded_names) const;

 private:
  struct Word {
    std::string text;
    std::u32string letters;
    std::vector<std::string> sounds;
  };
  struct Group {
    std::string text;
    bool wildcard = false;
    std::vector<Word> words{};   // of fuzzy keys
    std::vector<Word> joined{};  // the words of each component as one
  };

  static std::vector<Word> words_of(std::string_view group, bool joined);
  static bool literally(const Group& key, std::string_view folded_group);
  static bool alike(const Word& key, std::string_view word);
  static bool all_alike(const std::vector<Word>& key, const std::vector<std::string>& words);
  [[nodiscard]] bool matches_one(std::string_view folded_name) const;
  [[nodiscard]] bool matches_group(const Group& key, std::string_view folded_group) const;

  bool fuzzy_;
  std::vector<Group> groups_;
};

[[nodiscard]] bool name_matches(std::string_view key_utf8, std::string_view name_utf8, bool fuzzy);

}  // namespace pacs::storage
