// The walk over a data set that write_json and write_xml share: what is written of each element.
// How it is written is up to the format, which has for each element, in this order:
//
//   begin_element(data_set, element, vr, charset)
//   one of: begin_item(number), the elements of the item, end_item()    for each item
//           text(number, vr, utf8)           for each value; "" for an empty one among others
//           number(number, digits, plain)    for each value; `plain` as append_digits gives it
//           bulk_data(uri)
//           inline_binary(bytes)
//   end_element(vr, count)                   of items or values; `number` counts them from 1
#pragma once

#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/character_sets/text_values.h"
#include "encoding/foreign_element.h"
#include "encoding/model/model_options.h"
#include "encoding/model/model_values.h"

namespace pacs {

template <typename Format>
class ModelWriter {
 public:
  ModelWriter(Format& format, const ModelOptions& options) : format_(format), options_(options) {}

  void write(const DataSet& data_set, const CharacterSet& outer) {
    const bool named = data_set.contains(tags::SpecificCharacterSet);
    const CharacterSet own = named ? CharacterSet::of(data_set) : CharacterSet{};
    const CharacterSet& charset = named ? own : outer;  // PS3.5 §7.5.3: items inherit it
    // PS3.18 §F.2.2: by tag, each tag once, without group lengths. What belongs to commands and
    // files is not of the data set.
    for (const Element* in_order : data_set.in_order()) {
      const Element& element = *in_order;
      const Tag tag = element.tag();
      const bool foreign = is_of_command_or_file(tag) && !(options_.file_meta && tag.group() == 2);
      if (tag.is_group_length() || foreign) continue;
      // UN that was read as a sequence is one; with VR UN it could have no items.
      const bool sequence = element.form() == Element::Form::Sequence;
      const VR vr = sequence ? VR::SQ : element.vr();
      format_.begin_element(data_set, element, vr, charset);
      const std::size_t count =
          sequence ? write_items(element, charset) : write_value(element, charset);
      format_.end_element(vr, count);
    }
  }

 private:
  std::size_t write_items(const Element& element, const CharacterSet& charset) {
    std::size_t count = 0;
    const std::size_t outer = path_.size();
    for (const Item& item : element.items()) {
      format_.begin_item(++count);
      if (options_.bulk_data_uri) {
        path_.resize(outer);
        fmt::format_to(std::back_inserter(path_), "{:08X}.{}.", element.tag().value, count);
      }
      write(item.data_set, charset);
      format_.end_item();
    }
    path_.resize(outer);
    return count;
  }

  std::size_t write_value(const Element& element, const CharacterSet& charset) {
    const VRKind kind = info(element.vr()).kind;
    const bool binary = kind == VRKind::Bytes || kind == VRKind::Sequence;
    if (binary || element.form() != Element::Form::Value) return write_binary(element);
    return kind == VRKind::Text ? write_texts(element, charset) : write_numbers(element);
  }

  // PS3.18 §F.2.6 and §F.2.7, PS3.19 Table A.1.5-2.
  std::size_t write_binary(const Element& element) {
    const bool inside = element.form() == Element::Form::Value;
    const bool large = !inside || element.tag() == kPixelData ||
                       element.value().size() > options_.inline_bytes_max;
    if (large && options_.bulk_data_uri) {
      const std::string path = fmt::format("{}{:08X}", path_, element.tag().value);
      if (const std::string uri = options_.bulk_data_uri(element, path); !uri.empty()) {
        format_.bulk_data(uri);
        return 0;
      }
    }
    if (element.form() == Element::Form::Bulk || (inside && element.value().empty())) return 0;
    format_.inline_binary(bytes_for_model(element));
    return 0;
  }

  std::size_t write_texts(const Element& element, const CharacterSet& charset) {
    std::size_t count = 0;  // 0: PS3.18 §F.2.5
    for_each_text(element, charset,
                  [&](std::string_view value) { format_.text(++count, element.vr(), value); });
    return count;
  }

  std::size_t write_numbers(const Element& element) {
    const std::size_t count = element.value_count();
    for (std::size_t index = 0; index < count; ++index) {
      digits_.clear();
      const bool plain = append_digits(digits_, element, index);
      format_.number(index + 1, digits_, plain);
    }
    return count;
  }

  Format& format_;
  const ModelOptions& options_;
  std::string digits_;
  std::string path_;  ///< of the item at hand, for bulk_data_uri
};

}  // namespace pacs
