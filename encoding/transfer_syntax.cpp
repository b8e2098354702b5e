#include "encoding/transfer_syntax.h"

#include <algorithm>
#include <array>

#include "core/vr_types.h"

namespace pacs {
namespace {

constexpr ByteOrder kLittle = ByteOrder::Little;
constexpr ByteOrder kBig = ByteOrder::Big;

// PS3.6 Table A-1, the rows of type Transfer Syntax in their order. What the last columns say is
// PS3.5 Annex A: everything but the first row and Papyrus is explicit VR.
// clang-format off
constexpr std::array kTransferSyntaxes{
  // uid, keyword, name, explicit VR, byte order, deflated, codec, encapsulated, lossless, retired
  TransferSyntax{"1.2.840.10008.1.2", "ImplicitVRLittleEndian", "Implicit VR Little Endian", false, kLittle, false, Codec::Native, false, true, false},
  TransferSyntax{"1.2.840.10008.1.2.1", "ExplicitVRLittleEndian", "Explicit VR Little Endian", true, kLittle, false, Codec::Native, false, true, false},
  TransferSyntax{"1.2.840.10008.1.2.1.98", "EncapsulatedUncompressedExplicitVRLittleEndian", "Encapsulated Uncompressed Explicit VR Little Endian", true, kLittle, false, Codec::Uncompressed, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.1.99", "DeflatedExplicitVRLittleEndian", "Deflated Explicit VR Little Endian", true, kLittle, true, Codec::Native, false, true, false},
  TransferSyntax{"1.2.840.10008.1.2.2", "ExplicitVRBigEndian", "Explicit VR Big Endian", true, kBig, false, Codec::Native, false, true, true},
  TransferSyntax{"1.2.840.10008.1.2.4.50", "JPEGBaseline8Bit", "JPEG Baseline (Process 1)", true, kLittle, false, Codec::Jpeg, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.51", "JPEGExtended12Bit", "JPEG Extended (Process 2 and 4)", true, kLittle, false, Codec::Jpeg, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.52", "JPEGExtended35", "JPEG Extended (Process 3 and 5)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.53", "JPEGSpectralSelectionNonHierarchical68", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", true, kLittle, false, Codec::Jpeg, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.54", "JPEGSpectralSelectionNonHierarchical79", "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.55", "JPEGFullProgressionNonHierarchical1012", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", true, kLittle, false, Codec::Jpeg, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.56", "JPEGFullProgressionNonHierarchical1113", "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.57", "JPEGLossless", "JPEG Lossless, Non-Hierarchical (Process 14)", true, kLittle, false, Codec::JpegLossless, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.58", "JPEGLosslessNonHierarchical15", "JPEG Lossless, Non-Hierarchical (Process 15)", true, kLittle, false, Codec::Unread, true, true, true},
  TransferSyntax{"1.2.840.10008.1.2.4.59", "JPEGExtendedHierarchical1618", "JPEG Extended, Hierarchical (Process 16 and 18)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.60", "JPEGExtendedHierarchical1719", "JPEG Extended, Hierarchical (Process 17 and 19)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.61", "JPEGSpectralSelectionHierarchical2022", "JPEG Spectral Selection, Hierarchical (Process 20 and 22)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.62", "JPEGSpectralSelectionHierarchical2123", "JPEG Spectral Selection, Hierarchical (Process 21 and 23)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.63", "JPEGFullProgressionHierarchical2426", "JPEG Full Progression, Hierarchical (Process 24 and 26)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.64", "JPEGFullProgressionHierarchical2527", "JPEG Full Progression, Hierarchical (Process 25 and 27)", true, kLittle, false, Codec::Unread, true, false, true},
  TransferSyntax{"1.2.840.10008.1.2.4.65", "JPEGLosslessHierarchical28", "JPEG Lossless, Hierarchical (Process 28)", true, kLittle, false, Codec::Unread, true, true, true},
  TransferSyntax{"1.2.840.10008.1.2.4.66", "JPEGLosslessHierarchical29", "JPEG Lossless, Hierarchical (Process 29)", true, kLittle, false, Codec::Unread, true, true, true},
  TransferSyntax{"1.2.840.10008.1.2.4.70", "JPEGLosslessSV1", "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])", true, kLittle, false, Codec::JpegLossless, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.80", "JPEGLSLossless", "JPEG-LS Lossless Image Compression", true, kLittle, false, Codec::JpegLs, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.81", "JPEGLSNearLossless", "JPEG-LS Lossy (Near-Lossless) Image Compression", true, kLittle, false, Codec::JpegLs, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.90", "JPEG2000Lossless", "JPEG 2000 Image Compression (Lossless Only)", true, kLittle, false, Codec::Jpeg2000, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.91", "JPEG2000", "JPEG 2000 Image Compression", true, kLittle, false, Codec::Jpeg2000, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.92", "JPEG2000MCLossless", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)", true, kLittle, false, Codec::Jpeg2000, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.93", "JPEG2000MC", "JPEG 2000 Part 2 Multi-component Image Compression", true, kLittle, false, Codec::Jpeg2000, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.94", "JPIPReferenced", "JPIP Referenced", true, kLittle, false, Codec::Elsewhere, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.95", "JPIPReferencedDeflate", "JPIP Referenced Deflate", true, kLittle, true, Codec::Elsewhere, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.100", "MPEG2MPML", "MPEG2 Main Profile / Main Level", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.100.1", "MPEG2MPMLF", "Fragmentable MPEG2 Main Profile / Main Level", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.101", "MPEG2MPHL", "MPEG2 Main Profile / High Level", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.101.1", "MPEG2MPHLF", "Fragmentable MPEG2 Main Profile / High Level", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.102", "MPEG4HP41", "MPEG-4 AVC/H.264 High Profile / Level 4.1", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.102.1", "MPEG4HP41F", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.103", "MPEG4HP41BD", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.103.1", "MPEG4HP41BDF", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.104", "MPEG4HP422D", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.104.1", "MPEG4HP422DF", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.105", "MPEG4HP423D", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.105.1", "MPEG4HP423DF", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.106", "MPEG4HP42STEREO", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.106.1", "MPEG4HP42STEREOF", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.107", "HEVCMP51", "HEVC/H.265 Main Profile / Level 5.1", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.108", "HEVCM10P51", "HEVC/H.265 Main 10 Profile / Level 5.1", true, kLittle, false, Codec::Video, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.110", "JPEGXLLossless", "JPEG XL Lossless", true, kLittle, false, Codec::JpegXl, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.111", "JPEGXLJPEGRecompression", "JPEG XL JPEG Recompression", true, kLittle, false, Codec::JpegXl, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.112", "JPEGXL", "JPEG XL", true, kLittle, false, Codec::JpegXl, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.201", "HTJ2KLossless", "High-Throughput JPEG 2000 Image Compression (Lossless Only)", true, kLittle, false, Codec::Htj2k, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.202", "HTJ2KLosslessRPCL", "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)", true, kLittle, false, Codec::Htj2k, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.4.203", "HTJ2K", "High-Throughput JPEG 2000 Image Compression", true, kLittle, false, Codec::Htj2k, true, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.204", "JPIPHTJ2KReferenced", "JPIP HTJ2K Referenced", true, kLittle, false, Codec::Elsewhere, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.4.205", "JPIPHTJ2KReferencedDeflate", "JPIP HTJ2K Referenced Deflate", true, kLittle, true, Codec::Elsewhere, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.5", "RLELossless", "RLE Lossless", true, kLittle, false, Codec::Rle, true, true, false},
  TransferSyntax{"1.2.840.10008.1.2.6.1", "RFC2557MIMEEncapsulation", "RFC 2557 MIME encapsulation", true, kLittle, false, Codec::NotADataSet, false, true, true},
  TransferSyntax{"1.2.840.10008.1.2.6.2", "XMLEncoding", "XML Encoding", true, kLittle, false, Codec::NotADataSet, false, true, true},
  TransferSyntax{"1.2.840.10008.1.2.7.1", "SMPTEST211020UncompressedProgressiveActiveVideo", "SMPTE ST 2110-20 Uncompressed Progressive Active Video", true, kLittle, false, Codec::NotADataSet, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.7.2", "SMPTEST211020UncompressedInterlacedActiveVideo", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", true, kLittle, false, Codec::NotADataSet, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.7.3", "SMPTEST211030PCMDigitalAudio", "SMPTE ST 2110-30 PCM Digital Audio", true, kLittle, false, Codec::NotADataSet, false, false, false},
  TransferSyntax{"1.2.840.10008.1.2.8.1", "DeflatedImageFrameCompression", "Deflated Image Frame Compression", true, kLittle, false, Codec::DeflatedFrame, true, true, false},
  TransferSyntax{"1.2.840.10008.1.20", "Papyrus3ImplicitVRLittleEndian", "Papyrus 3 Implicit VR Little Endian", false, kLittle, false, Codec::Unread, false, true, true},
};
// clang-format on

constexpr const TransferSyntax& row(std::string_view uid) {
  return *std::ranges::find(kTransferSyntaxes, uid, &TransferSyntax::uid);
}

}  // namespace

std::span<const TransferSyntax> transfer_syntaxes() {
  return kTransferSyntaxes;
}

const TransferSyntax* find_transfer_syntax(std::string_view uid) {
  const auto found = std::ranges::find(kTransferSyntaxes, uid, &TransferSyntax::uid);
  return found == kTransferSyntaxes.end() ? nullptr : &*found;
}

const TransferSyntax& implicit_vr_little_endian() {
  return row("1.2.840.10008.1.2");
}
const TransferSyntax& explicit_vr_little_endian() {
  return row("1.2.840.10008.1.2.1");
}

}  // namespace pacs
