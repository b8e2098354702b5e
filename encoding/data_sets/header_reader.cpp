#include "encoding/data_sets/header_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_builder.h"
#include "encoding/scan/codestream_marks.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {
namespace {

bool is_pixel_data(Tag tag) {
  return tag == kPixelData || tag == tags::FloatPixelData || tag == tags::DoubleFloatPixelData;
}

/// Copies of values at addresses that stay. Headers of a few kilobytes take one block.
class Arena {
 public:
  ByteView keep(ByteView value) {
    if (value.empty()) return {};
    if (value.size() > left_) {
      left_ = std::max(blocks_.empty() ? kFirstBlockBytes : kBlockBytes, value.size());
      blocks_.emplace_back(new std::byte[left_]);
      next_ = blocks_.back().get();
    }
    std::memcpy(next_, value.data(), value.size());
    const ByteView kept{next_, value.size()};
    next_ += value.size();
    left_ -= value.size();
    return kept;
  }

 private:
  static constexpr std::size_t kFirstBlockBytes = 8 * 1024;
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace

struct HeaderReader::State {
  State(const TransferSyntax& syntax, const Limits& given_limits)
      : limits(given_limits),
        scanner(syntax, ScanOptions{.limits = given_limits,
                                    .whole_value_max = given_limits.header_value_bytes_max,
                                    .whole_text_max = given_limits.header_text_bytes_max}),
        arena(std::make_shared<Arena>()),
        builder(SharedBytes{arena, {}}, given_limits),
        encapsulated(syntax.encapsulated),
        codec(syntax.codec) {
    builder.drop_foreign();
    if (!syntax.deflated) return;
    inflater.emplace(given_limits);
    inflater->note_points();
  }

  Result<> feed_inflated(ByteView piece);
  Result<> drain(ByteView& input);
  Result<> end_pixel_data(ByteView rest, DataSetEnd end);
  Result<> charge_points();
  // These give false after setting `failure`: a Result for each token would cost more than
  // scanning.
  bool on(const Token& token);
  bool on_value(const Token& token);
  bool on_whole_value(const Token& token, ByteView value);
  /// A long value that is kept all the same: of a known attribute as UN, by the limit of text.
  [[nodiscard]] bool is_to_be_gathered(const Token& token) const;
  void on_fragment(const Token& token);
  bool on_chunk(const Token& token);
  bool charge(std::uint64_t bytes, Tag tag);
  void pass_limit(Tag tag);
  void collect(const Token& token, std::vector<std::uint64_t>& into, std::size_t unit);

  Limits limits;
  TokenScanner scanner;
  std::shared_ptr<Arena> arena;
  DataSetBuilder builder;
  std::optional<Inflater> inflater;
  Bytes carry;  // the front of a token whose end has not come; at most scanner.needed() bytes
  std::optional<PixelDataLayout> layout;
  std::vector<std::uint64_t> extended_offset_table;
  Bytes table;                                       // an offset table arriving in chunks
  std::vector<std::uint64_t>* table_into = nullptr;  // where it goes when whole
  std::size_t table_unit = 0;
  ByteOrder table_order = ByteOrder::Little;
  std::optional<Token> gathered;  // the value that arrives in chunks is of this element
  Bytes gathered_value;
  Token fragments_start;        // of the encapsulated value that is open
  std::uint64_t fragments = 0;  // of it, offset table included
  bool in_pixel_data = false;   // it is the pixel data of the object, not of an icon
  bool encapsulated;            // by the transfer syntax
  Codec codec;
  std::optional<MarkedFragments> marks;  // of the fragments of pixel data
  std::uint64_t header_bytes = 0;
  std::size_t points_charged = 0;
  std::uint64_t fed_bytes = 0;
  Departures departures;  // of elements and values; the scanner has its own
  std::optional<Error> failure;
};

HeaderReader::HeaderReader(const TransferSyntax& syntax, const Limits& limits)
    : state_(std::make_unique<State>(syntax, limits)) {}
HeaderReader::~HeaderReader() = default;
HeaderReader::HeaderReader(HeaderReader&&) noexcept = default;
HeaderReader& HeaderReader::operator=(HeaderReader&&) noexcept = default;

std::uint64_t HeaderReader::header_bytes() const {
  return state_->header_bytes;
}

Result<> HeaderReader::feed(ByteView piece) {
  State& state = *state_;
  if (state.failure) return fail(*state.failure);
  state.fed_bytes += piece.size();
  const auto failed = [&](Error& error) {
    state.failure = std::move(error);
    return fail(*state.failure);
  };
  if (!state.inflater) {
    Result<> status = state.feed_inflated(piece);
    return status ? Result<>{} : failed(status.error());
  }
  while (true) {
    auto inflated = state.inflater->next(piece);
    if (!inflated) return failed(inflated.error());
    if (inflated->empty() && piece.empty()) return {};
    Result<> status = state.feed_inflated(*inflated);
    if (status) status = state.charge_points();
    if (!status) return failed(status.error());
  }
}

Result<Header> HeaderReader::finish(DataSetEnd end) {
  State& state = *state_;
  if (state.failure) return fail(*state.failure);
  if (state.inflater) {
    PACS_TRY(state.inflater->finish());
    state.departures.add(state.inflater->departures());
  }
  state.scanner.input_ends();
  ByteView rest{state.carry};
  PACS_TRY(state.drain(rest));
  PACS_TRY(state.end_pixel_data(rest, end));
  PACS_TRY(state.scanner.finish(rest));
  if (state.layout) state.layout->extended_offset_table = std::move(state.extended_offset_table);
  DataSet data_set = state.builder.take();
  if (state.marks && !fragments_are_all(data_set, *state.layout)) {
    state.marks->end();
    const auto frames = data_set.integer(tags::NumberOfFrames).value_or(1);
    if (frames > 1) {
      state.layout->frame_starts = state.marks->starts(static_cast<std::uint64_t>(frames));
    }
  }
  state.departures.add(state.builder.departures());
  state.departures.add(state.scanner.departures());
  Header header{
      std::move(data_set), std::move(state.layout), state.fed_bytes, state.departures, {}};
  if (state.inflater) header.inflate_points = state.inflater->points();
  return header;
}

/// Scans `piece` where it lies; only the front of a token that it cuts is copied, and completed
/// from the next piece by no more bytes than the token needs.
Result<> HeaderReader::State::feed_inflated(ByteView piece) {
  while (!carry.empty()) {
    const std::size_t missing = scanner.needed() - carry.size();
    const ByteView completion = piece.first(std::min(missing, piece.size()));
    append(carry, completion);
    piece = piece.subspan(completion.size());
    if (completion.size() < missing) return {};
    ByteView front{carry};
    PACS_TRY(drain(front));
    carry.erase(carry.begin(), carry.end() - static_cast<std::ptrdiff_t>(front.size()));
  }
  PACS_TRY(drain(piece));
  append(carry, piece);
  return {};
}

/// Takes tokens off `input` until it needs more.
Result<> HeaderReader::State::drain(ByteView& input) {
  Token token;
  while (true) {
    switch (scanner.next(input, token)) {
      case TokenScanner::Found::Token:
        if (!on(token)) return fail(*failure);
        break;
      case TokenScanner::Found::Stop:
      case TokenScanner::Found::NeedMore:
        return {};
      case TokenScanner::Found::Error:
        return fail(scanner.error());
    }
  }
}

/// Ends Pixel Data whose delimiter is missing, where the data set has surely ended and it is all
/// there; else what comes next says that it is cut.
Result<> HeaderReader::State::end_pixel_data(ByteView rest, DataSetEnd end) {
  Token token;
  if (end != DataSetEnd::Certain || !layout || !in_pixel_data) return {};
  layout->extended_offset_table = extended_offset_table;
  if (!fragments_are_all(builder.so_far(), *layout)) return {};
  if (scanner.end_pixel_data(rest, token) && !on(token)) return fail(*failure);
  return {};
}

bool HeaderReader::State::on(const Token& token) {
  switch (token.kind) {
    case Token::Kind::Element:
    case Token::Kind::LongElement:
      return on_value(token);
    case Token::Kind::Chunk:
      return on_chunk(token);
    case Token::Kind::SequenceStart:
      builder.open_sequence(token);
      return charge(sizeof(Element), token.tag);
    case Token::Kind::ItemStart:
      builder.open_item(token);
      return charge(sizeof(Item), token.tag);
    case Token::Kind::ItemEnd:
      return true;
    case Token::Kind::SequenceEnd:
      builder.close_sequence(token.vr);
      return true;
    case Token::Kind::FragmentsStart:
      fragments_start = token;
      fragments = 0;
      in_pixel_data = token.tag == kPixelData && scanner.depth() == 0 && !layout;
      if (in_pixel_data) {
        layout = PixelDataLayout{};
        layout->value_offset = token.value_offset;
        layout->encapsulated = true;
        if (has_marks(codec)) marks.emplace(codec);
      }
      return true;
    case Token::Kind::Fragment:
    case Token::Kind::LongFragment:
      on_fragment(token);
      return true;
    case Token::Kind::FragmentsEnd: {
      const BulkReference where{fragments_start.value_offset,
                                token.value_offset - fragments_start.value_offset};
      builder.add(Element::bulk(fragments_start.tag, fragments_start.vr, where, true));
      if (in_pixel_data) layout->value_length = where.length;
      in_pixel_data = false;
      return charge(sizeof(Element), fragments_start.tag);
    }
  }
  return true;
}

bool HeaderReader::State::on_value(const Token& token) {
  const bool top_level = scanner.depth() == 0;
  if (top_level && token.tag == tags::ExtendedOffsetTable) collect(token, extended_offset_table, 8);
  const bool pixel_data = is_pixel_data(token.tag);
  if (!pixel_data && is_to_be_gathered(token)) {
    if (!charge(token.length, token.tag)) return false;
    gathered = token;
    gathered_value.reserve(token.length);
    return true;
  }
  if (token.kind == Token::Kind::Element && !pixel_data) {
    if (!charge(token.value.size(), token.tag)) return false;
    return on_whole_value(token, arena->keep(token.value));
  }
  const VR vr = builder.vr_of_bulk(token);
  const ByteOrder order = vr == token.vr ? token.order : ByteOrder::Little;
  if (vr != token.vr) departures.add(Departure::KnownAsUnknown);
  builder.add(Element::bulk(token.tag, vr, {token.value_offset, token.length}, false, order));
  if (pixel_data && top_level && !layout) {
    layout = PixelDataLayout{};
    layout->tag = token.tag;
    layout->value_offset = token.value_offset;
    layout->value_length = token.length;
    if (encapsulated && token.tag == kPixelData && token.length > 0) {
      departures.add(Departure::NativePixelData);
    }
  }
  return charge(sizeof(Element), token.tag);
}

/// Elements that were found in it count too.
bool HeaderReader::State::on_whole_value(const Token& token, ByteView value) {
  const std::uint64_t before = builder.elements_of_unknown();
  builder.add_value(token, value);
  const std::uint64_t found = builder.elements_of_unknown() - before;
  return charge((1 + found) * sizeof(Element), token.tag);
}

bool HeaderReader::State::is_to_be_gathered(const Token& token) const {
  if (token.kind != Token::Kind::LongElement || token.vr != VR::UN) return false;
  const VRKind kind = info(dictionary_vr(token.tag)).kind;
  return (kind == VRKind::Text || kind == VRKind::Sequence) &&
         token.length <= limits.header_text_bytes_max;
}

void HeaderReader::State::on_fragment(const Token& token) {
  const bool is_offset_table = fragments++ == 0;
  if (!in_pixel_data) return;
  if (is_offset_table) return collect(token, layout->basic_offset_table, 4);
  ++layout->fragment_count;
  if (layout->fragments.size() >= limits.fragments_max) {
    if (marks) marks->end();
    return;
  }
  layout->fragments.push_back({token.value_offset, token.length});
  if (!marks) return;
  marks->begin();
  marks->append(token.value);
}

/// Keeps an offset table, unless it has more entries than fragments are kept for.
void HeaderReader::State::collect(const Token& token, std::vector<std::uint64_t>& into,
                                  std::size_t unit) {
  if (token.length / unit > limits.fragments_max) return;
  if (!token.value.empty()) {
    into = offsets_in(token.value, unit, token.order);
  } else if (token.length > 0) {
    table.clear();
    table_into = &into;
    table_unit = unit;
    table_order = token.order;
  }
}

bool HeaderReader::State::on_chunk(const Token& token) {
  const bool last = token.length == 0;
  if (gathered) {
    append(gathered_value, token.value);
    if (!last) return true;
    const Token element = *std::exchange(gathered, std::nullopt);
    const ByteView kept = arena->keep(gathered_value);
    gathered_value = {};
    return on_whole_value(element, kept);
  }
  if (in_pixel_data && marks && table_into == nullptr) marks->append(token.value);
  if (table_into == nullptr) return true;
  append(table, token.value);
  if (!last) return true;
  *table_into = offsets_in(table, table_unit, table_order);
  table_into = nullptr;
  table = {};
  return true;
}

/// The windows of the points that the inflater has noted are part of the header.
Result<> HeaderReader::State::charge_points() {
  const std::size_t noted = inflater->points().size();
  if (noted > points_charged && !charge(inflater->points().back().window.size(), kPixelData)) {
    return fail(*failure);
  }
  points_charged = noted;
  return {};
}

bool HeaderReader::State::charge(std::uint64_t bytes, Tag tag) {
  header_bytes += bytes;
  if (header_bytes > limits.header_bytes_max) pass_limit(tag);
  return !failure;
}

void HeaderReader::State::pass_limit(Tag tag) {
  failure = Error{ErrorKind::LimitExceeded,
                  fmt::format("the header passes header_bytes_max = {}", limits.header_bytes_max)}
                .on(tag)
                .at(scanner.offset());
}

}  // namespace pacs
