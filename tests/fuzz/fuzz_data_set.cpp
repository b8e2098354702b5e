// Invariant: a data set scanned in pieces is the one scanned whole; what was read, whatever departs
// in it, can be written in explicit VR without departures and read again as the same content, and
// gives the same bytes where nothing departs; a header streamed, packed and unpacked is the same
// header; JSON written can be read.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/header_blob.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/model/dicom_json.h"
#include "encoding/scan/token_scanner.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;

const std::array<const TransferSyntax*, 5> kSyntaxes{
    &implicit_vr_little_endian(), &explicit_vr_little_endian(),
    find_transfer_syntax("1.2.840.10008.1.2.2"), find_transfer_syntax("1.2.840.10008.1.2.1.99"),
    find_transfer_syntax("1.2.840.10008.1.2.4.50")};

/// What a scanner said, whichever pieces the input came in.
struct Scan {
  using Row = std::tuple<Token::Kind, std::uint32_t, VR, bool, std::uint32_t, std::uint64_t>;
  std::vector<Row> tokens;
  bool ended = false;
  ErrorKind error{};
  std::uint64_t error_offset = 0;
  Departures departures;
  friend bool operator==(const Scan&, const Scan&) = default;
};

Scan scan(ByteView bytes, const TransferSyntax& syntax, std::size_t piece_bytes,
          std::uint32_t whole_max) {
  TokenScanner scanner{syntax, {.whole_value_max = whole_max}};
  Scan result;
  Bytes front;
  auto found = TokenScanner::Found::NeedMore;
  std::uint64_t next_offset = 0;
  bool value_incomplete = false;  // of a value that comes in chunks
  while (found == TokenScanner::Found::NeedMore) {
    const ByteView piece = bytes.first(std::min(piece_bytes, bytes.size()));
    bytes = bytes.subspan(piece.size());
    append(front, piece);
    if (bytes.empty()) scanner.input_ends();
    ByteView rest{front};
    Token token;
    while ((found = scanner.next(rest, token)) == TokenScanner::Found::Token) {
      // Every byte belongs to one token, but for delimiters that end nothing.
      require(token.offset == next_offset ||
              scanner.departures().contains(Departure::StrayDelimiter));
      next_offset = token.value_offset + token.value.size();
      Token::Kind kind = token.kind;
      if (kind == Token::Kind::Chunk || kind == Token::Kind::LongElement ||
          kind == Token::Kind::LongFragment) {
        value_incomplete = token.kind != Token::Kind::Chunk || token.length > 0;
      }
      if (kind == Token::Kind::Chunk) continue;
      if (kind == Token::Kind::LongElement) kind = Token::Kind::Element;
      if (kind == Token::Kind::LongFragment) kind = Token::Kind::Fragment;
      result.tokens.emplace_back(kind, token.tag.value, token.vr, token.undefined_length,
                                 token.length, token.value_offset);
    }
    if (found == TokenScanner::Found::NeedMore) require(scanner.needed() > rest.size());
    front.erase(front.begin(), front.end() - static_cast<std::ptrdiff_t>(rest.size()));
    if (bytes.empty()) break;
  }
  if (value_incomplete) result.tokens.pop_back();  // whole, it would not have been a token yet
  const Result<> status = scanner.finish(front);
  result.ended = status.has_value();
  if (!status) {
    result.error = status.error().kind;
    result.error_offset = status.error().offset.value_or(0);
    require(status.error().tag.has_value());
  }
  if (status) result.departures = scanner.departures();
  return result;
}

void check_written(const DataSet& data_set, ByteView bytes, const TransferSyntax& syntax,
                   Departures departures) {
  if (const auto written = write_data_set(data_set, syntax)) {
    if (departures.empty() && !syntax.deflated) require(std::ranges::equal(*written, bytes));
    // Implicit VR has no place for VRs that are not those of the dictionary.
    if (syntax.explicit_vr || !departures.contains(Departure::OtherVrForm)) {
      const auto again = read_data_set(share(*written), syntax);
      require(again && equal_content(*again, data_set));
    }
  } else {
    require(written.error().kind == ErrorKind::InvalidArgument && !syntax.encapsulated);
  }
  if (bytes.size() > UINT16_MAX) return;  // a longer value may be written as UN, PS3.5 §6.2.2
  for (const TransferSyntax* other : {kSyntaxes[1], kSyntaxes[2], kSyntaxes[4]}) {
    const auto converted = write_data_set(data_set, *other);
    require(converted || other != kSyntaxes[4]);
    if (!converted) continue;
    const Scan again = scan(*converted, *other, SIZE_MAX, UINT32_MAX);
    require(again.ended && again.departures.empty());
    require(equal_content(read_data_set(share(*converted), *other).value(), data_set));
  }
}

void check_header(ByteView bytes, const TransferSyntax& syntax, std::size_t piece_bytes,
                  bool readable) {
  HeaderReader reader{syntax, {.header_value_bytes_max = 16, .header_text_bytes_max = 64}};
  for (ByteView rest = bytes; !rest.empty();) {
    const ByteView piece = rest.first(std::min(piece_bytes, rest.size()));
    rest = rest.subspan(piece.size());
    if (!reader.feed(piece)) break;
  }
  const auto header = reader.finish();
  require(header.has_value() == readable);
  if (!header) return;
  const auto blob = encode_header(*header);
  require(blob.has_value());
  const auto again = decode_header(share(*blob));
  require(again && equal_content(again->data_set, header->data_set) &&
          again->pixel_data == header->pixel_data &&
          again->data_set_bytes == header->data_set_bytes);
}

/// What whoever builds the data set sees, which the scanner does not.
Departures departures_of_values(ByteView bytes, const TransferSyntax& syntax) {
  HeaderReader reader{syntax};
  if (!reader.feed(bytes)) return {};
  const auto header = reader.finish();
  return header ? header->departures : Departures{};
}

void check_json(const DataSet& data_set) {
  std::string first, second;
  require(write_json(data_set, first).has_value());
  const auto read = read_json(first);
  require(read.has_value());
  require(write_json(*read, second).has_value());
  require(read_json(second).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const TransferSyntax& syntax = *kSyntaxes[data[0] % kSyntaxes.size()];
  const std::size_t piece_bytes = 1 + data[1] % 64;
  const ByteView bytes = std::as_bytes(std::span{data + 2, size - 2});

  Limits limits;
  limits.inflated_bytes_max = 1 << 20;
  const auto data_set =
      read_data_set(share(Bytes(bytes.begin(), bytes.end())), syntax, {.limits = limits});
  Departures departures;
  if (!syntax.deflated) {
    const Scan whole = scan(bytes, syntax, SIZE_MAX, UINT32_MAX);
    require(whole == scan(bytes, syntax, piece_bytes, UINT32_MAX));
    require(whole == scan(bytes, syntax, piece_bytes, 8));
    require(whole.ended == data_set.has_value());
    departures = whole.departures;
    departures.add(departures_of_values(bytes, syntax));
    check_header(bytes, syntax, piece_bytes, data_set.has_value());
  }
  if (!data_set) return 0;
  check_written(*data_set, bytes, syntax, departures);
  check_json(*data_set);
  return 0;
}
