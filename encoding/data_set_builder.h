// DataSetBuilder: a DataSet out of the tokens of a scanner. The caller may make an element of a
// value itself.
#pragma once

#include <utility>
#include <vector>

#include "core/dicom_dataset.h"
#include "encoding/token_scanner.h"

namespace pacs {

class DataSetBuilder {
 public:
  /// `buffer` keeps alive what the elements view.
  explicit DataSetBuilder(SharedBytes buffer) : buffer_(std::move(buffer)), top_(buffer_) {
    top_.reserve(kTopElements);
  }

  /// Adds to the item that is open, else to the data set itself.
  void add(Element element) { current().push_back(std::move(element)); }

  void open_sequence(const Token& token) {
    levels_.push_back(Level{token.tag, token.undefined_length, {}});
  }
  void open_item(const Token& token) {
    levels_.back().items.push_back(Item{DataSet{buffer_}, token.undefined_length});
  }
  /// Its items may have shown another VR than its start: UN that holds explicit VR is a sequence.
  void close_sequence(VR vr) {
    Level closed = std::move(levels_.back());
    levels_.pop_back();
    add(Element::sequence(closed.tag, std::move(closed.items), closed.undefined_length, vr));
  }

  void open_fragments(const Token& token) {
    fragments_tag_ = token.tag;
    fragments_vr_ = token.vr;
    fragments_ = Fragments{};
    first_fragment_ = true;
  }
  void add_fragment(ByteView fragment) {
    if (std::exchange(first_fragment_, false)) {
      fragments_.basic_offset_table = fragment;
    } else {
      fragments_.fragments.push_back(fragment);
    }
  }
  void close_fragments() {
    add(Element::fragments(fragments_tag_, fragments_vr_, std::move(fragments_), buffer_.keeper));
  }

  /// Handles every token of a scanner that gives values whole.
  void add(const Token& token);

  /// Of the encapsulated value that is open or was last.
  [[nodiscard]] const Fragments& fragments() const { return fragments_; }
  /// What is complete at the top level.
  [[nodiscard]] const DataSet& so_far() const { return top_; }
  [[nodiscard]] DataSet take() { return std::move(top_); }

 private:
  static constexpr std::size_t kTopElements = 96;  // what image headers have: one allocation

  struct Level {
    Tag tag;
    bool undefined_length;
    Sequence items;
  };

  DataSet& current() { return levels_.empty() ? top_ : levels_.back().items.back().data_set; }

  SharedBytes buffer_;
  DataSet top_;
  std::vector<Level> levels_;
  Tag fragments_tag_;
  VR fragments_vr_ = VR::OB;
  Fragments fragments_;
  bool first_fragment_ = true;
};

inline void DataSetBuilder::add(const Token& token) {
  switch (token.kind) {
    case Token::Kind::Element:
      return add(Element::view(token.tag, token.vr, token.value, token.order));
    case Token::Kind::SequenceStart:
      return open_sequence(token);
    case Token::Kind::ItemStart:
      return open_item(token);
    case Token::Kind::ItemEnd:
      return;
    case Token::Kind::SequenceEnd:
      return close_sequence(token.vr);
    case Token::Kind::FragmentsStart:
      return open_fragments(token);
    case Token::Kind::Fragment:
      return add_fragment(token.value);
    case Token::Kind::FragmentsEnd:
      return close_fragments();
    case Token::Kind::LongElement:
    case Token::Kind::LongFragment:
    case Token::Kind::Chunk:
      return;
  }
}

}  // namespace pacs
