#include "encoding/scan/token_scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/scan/scan_bytes.h"

namespace pacs {
namespace {

constexpr std::uint64_t kNoLimit = UINT64_MAX;

bool is_capital(char letter) {
  return letter >= 'A' && letter <= 'Z';
}

/// Groups that may stand where an element does and be none: FFFE, and 0000 of NULs behind the last.
/// One comparison, for it is made of every element.
bool may_be_no_element(Tag tag) {
  return static_cast<std::uint16_t>(tag.group() + 2) <= 2;
}

}  // namespace

TokenScanner::TokenScanner(const TransferSyntax& syntax, const ScanOptions& options)
    : options_(options) {
  frames_.reserve(16);
  frames_.push_back(Frame{kNoLimit, Tag{}, Place::Start, VR::SQ, false, syntax.explicit_vr,
                          syntax.byte_order, false, false, false});
}

TokenScanner::Found TokenScanner::next(ByteView& input, Token& token) {
  if (has_failed_) return Found::Error;
  if (chunk_left_ > 0) return next_chunk(input, token);
  const Frame& top = frames_.back();
  if (top.defined && offset_ == top.limit) return end_defined(token);
  switch (top.place) {
    case Place::Sequence:
      return next_in_sequence(input, token);
    case Place::Fragments:
      return next_fragment(input, token);
    case Place::Start:
      return at_start(input, token);
    case Place::Behind:
    case Place::Nuls:
      return next_behind(input);
    case Place::DataSet:
    case Place::Item:
      break;
  }
  return next_in_data_set(input, token);
}

// PS3.5 §7.1: "Data Element = Data Element Tag, [Value Representation], Value Length, Value Field".
TokenScanner::Found TokenScanner::next_in_data_set(ByteView& input, Token& token) {
  const Frame& top = frames_.back();
  if (input.size() < kItemHeaderBytes || top.limit - offset_ < kItemHeaderBytes) {
    return need_header(input, top, kItemHeaderBytes, Tag{});
  }
  ElementHead header{load_tag(input.data(), top.order), VR::UN, kItemHeaderBytes, 0,
                     top.explicit_vr};
  if (may_be_no_element(header.tag)) {
    if (const auto found = no_element(input, header.tag, token)) return *found;
  }
  if (top.place == Place::DataSet && options_.stop_before && header.tag >= *options_.stop_before) {
    return Found::Stop;
  }
  if (top.explicit_vr) {
    const Found found = explicit_header(input, top, header);
    if (found != Found::Token) return found;
  } else {
    header.vr = implicit_vr(header.tag, top);
    header.length = load32(input.data() + 4, top.order);
  }
  if (header.size > top.limit - offset_) return need_header(input, top, header.size, header.tag);

  const bool undefined = header.length == kUndefinedLength;
  const std::uint64_t room = top.limit - offset_ - header.size;
  if (!undefined && header.length > room) {
    return failed(
        ErrorKind::Malformed, header.tag,
        fmt::format("length {} passes the end of the {} by {} bytes", header.length,
                    top.place == Place::Item && top.defined ? "item" : "enclosing sequence",
                    header.length - room));
  }
  if (undefined || header.vr == VR::SQ) return open_undefined(input, header, token);
  const Found found = value(input, header, Token::Kind::Element, token);
  if (found == Found::Token && header.tag == tags::PixelRepresentation && header.vr == VR::US &&
      token.value.size() >= 2) {
    frames_.back().signed_pixels = load16(token.value.data(), token.order) == 1;
  }
  return found;
}

// PS3.5 §7.1.2: "VRs of OB, OD, OF, OL, OV, OW, SQ, SV, UC, UR, UT, UV, UN: the 16 bits following
// the two character VR Field are reserved ... The Value Length Field is a 32-bit unsigned integer".
TokenScanner::Found TokenScanner::explicit_header(ByteView input, const Frame& top,
                                                  ElementHead& header) {
  const char first = static_cast<char>(input[4]);
  const char second = static_cast<char>(input[5]);
  bool long_form = false;
  if (const auto vr = parse_vr(first, second)) {
    header.vr = *vr;
    long_form = info(*vr).long_form;
  } else {
    // PS3.5 §6.2: VRs defined in the future have the form of UN. Two capital letters before two
    // reserved zeros may be one; anything else (spaces, "??", lower case) was always a short form.
    // DCMTK decides by the letters alone, which misreads short private ones.
    header.vr = VR::UN;
    long_form = is_capital(first) && is_capital(second) && load16(input.data() + 6, top.order) == 0;
    if (!long_form) return without_vr(input, top, header);
    departures_.add(Departure::UnknownVr);
  }
  if (!long_form) {
    header.length = load16(input.data() + 6, top.order);
    return Found::Token;
  }
  header.size = 12;
  if (input.size() < header.size) return need_header(input, top, header.size, header.tag);
  if (load16(input.data() + 6, top.order) != 0) departures_.add(Departure::ReservedBytes);
  header.length = load32(input.data() + 8, top.order);
  return Found::Token;
}

// PS3.5 §A.1, Annex A of PS3.6: what the dictionary leaves open is US or SS, which Pixel
// Representation decides; 8 or 16 bits are OW in implicit VR.
VR TokenScanner::implicit_vr(Tag tag, const Frame& top) const {
  const DictionaryEntry* entry = lookup(tag);
  if (entry == nullptr) return VR::UN;
  if (top.signed_pixels && entry->vr_count == 2 && entry->vrs[0] == VR::US &&
      entry->vrs[1] == VR::SS) {
    return VR::SS;
  }
  return entry->vr();
}

/// A sequence of either form of length, or an encapsulated value.
TokenScanner::Found TokenScanner::open_undefined(ByteView& input, ElementHead header,
                                                 Token& token) {
  // Some writers give a sequence the VR of bytes.
  const bool as_bytes = header.explicit_vr && header.vr != VR::SQ && header.vr != VR::UN &&
                        dictionary_vr(header.tag) == VR::SQ;
  if (as_bytes) {
    header.vr = VR::SQ;
    departures_.add(Departure::SequenceAsBytes);
  }
  const bool undefined = header.vr != VR::SQ || header.length == kUndefinedLength;
  const bool fragments = header.vr == VR::OB || header.vr == VR::OW;
  if (!fragments && header.vr != VR::SQ && header.vr != VR::UN) {
    return failed(ErrorKind::Malformed, header.tag,
                  fmt::format("undefined length with VR {}", to_string(header.vr)));
  }
  if (!fragments && depth_ >= options_.limits.nesting_depth_max) {
    return failed(ErrorKind::LimitExceeded, header.tag,
                  fmt::format("sequences are nested deeper than nesting_depth_max = {}",
                              options_.limits.nesting_depth_max));
  }
  if (++elements_ > options_.limits.elements_max) {
    return failed(
        ErrorKind::LimitExceeded, header.tag,
        fmt::format("more than elements_max = {} elements", options_.limits.elements_max));
  }
  const Frame top = frames_.back();
  // In implicit VR a tag of undefined length that the dictionary does not know can only be SQ
  // (PS3.5 §7.1.3, §6.2.2); in explicit VR it came as UN and is to be written so again.
  // Encapsulated pixel data is OB (PS3.5 §A.4), though no transfer syntax has it in implicit VR.
  VR vr = header.vr;
  if (!header.explicit_vr) vr = fragments ? VR::OB : VR::SQ;
  token = Token{fragments ? Token::Kind::FragmentsStart : Token::Kind::SequenceStart,
                vr,
                top.order,
                undefined,
                header.tag,
                undefined ? 0 : header.length,
                offset_,
                offset_ + header.size,
                {}};
  take(input, header.size);
  push(fragments ? Place::Fragments : Place::Sequence, header.tag, vr, !undefined,
       undefined ? top.limit : offset_ + header.length);
  if (fragments) return Found::Token;
  ++depth_;
  Frame& sequence = frames_.back();
  if (vr == VR::UN) {
    // PS3.5 §6.2.2 note 4: "the Value ... is encoded as Implicit VR Little Endian".
    sequence.order = ByteOrder::Little;
  }
  sequence.form_unsure = as_bytes || header.explicit_vr != top.explicit_vr || vr == VR::UN;
  sequence.explicit_vr = header.explicit_vr && vr != VR::UN;
  return Found::Token;
}

TokenScanner::Found TokenScanner::next_in_sequence(ByteView& input, Token& token) {
  const Frame top = frames_.back();
  if (input.size() < kItemHeaderBytes) return need_header(input, top, kItemHeaderBytes, top.tag);
  const Tag tag = load_tag(input.data(), top.order);
  if (tag == kSequenceDelimitation && !top.defined) {
    return delimiter(input, Token::Kind::SequenceEnd, token);
  }
  if (tag != kItem) {
    if (is_stray(input, top)) return pass_over(input, token);
    return failed(ErrorKind::Malformed, tag,
                  fmt::format("expected an item of sequence {}", top.tag.to_string()));
  }
  if (kItemHeaderBytes > top.limit - offset_) return need_header(input, top, kItemHeaderBytes, tag);
  const std::uint32_t length = load32(input.data() + 4, top.order);
  const bool undefined = length == kUndefinedLength;
  const std::uint64_t room = top.limit - offset_ - kItemHeaderBytes;
  if (!undefined && length > room) {
    return failed(ErrorKind::Malformed, tag,
                  fmt::format("length {} of an item passes the end of sequence {} by {} bytes",
                              length, top.tag.to_string(), length - room));
  }
  if (++elements_ > options_.limits.elements_max) {
    return failed(
        ErrorKind::LimitExceeded, top.tag,
        fmt::format("more than elements_max = {} elements", options_.limits.elements_max));
  }
  token = Token{Token::Kind::ItemStart,
                top.vr,
                top.order,
                undefined,
                tag,
                undefined ? 0 : length,
                offset_,
                offset_ + kItemHeaderBytes,
                {}};
  take(input, kItemHeaderBytes);
  push(top.form_unsure ? Place::Start : Place::Item, top.tag, top.vr, !undefined,
       undefined ? top.limit : offset_ + length);
  return Found::Token;
}

// PS3.5 §A.4: "each fragment is an Item; the first Item is the Basic Offset Table; the end is a
// Sequence Delimitation Item". A fragment has a defined length.
TokenScanner::Found TokenScanner::next_fragment(ByteView& input, Token& token) {
  const Frame top = frames_.back();
  if (input.size() < kItemHeaderBytes) return need_header(input, top, kItemHeaderBytes, top.tag);
  const Tag tag = load_tag(input.data(), top.order);
  if (tag == kSequenceDelimitation) {
    if (!top.seen_first) departures_.add(Departure::NoBasicOffsetTable);
    return delimiter(input, Token::Kind::FragmentsEnd, token);
  }
  const ElementHead header{tag, top.vr, kItemHeaderBytes, load32(input.data() + 4, top.order),
                           top.explicit_vr};
  if (tag != kItem || header.length == kUndefinedLength) {
    return failed(ErrorKind::Malformed, tag,
                  fmt::format("expected a fragment of {}", top.tag.to_string()));
  }
  if (std::uint64_t{kItemHeaderBytes} + header.length > top.limit - offset_) {
    return failed(
        ErrorKind::Malformed, tag,
        fmt::format("length {} of a fragment passes the end of the enclosing item", header.length));
  }
  const Found found = value(input, header, Token::Kind::Fragment, token);
  if (found == Found::Token) frames_.back().seen_first = true;
  return found;
}

/// An element or fragment of defined length: whole, or the start of its chunks.
TokenScanner::Found TokenScanner::value(ByteView& input, const ElementHead& header,
                                        Token::Kind whole, Token& token) {
  const bool is_long =
      header.length > options_.whole_value_max &&
      !(whole == Token::Kind::Element && header.length <= options_.whole_text_max &&
        info(header.vr).kind == VRKind::Text);
  const std::size_t bytes = is_long ? header.size : std::size_t{header.size} + header.length;
  if (input.size() < bytes) return need(input, bytes, header.tag);
  if (++elements_ > options_.limits.elements_max) {
    return failed(
        ErrorKind::LimitExceeded, header.tag,
        fmt::format("more than elements_max = {} elements", options_.limits.elements_max));
  }
  token.kind = whole;
  token.vr = header.vr;
  token.order = frames_.back().order;
  token.undefined_length = false;
  token.tag = header.tag;
  token.length = header.length;
  token.offset = offset_;
  token.value_offset = offset_ + header.size;
  token.value = ByteView{};
  if (is_long) {
    token.kind =
        whole == Token::Kind::Element ? Token::Kind::LongElement : Token::Kind::LongFragment;
    chunk_left_ = header.length;
    pending_ = header.tag;
  } else {
    token.value = input.subspan(header.size, header.length);
  }
  take(input, bytes);
  return Found::Token;
}

TokenScanner::Found TokenScanner::next_chunk(ByteView& input, Token& token) {
  if (input.empty()) return need(input, 1, pending_);
  const std::size_t bytes = std::min<std::size_t>(chunk_left_, input.size());
  chunk_left_ -= static_cast<std::uint32_t>(bytes);
  token.kind = Token::Kind::Chunk;
  token.tag = pending_;
  token.length = chunk_left_;
  token.offset = token.value_offset = offset_;
  token.value = input.first(bytes);
  take(input, bytes);
  return Found::Token;
}

TokenScanner::Found TokenScanner::delimiter(ByteView& input, Token::Kind kind, Token& token) {
  const Frame top = frames_.back();
  if (kItemHeaderBytes > top.limit - offset_)
    return need_header(input, top, kItemHeaderBytes, top.tag);
  // Some writers leave a length here; every reader ignores it, for nothing can follow.
  if (load32(input.data() + 4, top.order) != 0) departures_.add(Departure::DelimiterLength);
  token = Token{kind, top.vr, top.order, true, top.tag, 0, offset_, offset_ + kItemHeaderBytes, {}};
  take(input, kItemHeaderBytes);
  pop();
  return Found::Token;
}

TokenScanner::Found TokenScanner::end_defined(Token& token) {
  const Frame top = frames_.back();
  const bool sequence = top.place == Place::Sequence;
  if (sequence) defined_end_ = offset_;
  token = Token{sequence ? Token::Kind::SequenceEnd : Token::Kind::ItemEnd,
                top.vr,
                top.order,
                false,
                top.tag,
                0,
                offset_,
                offset_,
                {}};
  pop();
  return Found::Token;
}

void TokenScanner::push(Place place, Tag tag, VR vr, bool defined, std::uint64_t limit) {
  const Frame& outer = frames_.back();
  frames_.push_back(Frame{limit, tag, place, vr, defined, outer.explicit_vr, outer.order,
                          outer.signed_pixels, false, false});
}

void TokenScanner::pop() {
  if (frames_.back().place == Place::Sequence) --depth_;
  frames_.pop_back();
}

void TokenScanner::take(ByteView& input, std::size_t bytes) {
  input = input.subspan(bytes);
  offset_ += bytes;
}

TokenScanner::Found TokenScanner::need(ByteView input, std::size_t bytes, Tag tag) {
  needed_ = std::max(bytes, input.size() + 1);
  pending_ = tag;
  return Found::NeedMore;
}

/// More bytes for a header, unless the item or sequence it stands in ends before.
TokenScanner::Found TokenScanner::need_header(ByteView input, const Frame& top, std::size_t bytes,
                                              Tag tag) {
  if (bytes <= top.limit - offset_) return need(input, bytes, tag);
  return failed(
      ErrorKind::Malformed, top.tag,
      fmt::format("{} bytes before the end of the {} are not an element", top.limit - offset_,
                  top.place == Place::Sequence ? "sequence" : "item"));
}

TokenScanner::Found TokenScanner::failed(ErrorKind kind, Tag tag, std::string message) {
  has_failed_ = true;
  error_ = Error{kind, std::move(message)}.on(tag).at(offset_);
  return Found::Error;
}

Result<> TokenScanner::finish(ByteView rest) {
  if (has_failed_) return fail(error_);
  const Frame& top = frames_.back();
  if (frames_.size() == 1 && chunk_left_ == 0 &&
      (rest.empty() || (elements_ > 0 && is_nul(rest)))) {
    if (!rest.empty()) departures_.add(Departure::TrailingNuls);
    return {};
  }
  if (chunk_left_ > 0) {
    return fail(
        Error{ErrorKind::Truncated, fmt::format("{} bytes of the value are missing", chunk_left_)}
            .on(pending_)
            .at(offset_ + rest.size()));
  }
  if (rest.empty()) {
    return fail(Error{
        ErrorKind::Truncated,
        fmt::format("the {} does not end", top.place == Place::Sequence    ? "sequence"
                                           : top.place == Place::Fragments ? "encapsulated value"
                                                                           : "item")}
                    .on(top.tag)
                    .at(offset_));
  }
  return fail(Error{ErrorKind::Truncated,
                    fmt::format("{} bytes of the element are missing", needed_ - rest.size())}
                  .on(pending_)
                  .at(offset_ + rest.size()));
}

}  // namespace pacs
