#include "encoding/pixels/lossy_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/dicom_tags.h"
#include "core/uid_generator.h"
#include "core/uids.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/frames/pixel_format.h"
#include "encoding/transfer_syntax.h"

namespace pacs {
namespace {

/// Derivation Description is ST (PS3.5 §6.2).
constexpr std::size_t kDescriptionCharactersMax = 1024;
/// What libjpeg takes.
constexpr std::uint32_t kJpegSideMax = 65'500;

Sequence one_code(std::string_view value, std::string_view meaning) {
  DataSet code;
  code.set_text(tags::CodeValue, value);
  code.set_text(tags::CodingSchemeDesignator, "DCM");
  code.set_text(tags::CodeMeaning, meaning);
  return {{std::move(code)}};
}

void append_item(DataSet& data_set, Tag tag, Item item) {
  Sequence items = data_set.items(tag);
  items.push_back(std::move(item));
  data_set.set_items(tag, std::move(items));
}

/// PS3.3 §C.7.6.1.1.5: the values of both attributes correspond. What nobody has said of an earlier
/// step stays empty.
void append_loss(DataSet& data_set, double ratio) {
  constexpr std::array kBoth{tags::LossyImageCompressionRatio, tags::LossyImageCompressionMethod};
  const auto marks = [&](Tag tag) {
    return static_cast<std::size_t>(std::ranges::count(data_set.text(tag), '\\'));
  };
  std::size_t steps = 0;
  for (const Tag tag : kBoth) {
    if (!data_set.text(tag).empty()) steps = std::max(steps, marks(tag) + 1);
  }
  for (const Tag tag : kBoth) {
    std::string values{data_set.text(tag)};
    values.append(steps - marks(tag), '\\');
    values +=
        tag == tags::LossyImageCompressionRatio ? fmt::format("{:.2f}", ratio) : "ISO_10918_1";
    data_set.set_text(tag, values);
  }
}

/// PS3.3 §C.7.6.1.1.2 and §C.8.16.1: the pixels are no longer those that were acquired.
void set_derived(DataSet& data_set, Tag type_tag) {
  const std::string_view type = data_set.text(type_tag);
  const std::size_t first = std::min(type.find('\\'), type.size());
  data_set.set_text(
      type_tag, type.empty() ? "DERIVED\\SECONDARY" : fmt::format("DERIVED{}", type.substr(first)));
}

/// Frame Type says it of each frame; it stands in a sequence of its own within a functional group
/// ("MR Image Frame Type"), PS3.3 §C.8.13.5.1.
void set_frames_derived(DataSet& groups) {
  std::vector<Element> changed;  // elements cannot change while they are walked over
  for (const Element& element : groups) {
    if (element.form() != Element::Form::Sequence) continue;
    Sequence items = element.items();
    bool has_type = false;
    for (Item& item : items) {
      if (!item.data_set.contains(tags::FrameType)) continue;
      set_derived(item.data_set, tags::FrameType);
      has_type = true;
    }
    if (!has_type) continue;
    changed.push_back(Element::sequence(element.tag(), std::move(items), element.undefined_length(),
                                        element.vr()));
  }
  for (Element& element : changed) groups.set(std::move(element));
}

void set_all_frames_derived(DataSet& data_set) {
  for (const Tag tag :
       {tags::SharedFunctionalGroupsSequence, tags::PerFrameFunctionalGroupsSequence}) {
    if (!data_set.contains(tag)) continue;
    Sequence items = data_set.items(tag);
    for (Item& item : items) set_frames_derived(item.data_set);
    data_set.set_items(tag, std::move(items));
  }
}

/// PS3.3 §C.7.6.1.1.3 and §C.12.4.1.2.
void set_derivation(DataSet& data_set, const LossyCopy& copy) {
  const std::string_view before = data_set.text(tags::DerivationDescription);
  std::string text = fmt::format("Lossy compression with JPEG baseline, quality {}, ratio {:.2f}",
                                 copy.jpeg_quality, copy.ratio);
  if (!before.empty() && before.size() + 2 + text.size() <= kDescriptionCharactersMax) {
    text = fmt::format("{}; {}", before, text);
  }
  data_set.set_text(tags::DerivationDescription, text);
  append_item(data_set, tags::DerivationCodeSequence,
              one_code("113040", "Lossy Compression").front());
  DataSet source;
  source.set_text(tags::ReferencedSOPClassUID, data_set.text(tags::SOPClassUID));
  source.set_text(tags::ReferencedSOPInstanceUID, data_set.text(tags::SOPInstanceUID));
  source.set_items(tags::PurposeOfReferenceCodeSequence,
                   one_code("121320", "Uncompressed predecessor"));
  append_item(data_set, tags::SourceImageSequence, {std::move(source)});
}

}  // namespace

bool has_lossy_copy(const Header& header, std::string_view transfer_syntax_uid) {
  const TransferSyntax* stored = find_transfer_syntax(transfer_syntax_uid);
  const bool is_read =
      stored != nullptr && stored->lossless &&
      (stored->codec == Codec::Native || find_frame_codec(stored->codec) != nullptr);
  if (!is_read || !header.pixel_data || header.pixel_data->value_length == 0 ||
      header.data_set.contains(tags::SegmentSequence)) {
    return false;
  }
  const auto format = pixel_format(header.data_set);
  if (!format || format->kind != PixelFormat::Kind::Integer || !format->has_meaning) return false;
  const FrameFormat& frame = format->frame;
  const bool colours = frame.samples_per_pixel == 3 && frame.colour != Colour::Palette;
  const bool grey = frame.samples_per_pixel == 1 && frame.colour == Colour::Monochrome;
  return (colours || grey) && frame.bits_allocated == 8 && frame.bits_stored == 8 &&
         !frame.is_signed && std::max(frame.rows, frame.columns) <= kJpegSideMax;
}

std::string lossy_copy_uid(std::string_view sop_instance_uid, int jpeg_quality) {
  return uid_from_name(fmt::format("{} in {} of quality {}", sop_instance_uid,
                                   uids::JPEGBaseline8Bit, jpeg_quality));
}

void describe_lossy_copy(DataSet& data_set, const LossyCopy& copy) {
  set_derivation(data_set, copy);
  set_derived(data_set, tags::ImageType);
  set_all_frames_derived(data_set);
  data_set.set_text(tags::SOPInstanceUID, copy.sop_instance_uid);
  data_set.set_text(tags::LossyImageCompression, "01");
  append_loss(data_set, copy.ratio);
  // They are optional, and of other pixels.
  data_set.erase(tags::SmallestImagePixelValue);
  data_set.erase(tags::LargestImagePixelValue);
}

}  // namespace pacs
