// Transfer syntaxes (PS3.5 §10, PS3.6 Table A-1): what the bytes of a data set look like.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/bytes.h"

namespace pacs {

/// How a transfer syntax codes the frames of pixel data (PS3.5 §8.2, Annex A).
enum class Codec : std::uint8_t {
  Native,        ///< as they are, in a value of defined length
  Uncompressed,  ///< as they are, in fragments
  Jpeg,          ///< baseline, sequential extended and progressive, Huffman coded
  JpegLossless,  ///< process 14
  JpegLs,
  Jpeg2000,
  Htj2k,
  JpegXl,
  Rle,
  DeflatedFrame,
  Video,       ///< MPEG-2, H.264, HEVC: carried through, one stream for all frames
  Elsewhere,   ///< JPIP: the data set says where pixels are to be fetched (PS3.5 §A.6)
  Unread,      ///< retired: stored and sent as it is
  NotADataSet  ///< MIME and XML wrappings (retired), RTP payloads of DICOM-RTV (PS3.22)
};

struct TransferSyntax {
  std::string_view uid;
  std::string_view keyword;
  std::string_view name;
  bool explicit_vr = true;
  ByteOrder byte_order = ByteOrder::Little;
  bool deflated = false;  ///< the data set is a raw deflate stream (PS3.5 §A.5)
  Codec codec = Codec::Native;
  bool encapsulated = false;  ///< pixel data comes in fragments (PS3.5 §A.4)
  bool lossless = true;       ///< whatever it holds is what went in; false where it may not be
  bool retired = false;
};

/// Every transfer syntax of the UID registry, in its order.
[[nodiscard]] std::span<const TransferSyntax> transfer_syntaxes();
/// nullptr for a UID that the registry does not name.
[[nodiscard]] const TransferSyntax* find_transfer_syntax(std::string_view uid);

[[nodiscard]] const TransferSyntax& implicit_vr_little_endian();
[[nodiscard]] const TransferSyntax& explicit_vr_little_endian();

}  // namespace pacs
