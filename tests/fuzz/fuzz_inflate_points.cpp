// Invariant: inflating from any point that was noted gives what inflating from the front gives from
// there on, and ends alike; reading at any places by way of the points gives the same bytes. From a
// point that somebody made up nothing is read but the stream, and no more is given than its limit.
#include <algorithm>
#include <vector>

#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/scan/inflate.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;

struct Outcome {
  Bytes bytes;
  bool is_whole = false;
};

Outcome inflate(Inflater& inflater, ByteView deflated) {
  Outcome outcome;
  for (;;) {
    const auto piece = inflater.next(deflated);
    if (!piece) return outcome;
    append(outcome.bytes, *piece);
    if (piece->empty() && deflated.empty()) break;
  }
  outcome.is_whole = inflater.finish().has_value();
  return outcome;
}

void check_point(const Limits& limits, ByteView stream, const Outcome& all,
                 const InflatePoint& point) {
  require(point.bits < 8 && point.window.size() <= 32U << 10);
  require(point.inflated_offset <= all.bytes.size() && point.deflated_offset <= stream.size());
  Inflater from{limits, point};
  const Outcome rest = inflate(from, stream.subspan(point.deflated_offset));
  require(rest.is_whole == all.is_whole);
  require(std::ranges::equal(rest.bytes, ByteView{all.bytes}.subspan(point.inflated_offset)));
}

/// Places from the end to the front, so that each is a step back.
void check_reads(const Limits& limits, ByteView stream, const Outcome& all,
                 const std::vector<InflatePoint>& points, std::uint64_t step) {
  const ReadStored deflated = stored_in({nullptr, stream});
  const ReadStored read = read_inflated(deflated, stream.size(), limits, points);
  for (std::uint64_t end = all.bytes.size(); end > 0; end -= std::min(end, step)) {
    const std::uint64_t length = std::min<std::uint64_t>(end, 100);
    Bytes got(length);
    require(read(end - length, got).has_value());
    require(std::ranges::equal(got, ByteView{all.bytes}.subspan(end - length, length)));
  }
}

/// The front of the input as a point that no stream has.
void check_made_up_point(const Limits& limits, ByteView input) {
  InflatePoint point;
  point.bits = std::to_integer<std::uint8_t>(input[0]);
  point.carried = std::to_integer<std::uint8_t>(input[1]);
  point.window.assign(input.begin(), input.end());
  Inflater inflater{limits, point};
  require(inflate(inflater, input.subspan(2)).bytes.size() <=
          limits.inflated_bytes_max + (64U << 10));
  const ReadStored read =
      read_inflated(stored_in({nullptr, input}), input.size(), limits,
                    {{.inflated_offset = 7, .deflated_offset = input.size() + 9}, point});
  Bytes into(50);
  (void)read(20, into);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const ByteView input = std::as_bytes(std::span{data, size});
  Limits limits;
  limits.inflated_bytes_max = 4U << 20;
  check_made_up_point(limits, input);
  const ByteView stream = input.subspan(2);
  Inflater inflater{limits};
  inflater.note_points(1 + std::to_integer<std::uint64_t>(input[0]) * 16);
  const Outcome all = inflate(inflater, stream);
  if (!all.is_whole) return 0;
  for (const InflatePoint& point : inflater.points()) check_point(limits, stream, all, point);
  const std::uint64_t step =
      1 + all.bytes.size() / (1 + std::to_integer<std::uint64_t>(input[1]) % 32);
  check_reads(limits, stream, all, inflater.points(), step);
  return 0;
}
