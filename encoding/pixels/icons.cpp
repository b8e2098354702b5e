#include "encoding/pixels/icons.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "encoding/data_sets/header_reader.h"
#include "encoding/pixels/pixel_attributes.h"
#include "encoding/pixels/stored_image.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {
namespace {

const Element* encapsulated_pixels(const DataSet& data_set) {
  const Element* pixels = data_set.find(kPixelData);
  const bool is_encapsulated =
      pixels != nullptr && pixels->bulk() != nullptr && pixels->bulk_is_encapsulated();
  return is_encapsulated ? pixels : nullptr;
}

bool holds_encapsulated_pixels(const Element& sequence) {
  return std::ranges::any_of(sequence.items(), [](const Item& item) {
    return encapsulated_pixels(item.data_set) != nullptr ||
           std::ranges::any_of(item.data_set, holds_encapsulated_pixels);
  });
}

/// The value with the head of an element before it (PS3.5 §7.1.2): a data set of its own.
Bytes with_head(ByteView value) {
  Bytes bytes;
  append(bytes, kPixelData.group(), ByteOrder::Little);
  append(bytes, kPixelData.element(), ByteOrder::Little);
  append(bytes, as_bytes("OB"));
  append(bytes, std::uint16_t{0}, ByteOrder::Little);
  append(bytes, kUndefinedLength, ByteOrder::Little);
  append(bytes, value);
  return bytes;
}

/// Puts native pixels in the place of the encapsulated ones.
Result<Departures> decode_icon(DataSet& icon, const TransferSyntax& from, ByteView value) {
  SharedBytes bytes = share(with_head(value));
  HeaderReader reader{from};
  PACS_TRY(reader.feed(bytes.view));
  PACS_TRY(Header header, reader.finish());
  header.data_set = icon;
  PACS_TRY(const StoredImage image, StoredImage::open(header, from, stored_in(std::move(bytes))));
  const std::uint64_t length = image.format().frame.bytes();
  if (image.format().frames != 1 || length > kIconBytesMax) {
    return fail(ErrorKind::Unsupported, "no icon has so many pixels");
  }
  Bytes pixels(static_cast<std::size_t>(length));
  PACS_TRY(const FramePixels what, image.decode(0, pixels));
  describe_pixels(icon, {what.format, what.shift + what.format.bits_stored - 1, false, length});
  icon.set_bytes(kPixelData, icon.find(kPixelData)->vr(), std::move(pixels));
  Departures met = image.departures();
  met.add(what.departures);
  return met;
}

class IconDecoder {
 public:
  IconDecoder(const TransferSyntax& from, const ReadStored& stored)
      : from_(from), stored_(stored) {}

  Result<> decode_within(DataSet& data_set) {
    std::vector<Element> decoded;  // elements cannot change while they are walked over
    std::vector<Tag> undecoded;
    for (const Element& element : data_set) {
      if (!holds_encapsulated_pixels(element)) continue;
      Sequence items = element.items();
      PACS_TRY(const bool is_whole, decode(items));
      if (is_whole) {
        decoded.push_back(Element::sequence(element.tag(), std::move(items),
                                            element.undefined_length(), element.vr()));
      } else {
        undecoded.push_back(element.tag());
      }
    }
    for (Element& element : decoded) data_set.set(std::move(element));
    for (const Tag tag : undecoded) data_set.erase(tag);
    return {};
  }

  [[nodiscard]] Departures met() const { return met_; }

 private:
  /// Whether all of them can be.
  Result<bool> decode(Sequence& items) {
    for (Item& item : items) {
      PACS_TRY(decode_within(item.data_set));
      const Element* pixels = encapsulated_pixels(item.data_set);
      if (pixels == nullptr) continue;
      Result<Departures> icon = fail(ErrorKind::LimitExceeded, "an icon passes kIconBytesMax");
      if (pixels->bulk()->length <= kIconBytesMax) {
        PACS_TRY(const Bytes value, read_bytes(stored_, *pixels->bulk()));
        icon = decode_icon(item.data_set, from_, value);
      }
      met_.add(icon ? *icon : Departures{Departure::IconNotDecoded});
      if (!icon) return false;
    }
    return true;
  }

  const TransferSyntax& from_;
  const ReadStored& stored_;
  Departures met_;
};

}  // namespace

Result<Departures> decode_icons(DataSet& data_set, const TransferSyntax& from,
                                const ReadStored& stored) {
  IconDecoder decoder{from, stored};
  PACS_TRY(decoder.decode_within(data_set));
  return decoder.met();
}

}  // namespace pacs
