// Departures: what a data set from outside does against the standard although its meaning is clear.
// It is read by the rule named here and kept as it came; writing it again corrects it, so only one
// without departures is promised to come back byte for byte.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/vr_types.h"

namespace pacs {

enum class Departure : std::uint8_t {
  // Of the structure: the scanner sees them.
  UnknownVr,
  ReservedBytes,
  DelimiterLength,
  NoBasicOffsetTable,
  TrailingNuls,
  StrayDelimiter,
  ItemWithoutEnd,
  PixelDataWithoutEnd,
  NoVr,
  OtherVrForm,
  OtherByteOrder,
  ExplicitInUnknown,
  SequenceAsBytes,
  ZlibHeader,
  // Of elements and values: whoever builds a data set of the tokens sees them.
  KnownAsUnknown,
  ForeignGroup,
  ElementTwice,
  OutOfOrder,
  NativePixelData,
  NoCharacterSet,
  // Of pixel data: where it and the data set disagree; whoever reads frames sees them.
  CodestreamSign,
  CodestreamPrecision,
  CodestreamColour,
  CodestreamPadding,
  CodestreamLength,
  OffsetTable,
  MoreFragments,
  IconNotDecoded,
  PhotometricInterpretation,
  Display,
};

struct DepartureKind {
  Departure departure;
  std::string_view name;  ///< in metrics and log lines; never changed once released
  std::string_view rule;  ///< what it is, and how it is read
};

// clang-format off
inline constexpr std::array<DepartureKind, 30> kDepartureKinds{{
  {Departure::UnknownVr, "unknown_vr", "two letters that name no VR; read as UN"},
  {Departure::ReservedBytes, "reserved_bytes", "nonzero in a long explicit header (PS3.5 §7.1.2); ignored"},
  {Departure::DelimiterLength, "delimiter_length", "a delimiter's length is not zero (PS3.5 §7.5); ignored"},
  {Departure::NoBasicOffsetTable, "no_basic_offset_table", "fragments without their first item (PS3.5 §A.4); none is made up"},
  {Departure::TrailingNuls, "trailing_nuls", "zero bytes behind the last element; ignored"},
  {Departure::StrayDelimiter, "stray_delimiter", "an empty delimiter that ends nothing (PS3.5 §7.5); passed over"},
  {Departure::ItemWithoutEnd, "item_without_end", "the last item of a sequence has no delimiter (PS3.5 §7.5.1); the sequence's ends both"},
  {Departure::PixelDataWithoutEnd, "pixel_data_without_end", "encapsulated Pixel Data without delimiter (PS3.5 §A.4); it ends with the data set"},
  {Departure::NoVr, "no_vr", "an element without VR within explicit VR (PS3.5 §7.1.2); read as in implicit VR"},
  {Departure::OtherVrForm, "other_vr_form", "implicit VR where the transfer syntax is explicit, or the reverse (PS3.5 §7.1); what it is decides"},
  {Departure::OtherByteOrder, "other_byte_order", "the other byte order than that of the transfer syntax (PS3.5 §7.3); what it is decides"},
  {Departure::ExplicitInUnknown, "explicit_in_un", "explicit VR within UN of undefined length (PS3.5 §6.2.2); what it is decides"},
  {Departure::SequenceAsBytes, "sequence_as_bytes", "a sequence of the dictionary under another VR with undefined length; read as the sequence"},
  {Departure::ZlibHeader, "zlib_header", "a zlib or gzip header before the deflate stream (PS3.5 §A.5); passed over, its checksum is compared"},
  {Departure::KnownAsUnknown, "known_as_un", "an attribute of the dictionary as UN (PS3.5 §6.2.2); read with its VR, implicit little endian"},
  {Departure::ForeignGroup, "foreign_group", "elements of groups 0000 or 0002 in the data set (PS3.5 §7.1); not acted upon, left out where we write"},
  {Departure::ElementTwice, "element_twice", "an attribute twice (PS3.5 §7.1); the first counts"},
  {Departure::OutOfOrder, "out_of_order", "elements that do not stand in the order of their tags (PS3.5 §7.1); put in order where we write"},
  {Departure::NativePixelData, "native_pixel_data", "Pixel Data of defined length under an encapsulated transfer syntax (PS3.5 §A.4); kept as native"},
  {Departure::NoCharacterSet, "no_character_set", "text beyond ISO IR 6 and no character set named (PS3.5 §6.1.2.2); read in dicom.default_character_set"},
  {Departure::CodestreamSign, "codestream_sign", "the codestream's samples are signed and Pixel Representation says unsigned, or the reverse (PS3.5 §8.2); the bits count, read as Pixel Representation says"},
  {Departure::CodestreamPrecision, "codestream_precision", "the codestream has another precision than Bits Stored (PS3.5 §8.2); its samples are taken as they are"},
  {Departure::CodestreamColour, "codestream_colour", "the codestream's colours are not what Photometric Interpretation says (PS3.5 §8.2); what the codestream says counts"},
  {Departure::CodestreamPadding, "codestream_padding", "padding before the end of the codestream (PS3.5 §A.4); passed over"},
  {Departure::CodestreamLength, "codestream_length", "the codestream has more samples than Rows and Columns make (PS3.5 §G.3); what is behind them is passed over"},
  {Departure::OffsetTable, "offset_table", "an offset table that does not fit the fragments and Number of Frames (PS3.5 §A.4, PS3.3 §C.7.6.3.1.8); passed over, frames are found without it"},
  {Departure::MoreFragments, "more_fragments", "fragments or codestreams beyond Number of Frames (PS3.5 §A.4); not read"},
  {Departure::IconNotDecoded, "icon_not_decoded", "an icon whose compressed pixels cannot be decoded (PS3.3 §C.7.6.1.1.6); left out where we write another transfer syntax"},
  {Departure::PhotometricInterpretation, "photometric_interpretation", "Photometric Interpretation in lower case (PS3.3 §C.7.6.3.1.2), read as in upper case; or absent or unknown with one sample per pixel, whose pixels are decoded and not shown"},
  {Departure::Display, "display", "a rescale, VOI LUT, window, padding value, overlay or pixel aspect ratio that cannot be applied (PS3.3 §C.11, §C.9.2, §C.7.6.3.1.7); the picture is shown without it, and with LINEAR_EXACT where a LINEAR window is narrower than 1"},
}};
// clang-format on

/// A set of them.
class Departures {
 public:
  constexpr Departures() = default;
  explicit constexpr Departures(Departure departure) : bits_(bit(departure)) {}
  constexpr void add(Departure departure) { bits_ |= bit(departure); }
  constexpr void add(Departures others) { bits_ |= others.bits_; }
  [[nodiscard]] constexpr bool contains(Departure departure) const {
    return (bits_ & bit(departure)) != 0;
  }
  /// Those that are not among the others.
  [[nodiscard]] constexpr Departures without(Departures others) const {
    Departures left;
    left.bits_ = bits_ & ~others.bits_;
    return left;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  /// The names, "no_vr,trailing_nuls".
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const Departures&, const Departures&) = default;

 private:
  static constexpr std::uint32_t bit(Departure departure) {
    return std::uint32_t{1} << static_cast<unsigned>(departure);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace pacs
