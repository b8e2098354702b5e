#include "encoding/data_sets/header_blob.h"

#include <algorithm>
#include <array>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_builder.h"
#include "encoding/data_sets/data_set_writer.h"

namespace pacs {
namespace {

// Layout:
//   version (1 byte), 3 zero bytes, length of the elements (32 bits, little endian)
//   elements in Explicit VR Little Endian, bulk references as elements without value, values that
//     pass its 16-bit length as UN
//   side table of variable-length numbers:
//     bytes of the data set
//     count of those elements; each: elements since the last one, then
//       a bulk reference: encapsulated (0 or 1) + byte order (0 or 2), length, offset
//       a value: 4, the letters of its VR (not in version 1, which left it UN)
//     pixel data: 0 for none, else 1 + its place in kPixelTags + 4 if encapsulated; value offset,
//       value length, basic and extended offset table as differences, count of fragments, those
//       kept: gap to the end of the last one, length; (from version 3) frame starts as differences
//     (from version 3) count of the inflate points; each: inflated and deflated offset as
//       differences to the last one, bits, carried, length of the window, its bytes
// Offsets differ between instances of one series, so they stand behind what does not.
constexpr std::uint8_t kVersion = 3;
constexpr std::uint8_t kOldestVersion = 1, kVersionWithStarts = 3;
constexpr std::uint64_t kEncapsulated = 1, kBigEndian = 2, kVrOfValue = 4;
constexpr std::size_t kPrefixBytes = 8;
constexpr std::array kPixelTags{kPixelData, tags::FloatPixelData, tags::DoubleFloatPixelData};
constexpr std::uint64_t kFragmentHeaderBytes = 8;

const TransferSyntax& blob_syntax() {
  static const TransferSyntax syntax = [] {
    TransferSyntax changed = explicit_vr_little_endian();
    changed.encapsulated = true;  // so that a data set with fragments has a blob too
    return changed;
  }();
  return syntax;
}

// LEB128: seven bits in each byte, the lowest first.
void put(Bytes& to, std::uint64_t number) {
  while (number >= 0x80) {
    to.push_back(static_cast<std::byte>(number | 0x80));
    number >>= 7;
  }
  to.push_back(static_cast<std::byte>(number));
}

// Differences of either sign become small numbers: 0, -1, 1, -2, ...
std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ (0 - (difference >> 63));
}
std::uint64_t unzigzag(std::uint64_t number) {
  return (number >> 1) ^ (0 - (number & 1));
}

template <typename Number>
void put_differences(Bytes& to, const std::vector<Number>& numbers) {
  put(to, numbers.size());
  std::uint64_t last = 0;
  for (const std::uint64_t number : numbers) {
    put(to, zigzag(number - last));
    last = number;
  }
}

void put_layout(Bytes& to, const PixelDataLayout& layout) {
  const auto tag = std::ranges::find(kPixelTags, layout.tag) - kPixelTags.begin();
  put(to, 1 + static_cast<std::uint64_t>(tag) + (layout.encapsulated ? 4 : 0));
  put(to, layout.value_offset);
  put(to, layout.value_length);
  put_differences(to, layout.basic_offset_table);
  put_differences(to, layout.extended_offset_table);
  put(to, layout.fragment_count);
  put(to, layout.fragments.size());
  std::uint64_t expected = layout.value_offset;
  for (const auto& fragment : layout.fragments) {
    put(to, zigzag(fragment.offset - expected));
    put(to, fragment.length);
    expected = fragment.offset + fragment.length + kFragmentHeaderBytes;
  }
  put_differences(to, layout.frame_starts);
}

void put_points(Bytes& to, const std::vector<InflatePoint>& points) {
  put(to, points.size());
  std::uint64_t inflated = 0, deflated = 0;
  for (const InflatePoint& point : points) {
    put(to, point.inflated_offset - inflated);
    put(to, point.deflated_offset - deflated);
    put(to, point.bits);
    put(to, point.carried);
    put(to, point.window.size());
    append(to, point.window);
    inflated = point.inflated_offset;
    deflated = point.deflated_offset;
  }
}

/// Takes numbers off the front of the side table; after the end it gives 0 and is not `ok`.
class Numbers {
 public:
  explicit Numbers(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t next() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = std::to_integer<std::uint64_t>(bytes_.front());
      bytes_ = bytes_.subspan(1);
      number |= (byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    ok_ = false;
    return 0;
  }
  /// How many entries of at least `bytes_each` bytes follow; not `ok` when they cannot.
  std::uint64_t count(std::size_t bytes_each) {
    const std::uint64_t count = next();
    if (count <= bytes_.size() / bytes_each) return count;
    ok_ = false;
    return 0;
  }
  std::vector<std::uint64_t> differences() {
    std::vector<std::uint64_t> numbers(count(1));
    std::uint64_t last = 0;
    for (std::uint64_t& number : numbers) number = last += unzigzag(next());
    return numbers;
  }
  ByteView bytes(std::size_t length) {
    const ByteView taken = bytes_.first(length);
    bytes_ = bytes_.subspan(length);
    return taken;
  }
  void are_wrong() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  ByteView bytes_;
  bool ok_ = true;
};

/// Numbers of fragments, each behind the last one.
std::vector<std::uint32_t> read_starts(Numbers& numbers, std::size_t fragments) {
  std::vector<std::uint32_t> starts;
  for (const std::uint64_t start : numbers.differences()) {
    if (start >= fragments || (!starts.empty() && start <= starts.back())) numbers.are_wrong();
    starts.push_back(static_cast<std::uint32_t>(start));
  }
  return starts;
}

std::vector<InflatePoint> read_points(Numbers& numbers) {
  std::vector<InflatePoint> points(numbers.count(5));
  std::uint64_t inflated = 0, deflated = 0;
  for (InflatePoint& point : points) {
    point.inflated_offset = inflated += numbers.next();
    point.deflated_offset = deflated += numbers.next();
    point.bits = static_cast<std::uint8_t>(numbers.next());
    point.carried = static_cast<std::uint8_t>(numbers.next());
    const ByteView window = numbers.bytes(static_cast<std::size_t>(numbers.count(1)));
    point.window.assign(window.begin(), window.end());
  }
  return points;
}

std::optional<PixelDataLayout> read_layout(Numbers& numbers, std::uint8_t version) {
  const std::uint64_t kind = numbers.next();
  if (kind == 0) return std::nullopt;
  PixelDataLayout layout;
  layout.tag = kPixelTags[((kind - 1) & 3) % kPixelTags.size()];
  layout.encapsulated = ((kind - 1) & 4) != 0;
  layout.value_offset = numbers.next();
  layout.value_length = numbers.next();
  layout.basic_offset_table = numbers.differences();
  layout.extended_offset_table = numbers.differences();
  layout.fragment_count = numbers.next();
  layout.fragments.resize(numbers.count(2));
  std::uint64_t expected = layout.value_offset;
  for (auto& fragment : layout.fragments) {
    fragment.offset = expected + unzigzag(numbers.next());
    fragment.length = static_cast<std::uint32_t>(numbers.next());
    if (fragment.offset < expected) numbers.are_wrong();
    expected = fragment.offset + fragment.length + kFragmentHeaderBytes;
  }
  if (version >= kVersionWithStarts) {
    layout.frame_starts = read_starts(numbers, layout.fragments.size());
  }
  return layout;
}

std::uint64_t letters_of(VR vr) {
  const std::string_view name = to_string(vr);
  return static_cast<std::uint64_t>(name[0]) << 8 | static_cast<std::uint64_t>(name[1]);
}

/// Makes elements of a blob again what they were, in the order they were written.
class Restorer {
 public:
  explicit Restorer(Numbers& numbers) : numbers_(numbers), left_(numbers.count(3)) { advance(0); }

  /// What the next element stands for, if it is not itself.
  std::optional<Element> take(const Token& token) {
    if (!has_next_ || ordinal_++ != next_) return std::nullopt;
    Element restored = vr_ ? Element::view(token.tag, *vr_, token.value)
                           : Element::bulk(token.tag, token.vr, where_, encapsulated_, order_);
    advance(ordinal_);
    return restored;
  }
  void skip() { ++ordinal_; }

  /// Whether there was an element for all, and each made sense.
  [[nodiscard]] bool complete() const { return !has_next_ && ok_; }

 private:
  void advance(std::uint64_t from) {
    has_next_ = left_ > 0;
    if (!has_next_) return;
    --left_;
    next_ = from + numbers_.next();
    const std::uint64_t flags = numbers_.next();
    vr_.reset();
    if (flags == kVrOfValue) {
      const std::uint64_t letters = numbers_.next();
      vr_ = parse_vr(static_cast<char>(letters >> 8 & 0xFF), static_cast<char>(letters & 0xFF));
      ok_ = ok_ && vr_;
      return;
    }
    encapsulated_ = (flags & kEncapsulated) != 0;
    order_ = (flags & kBigEndian) != 0 ? ByteOrder::Big : ByteOrder::Little;
    where_.length = numbers_.next();
    where_.offset = numbers_.next();
  }

  Numbers& numbers_;
  std::uint64_t left_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t next_ = 0;
  bool has_next_ = false;
  bool ok_ = true;
  std::optional<VR> vr_;  // of a value; else a bulk reference
  bool encapsulated_ = false;
  ByteOrder order_ = ByteOrder::Little;
  BulkReference where_;
};

tl::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorKind::Corrupt, "header in the index: " + std::move(message));
}

}  // namespace

Result<Bytes> encode_header(const Header& header) {
  std::vector<DataSetWriter::Aside> asides;
  DataSetWriter writer{blob_syntax(), {}, &asides};
  Bytes& blob = writer.bytes();
  blob.reserve(4096);
  blob.resize(kPrefixBytes);
  blob[0] = std::byte{kVersion};
  PACS_TRY(writer.write(header.data_set));
  const std::size_t elements = blob.size() - kPrefixBytes;
  if (elements > UINT32_MAX) return fail(ErrorKind::LimitExceeded, "a header above 4 GiB");
  store(blob.data() + 4, static_cast<std::uint32_t>(elements), ByteOrder::Little);

  put(blob, header.data_set_bytes);
  put(blob, asides.size());
  std::uint64_t last = 0;
  for (const auto& [ordinal, element] : asides) {
    put(blob, ordinal - last);
    last = ordinal + 1;
    if (element->form() == Element::Form::Value) {
      put(blob, kVrOfValue);
      put(blob, letters_of(element->vr()));
      continue;
    }
    put(blob, (element->bulk_is_encapsulated() ? kEncapsulated : 0) |
                  (element->byte_order() == ByteOrder::Big ? kBigEndian : 0));
    put(blob, element->bulk()->length);
    put(blob, element->bulk()->offset);
  }
  if (header.pixel_data) {
    put_layout(blob, *header.pixel_data);
  } else {
    put(blob, 0);
  }
  put_points(blob, header.inflate_points);
  return std::move(blob);
}

Result<Header> decode_header(SharedBytes blob) {
  const ByteView bytes = blob.view;
  const auto version = bytes.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(bytes[0]);
  if (bytes.size() < kPrefixBytes || version < kOldestVersion || version > kVersion) {
    return corrupt("unknown version");
  }
  const auto length = load<std::uint32_t>(bytes.data() + 4, ByteOrder::Little);
  if (length > bytes.size() - kPrefixBytes) return corrupt("its elements end too early");
  ByteView elements = bytes.subspan(kPrefixBytes, length);
  Numbers numbers{bytes.subspan(kPrefixBytes + length)};

  Header header;
  header.data_set_bytes = numbers.next();
  Restorer restorer{numbers};
  const Limits limits = limits_of_stored();
  TokenScanner scanner{blob_syntax(), {.limits = limits}};
  scanner.input_ends();
  DataSetBuilder builder{std::move(blob), limits};
  Token token;
  auto found = TokenScanner::Found::NeedMore;
  while ((found = scanner.next(elements, token)) == TokenScanner::Found::Token) {
    if (token.kind == Token::Kind::SequenceStart || token.kind == Token::Kind::FragmentsStart)
      restorer.skip();
    if (token.kind == Token::Kind::Element) {
      if (auto restored = restorer.take(token)) {
        builder.add(std::move(*restored));
        continue;
      }
    }
    builder.add(token);
  }
  if (found == TokenScanner::Found::Error) return corrupt(scanner.error().to_string());
  if (Result<> status = scanner.finish(elements); !status)
    return corrupt(status.error().to_string());
  header.data_set = builder.take();
  if (!restorer.complete()) return corrupt("the element of an entry in its side table is missing");
  header.pixel_data = read_layout(numbers, version);
  if (version >= kVersionWithStarts) header.inflate_points = read_points(numbers);
  if (!numbers.ok() || !numbers.at_end()) return corrupt("its side table is broken");
  return header;
}

}  // namespace pacs
