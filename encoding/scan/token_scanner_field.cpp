// The part of the scanner that reads what the field sends against the standard. Data sets that keep
// to it never come here.
#include <algorithm>
#include <array>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/scan/scan_bytes.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {
namespace {

/// A wrong guess here files an image under another patient.
bool identifies(Tag tag) {
  static constexpr std::array kIdentity{
      tags::SOPClassUID,       tags::SOPInstanceUID,   tags::PatientName,      tags::PatientID,
      tags::IssuerOfPatientID, tags::StudyInstanceUID, tags::SeriesInstanceUID};
  return std::ranges::find(kIdentity, tag) != kIdentity.end();
}

}  // namespace

/// A first element that does not look as the transfer syntax says: what the data set is decides.
/// Others have nothing to pay for it.
TokenScanner::Found TokenScanner::at_start(ByteView& input, Token& token) {
  Frame& top = frames_.back();
  if (input.size() < kItemHeaderBytes || top.limit - offset_ < kItemHeaderBytes) {
    return next_in_data_set(input, token);
  }
  const bool is_data_set = frames_.size() == 1;
  if (load_tag(input.data(), top.order).group() != kItem.group()) {
    const ByteOrder order = is_data_set ? order_of_first(input) : top.order;
    bool explicit_vr = top.explicit_vr;
    if (names_vr(input) != explicit_vr) {
      if (!sees_enough(input)) return need(input, 2 * kLookAheadBytes, Tag{});
      explicit_vr = first_is_explicit(input, order);
    }
    if (order != top.order) departures_.add(Departure::OtherByteOrder);
    if (explicit_vr != top.explicit_vr) {
      if (is_data_set || !explicit_vr) departures_.add(Departure::OtherVrForm);
      if (top.vr == VR::UN) departures_.add(Departure::ExplicitInUnknown);
    }
    top.order = order;
    top.explicit_vr = explicit_vr;
    if (!is_data_set) {
      // What holds explicit VR is no value of unknown VR: written as a sequence it keeps them.
      if (explicit_vr) top.vr = VR::SQ;
      Frame& sequence = frames_[frames_.size() - 2];
      sequence.form_unsure = false;
      sequence.explicit_vr = explicit_vr;
      sequence.vr = top.vr;
    }
  }
  top.place = is_data_set ? Place::DataSet : Place::Item;
  return next_in_data_set(input, token);
}

/// Groups are small numbers in the right byte order. Only what the dictionary knows in the other
/// order alone is taken to be in it.
ByteOrder TokenScanner::order_of_first(ByteView input) const {
  const ByteOrder order = frames_.back().order;
  const ByteOrder other = order == ByteOrder::Little ? ByteOrder::Big : ByteOrder::Little;
  if (load16(input.data(), order) <= load16(input.data(), other)) return order;
  const bool turned = lookup(load_tag(input.data(), order)) == nullptr &&
                      lookup(load_tag(input.data(), other)) != nullptr;
  return turned ? other : order;
}

/// Of a first element that has a VR where none is expected, or none where one is.
bool TokenScanner::first_is_explicit(ByteView input, ByteOrder order) const {
  const Sight as_implicit = look(input, Reading::Implicit, order);
  if (!names_vr(input)) return as_implicit != Sight::Fits;
  if (as_implicit == Sight::Fits) return false;
  const Sight as_explicit = look(input, Reading::Explicit, order);
  return as_explicit == Sight::Fits || as_explicit == Sight::TooFar;
}

bool TokenScanner::sees_enough(ByteView input) const {
  return input_ended_ || input.size() >= kLookAheadBytes;
}

Sight TokenScanner::look(ByteView input, Reading reading, ByteOrder order) const {
  return look_ahead(input, reading, order, {frames_.back().limit - offset_, frames_.size() == 1});
}

/// Where an element is expected: a delimiter, or NULs behind the last one. nullopt: it is one.
std::optional<TokenScanner::Found> TokenScanner::no_element(ByteView& input, Tag tag,
                                                            Token& token) {
  Frame& top = frames_.back();
  const bool behind_one = top.place == Place::DataSet && elements_ > 0;
  if (tag.group() != kItem.group()) {
    if (!behind_one || !is_nul(input.first(kItemHeaderBytes))) return std::nullopt;
    top.place = Place::Nuls;
    return next_behind(input);
  }
  const bool open_item = top.place == Place::Item && !top.defined;
  if (tag == kItemDelimitation && open_item) return delimiter(input, Token::Kind::ItemEnd, token);
  if (is_stray(input, top)) return pass_over(input, token);
  if (tag == kSequenceDelimitation && open_item) {
    // PS3.5 §7.5.1 wants the item's own first. The sequence's stays for what comes next.
    departures_.add(Departure::ItemWithoutEnd);
    token = Token{Token::Kind::ItemEnd, top.vr, top.order, true, top.tag, 0, offset_, offset_, {}};
    pop();
    return Found::Token;
  }
  if (tag != kItem && behind_one) {
    top.place = Place::Behind;
    return next_behind(input);
  }
  return failed(ErrorKind::Malformed, tag,
                open_item ? "expected an element or the end of the item"
                          : "an item or delimiter where an element is expected");
}

/// An empty delimiter that ends nothing: inside of what a length ends, or behind it.
bool TokenScanner::is_stray(ByteView input, const Frame& top) const {
  if (top.limit - offset_ < kItemHeaderBytes || load32(input.data() + 4, top.order) != 0)
    return false;
  const Tag tag = load_tag(input.data(), top.order);
  if (tag == kItemDelimitation) return top.defined || top.place == Place::Sequence;
  return tag == kSequenceDelimitation && (top.defined || offset_ == defined_end_);
}

TokenScanner::Found TokenScanner::pass_over(ByteView& input, Token& token) {
  const Frame& top = frames_.back();
  departures_.add(Departure::StrayDelimiter);
  do {
    take(input, kItemHeaderBytes);
  } while (input.size() >= kItemHeaderBytes && is_stray(input, top));
  return next(input, token);
}

/// Behind the last element stand empty delimiters, then NULs, or nothing.
TokenScanner::Found TokenScanner::next_behind(ByteView& input) {
  Frame& top = frames_.back();
  while (top.place == Place::Behind) {
    if (input.size() < kItemHeaderBytes) return need(input, kItemHeaderBytes, Tag{});
    const Tag tag = load_tag(input.data(), top.order);
    if (is_nul(input.first(kItemHeaderBytes))) {
      top.place = Place::Nuls;
    } else if ((tag == kItemDelimitation || tag == kSequenceDelimitation) &&
               load32(input.data() + 4, top.order) == 0) {
      departures_.add(Departure::StrayDelimiter);
      take(input, kItemHeaderBytes);
    } else {
      return failed(ErrorKind::Malformed, tag,
                    "only empty delimiters and NULs may follow a delimiter of the data set");
    }
  }
  departures_.add(Departure::TrailingNuls);
  const auto other =
      std::ranges::find_if(input, [](std::byte byte) { return byte != std::byte{0}; });
  take(input, static_cast<std::size_t>(other - input.begin()));
  if (input.empty()) return need(input, 1, Tag{});
  return failed(ErrorKind::Malformed, Tag{}, "bytes that are not NUL follow NULs");
}

/// Two bytes that are no VR have always been read as the short form, with a length behind them; or
/// the element lacks its VR and they are the half of a length. What follows it tells.
TokenScanner::Found TokenScanner::without_vr(ByteView input, const Frame& top,
                                             ElementHead& header) {
  if (frames_.size() == 1 && identifies(header.tag)) {
    return failed(ErrorKind::Malformed, header.tag,
                  "has no VR, and what identifies an object is not guessed");
  }
  if (!sees_enough(input)) return need(input, 2 * kLookAheadBytes, header.tag);
  const auto fits = [&](Reading reading) {
    const Sight sight = look(input, reading, top.order);
    return sight == Sight::Fits || sight == Sight::MeetsVr;
  };
  const auto short_length = load16(input.data() + 6, top.order);
  const auto implicit_length = load32(input.data() + 4, top.order);
  const bool as_short = short_length != implicit_length && fits(Reading::ShortForm);
  const bool as_implicit = fits(Reading::Implicit);
  if (as_short && !as_implicit) {
    header.length = short_length;
    departures_.add(Departure::UnknownVr);
    return Found::Token;
  }
  // A value too long to look past is taken where nothing else is possible: what stands behind it
  // is read all the same, so it does not go wrong silently.
  const bool only_implicit = !as_short && !as_implicit && lookup(header.tag) != nullptr &&
                             look(input, Reading::Implicit, top.order) == Sight::TooFar;
  if (as_short == as_implicit && !only_implicit) {
    return failed(ErrorKind::Malformed, header.tag,
                  as_short ? "has no VR and may be read in two ways"
                           : "has no VR, and what follows it is no element");
  }
  header.vr = implicit_vr(header.tag, top);
  header.length = implicit_length;
  header.explicit_vr = false;
  departures_.add(Departure::NoVr);
  return Found::Token;
}

bool TokenScanner::end_pixel_data(ByteView rest, Token& token) {
  const Frame top = frames_.back();
  if (has_failed_ || !rest.empty() || chunk_left_ > 0 || top.place != Place::Fragments ||
      top.tag != kPixelData || frames_.size() != 2 || !top.seen_first) {
    return false;
  }
  departures_.add(Departure::PixelDataWithoutEnd);
  token =
      Token{Token::Kind::FragmentsEnd, top.vr, top.order, true, top.tag, 0, offset_, offset_, {}};
  pop();
  return true;
}

}  // namespace pacs
