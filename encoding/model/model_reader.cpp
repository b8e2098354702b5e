#include "encoding/model/model_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/model/base64.h"
#include "encoding/model/model_values.h"

namespace pacs {

tl::unexpected<Error> malformed(Tag tag, std::string message) {
  return fail(Error{ErrorKind::Malformed, std::move(message)}.on(tag));
}

Result<Tag> read_model_tag(std::string_view digits) {
  const auto tag = digits.size() == 8 ? Tag::parse(digits) : std::nullopt;
  if (!tag) return fail(ErrorKind::Malformed, "an element is not named by the 8 digits of a tag");
  if (tag->group() == 0xFFFE) return malformed(*tag, "items and delimiters are not elements");
  return *tag;
}

Result<VR> read_model_vr(Tag tag, std::optional<std::string_view> name) {
  if (!name) return dictionary_vr(tag);
  const auto vr = name->size() == 2 ? parse_vr((*name)[0], (*name)[1]) : std::nullopt;
  if (!vr) return malformed(tag, "vr names no value representation");
  return *vr;
}

Result<> takes_values(Tag tag, VR vr) {
  if (info(vr).kind != VRKind::Bytes) return {};
  return malformed(tag, "a binary value is not given as Value");
}

namespace {

/// Bytes are what they are, also where a writer has left half a number; numbers must be whole.
Result<Element> element_of(Tag tag, VR vr, Bytes bytes) {
  const std::size_t unit = vr == VR::AT ? 4 : info(vr).unit_bytes;
  if (info(vr).kind != VRKind::Bytes && bytes.size() % unit != 0) {
    return malformed(tag, fmt::format("{} bytes are no whole number of values of VR {}",
                                      bytes.size(), to_string(vr)));
  }
  return Element::padded(tag, vr, std::move(bytes));
}

}  // namespace

Result<> ModelReader::check_depth(Tag tag, std::uint32_t depth) const {
  if (depth < options_.nesting_depth_max) return {};
  return fail(Error{ErrorKind::LimitExceeded,
                    fmt::format("sequences are nested deeper than nesting_depth_max = {}",
                                options_.nesting_depth_max)}
                  .on(tag));
}

Result<Element> ModelReader::inline_binary(Tag tag, VR vr, std::string_view base64) {
  if (info(vr).kind != VRKind::Bytes) {
    return malformed(tag, fmt::format("VR {} has no InlineBinary", to_string(vr)));
  }
  auto bytes = parse_base64(base64);
  if (!bytes) return malformed(tag, "InlineBinary is not base64");
  return element_of(tag, vr, std::move(*bytes));
}

Result<Element> ModelReader::bulk_data(Tag tag, VR vr, std::string_view uri) const {
  if (vr == VR::SQ) return malformed(tag, "a sequence is not given as bulk data");
  if (options_.refer_to_bulk) {
    PACS_TRY(const auto reference, options_.refer_to_bulk(uri, tag, vr));
    return Element::bulk(tag, vr, reference.where, reference.encapsulated);
  }
  if (!options_.resolve_bulk) {
    return fail(Error{ErrorKind::Unsupported, "bulk data cannot be fetched here"}.on(tag));
  }
  PACS_TRY(Bytes bytes, options_.resolve_bulk(uri, tag, vr));
  return element_of(tag, vr, std::move(bytes));
}

Result<> ModelReader::append_value(Bytes& to, Tag tag, VR vr, std::string_view text) {
  if (info(vr).kind == VRKind::Text) {
    append(to, as_bytes(text));
    has_non_ascii_ = has_non_ascii_ || std::ranges::any_of(text, [](char c) {
                       return static_cast<unsigned char>(c) >= 0x80;
                     });
  } else if (!append_from_text(to, vr, text)) {
    return malformed(tag, fmt::format("'{:.32}' is not a value of VR {}", text, to_string(vr)));
  }
  return {};
}

void ModelReader::name_utf8(DataSet& data_set, bool outermost) const {
  if ((outermost && has_non_ascii_) || data_set.contains(tags::SpecificCharacterSet)) {
    data_set.set_text(tags::SpecificCharacterSet, VR::CS, "ISO_IR 192");
  }
}

}  // namespace pacs
