// DataSetBuilder: a DataSet out of the tokens of a scanner. Here what came as UN becomes what the
// dictionary says it is, for every reader. The caller may make an element of a value itself.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/dicom_dataset.h"
#include "encoding/scan/departure.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {

class DataSetBuilder {
 public:
  /// `buffer` keeps alive what the elements view; `limits` are those of the scanner.
  explicit DataSetBuilder(SharedBytes buffer, const Limits& limits = {});

  /// Leaves out elements of groups 0000 and 0002, which belong to commands and files.
  void drop_foreign() { drops_foreign_ = true; }

  /// Handles every token of a scanner that gives values whole.
  void add(const Token& token);
  /// The whole value of an element. PS3.5 §6.2.2: what came as UN and has a known VR is read as in
  /// Implicit VR Little Endian, if it can be.
  void add_value(const Token& element, ByteView value);
  /// Adds to the item that is open, else to the data set itself.
  void add(Element element);
  /// The VR of a value that stays where it is.
  [[nodiscard]] VR vr_of_bulk(const Token& element) const;

  void open_sequence(const Token& token) {
    levels_.push_back(Level{token.tag, token.undefined_length, {}});
  }
  void open_item(const Token& token) {
    levels_.back().items.push_back(Item{DataSet{buffer_}, token.undefined_length});
  }
  /// Its items may have shown another VR than its start: UN that holds explicit VR is a sequence.
  void close_sequence(VR vr);

  void open_fragments(const Token& token);
  void add_fragment(ByteView fragment);
  void close_fragments();

  /// Of the encapsulated value that is open or was last.
  [[nodiscard]] const Fragments& fragments() const { return fragments_; }
  /// What is complete at the top level.
  [[nodiscard]] const DataSet& so_far() const { return top_; }
  [[nodiscard]] DataSet take();
  /// Of what was added: those of elements and values.
  [[nodiscard]] Departures departures() const { return departures_; }
  /// Elements, items and fragments that were found in sequences that came as UN.
  [[nodiscard]] std::uint64_t elements_of_unknown() const { return elements_of_unknown_; }

 private:
  static constexpr std::size_t kTopElements = 96;  // what image headers have: one allocation

  struct Level {
    Tag tag;
    bool undefined_length;
    Sequence items;
  };

  DataSet& current() { return levels_.empty() ? top_ : levels_.back().items.back().data_set; }
  [[nodiscard]] VR known_vr(Tag tag) const;
  [[nodiscard]] std::optional<Element> known(Tag tag, ByteView value);
  [[nodiscard]] std::optional<Element> known_sequence(Tag tag, ByteView value);
  void note_order(const DataSet& data_set);

  SharedBytes buffer_;
  Limits limits_;
  DataSet top_;
  std::vector<Level> levels_;
  Departures departures_;
  std::uint64_t elements_of_unknown_ = 0;
  Tag fragments_tag_;
  VR fragments_vr_ = VR::OB;
  Fragments fragments_;
  bool first_fragment_ = true;
  bool drops_foreign_ = false;
};

}  // namespace pacs
