// Stored objects with pixels for tests: a data set as bytes, its header, and who reads of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/header_blob.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/pixels/stored_image.h"

namespace pacs::test {

/// An element with these fragments; an empty table has no offsets.
inline Element fragments_of(std::vector<Bytes> codestreams,
                            const std::vector<std::uint32_t>& table = {}) {
  auto kept = std::make_shared<std::pair<Bytes, std::vector<Bytes>>>();
  for (const std::uint32_t offset : table) append(kept->first, offset, ByteOrder::Little);
  kept->second = std::move(codestreams);
  Fragments fragments;
  fragments.basic_offset_table = kept->first;
  for (const Bytes& one : kept->second) fragments.fragments.emplace_back(one);
  return Element::fragments(kPixelData, VR::OB, std::move(fragments), kept);
}

/// The header that the index keeps of a data set, read again.
inline Header stored_header(ByteView data_set, const TransferSyntax& syntax) {
  HeaderReader reader{syntax};
  EXPECT_TRUE(reader.feed(data_set));
  auto header = reader.finish();
  EXPECT_TRUE(header) << (header ? "" : header.error().to_string());
  if (!header) return {};
  auto again = decode_header(share(encode_header(*header).value()));
  EXPECT_TRUE(again) << (again ? "" : again.error().to_string());
  return again ? std::move(*again) : Header{};
}

/// A stored object whose reads are counted.
struct StoredObject {
  Bytes bytes;
  const TransferSyntax* syntax;
  Header header;
  int reads = 0;

  StoredObject(const DataSet& data_set, std::string_view uid)
      : bytes(write_data_set(data_set, *find_transfer_syntax(uid)).value()),
        syntax(find_transfer_syntax(uid)),
        header(stored_header(bytes, *syntax)) {}

  ReadStored stored() {
    ReadStored lying = [this, read = stored_in({nullptr, bytes})](std::uint64_t offset,
                                                                  std::span<std::byte> into) {
      ++reads;
      return read(offset, into);
    };
    if (!syntax->deflated) return lying;
    return read_inflated(std::move(lying), bytes.size(), {}, header.inflate_points);
  }
  Result<Bytes> frame(std::uint32_t number) {
    PACS_TRY(const StoredImage image, StoredImage::open(header, *syntax, stored()));
    Bytes pixels(static_cast<std::size_t>(image.format().frame.bytes()));
    PACS_TRY(image.decode(number, pixels));
    return pixels;
  }
};

/// Reads pieces to their end.
inline Result<Bytes> whole_of(const Result<Pieces>& pieces) {
  if (!pieces) return fail(pieces.error());
  Bytes whole;
  for (;;) {
    PACS_TRY(const ByteView piece, (*pieces)());
    if (piece.empty()) return whole;
    append(whole, piece);
  }
}

/// A frame in the codec of a transfer syntax.
inline Bytes coded(Codec codec, ByteView pixels, const FrameFormat& format) {
  Bytes out;
  EXPECT_TRUE(find_frame_codec(codec)->encode(pixels, format, {}, out));
  return out;
}

}  // namespace pacs::test
