// TokenScanner: the one parser of data sets (PS3.5 §7). It pulls tokens off the front of a span and
// serves whole buffers and byte streams alike; it owns no bytes and does no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "core/tag.h"
#include "core/vr_types.h"
#include "encoding/limits.h"
#include "encoding/scan/departure.h"
#include "encoding/scan/look_ahead.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// One step through a data set. Every start has its end, whether a delimiter or a length gave it.
struct Token {
  enum class Kind : std::uint8_t {
    Element,        ///< with its whole value
    LongElement,    ///< its value is longer than whole_value_max: chunks follow
    Chunk,          ///< the next bytes of a LongElement or LongFragment; `length`: bytes to come
    SequenceStart,  ///< SQ, or UN of undefined length (PS3.5 §6.2.2)
    ItemStart,
    ItemEnd,
    SequenceEnd,
    FragmentsStart,  ///< encapsulated value (PS3.5 §A.4)
    Fragment,        ///< whole; the first one is the basic offset table
    LongFragment,    ///< chunks follow
    FragmentsEnd,
  };
  Kind kind = Kind::Element;
  VR vr = VR::UN;
  ByteOrder order = ByteOrder::Little;
  bool undefined_length = false;   ///< of a sequence, item or fragments
  Tag tag;                         ///< of the element; of an item or fragment FFFE,E000
  std::uint32_t length = 0;        ///< of the value in bytes, 0 when undefined
  std::uint64_t offset = 0;        ///< of the token's first byte, header included
  std::uint64_t value_offset = 0;  ///< of the value's first byte
  ByteView value;                  ///< Element, Fragment, Chunk; views the input
};

struct ScanOptions {
  Limits limits{};
  /// Values (and fragments) above it come in chunks; a stream must hold one header and this many
  /// bytes. The default gives every value whole, which is right when all input is in memory.
  std::uint32_t whole_value_max = 0xFFFFFFFF;
  /// Text of up to this many bytes comes whole even so.
  std::uint32_t whole_text_max = 0;
  /// At the top level, end before the first tag that is not below this one.
  std::optional<Tag> stop_before{};
};

/// A length field that says: up to the delimiter (PS3.5 §7.1).
inline constexpr std::uint32_t kUndefinedLength = 0xFFFFFFFF;

class TokenScanner {
 public:
  enum class Found : std::uint8_t {
    Token,     ///< `token` is set, its bytes are off the front of the input
    NeedMore,  ///< nothing taken; `needed()` bytes must stand at the front
    Stop,      ///< `stop_before` was met; nothing taken
    Error,     ///< final: see `error()`
  };

  explicit TokenScanner(const TransferSyntax& syntax, const ScanOptions& options = {});

  [[nodiscard]] Found next(ByteView& input, Token& token);
  /// What `next` is given from now on is all there is: it no longer waits for more to look ahead.
  void input_ends() { input_ended_ = true; }
  /// The input has ended with `rest` not taken. Truncated unless that is where a data set may end.
  [[nodiscard]] Result<> finish(ByteView rest);
  /// Where the input has ended behind a whole fragment of the data set's own Pixel Data: gives the
  /// end of it that is missing. False anywhere else.
  [[nodiscard]] bool end_pixel_data(ByteView rest, Token& token);

  [[nodiscard]] const Error& error() const { return error_; }
  [[nodiscard]] std::size_t needed() const { return needed_; }
  /// Bytes taken so far: the offset of the next token.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// Sequences around the next token.
  [[nodiscard]] std::uint32_t depth() const { return depth_; }
  /// Met so far.
  [[nodiscard]] Departures departures() const { return departures_; }

 private:
  enum class Place : std::uint8_t {
    Start,  // of the data set, or of an item whose VR form its first element shows
    DataSet,
    Item,
    Sequence,
    Fragments,
    Behind,  // the last element
    Nuls,    // up to the end of the input
  };
  struct Frame {
    std::uint64_t limit;  // no byte of it may lie at or behind this offset
    Tag tag;              // of the sequence or fragments, for messages and end tokens
    Place place;
    VR vr;
    bool defined;  // it ends at `limit`, else at a delimiter
    bool explicit_vr;
    ByteOrder order;
    bool signed_pixels;  // Pixel Representation (0028,0103) is 1: decides "US or SS"
    bool seen_first;     // fragments: the basic offset table has come
    bool form_unsure;    // a sequence whose first element shows its VR form
  };
  struct ElementHead {
    Tag tag;
    VR vr;
    std::uint32_t size;    // bytes of the head itself
    std::uint32_t length;  // as sent
    bool explicit_vr;
  };

  Found next_in_data_set(ByteView& input, Token& token);
  Found at_start(ByteView& input, Token& token);
  [[nodiscard]] ByteOrder order_of_first(ByteView input) const;
  [[nodiscard]] bool first_is_explicit(ByteView input, ByteOrder order) const;
  [[nodiscard]] bool sees_enough(ByteView input) const;
  [[nodiscard]] Sight look(ByteView input, Reading reading, ByteOrder order) const;
  Found without_vr(ByteView input, const Frame& top, ElementHead& header);
  std::optional<Found> no_element(ByteView& input, Tag tag, Token& token);
  [[nodiscard]] bool is_stray(ByteView input, const Frame& top) const;
  Found pass_over(ByteView& input, Token& token);
  Found next_behind(ByteView& input);
  Found next_in_sequence(ByteView& input, Token& token);
  Found next_fragment(ByteView& input, Token& token);
  Found next_chunk(ByteView& input, Token& token);
  Found explicit_header(ByteView input, const Frame& top, ElementHead& header);
  [[nodiscard]] VR implicit_vr(Tag tag, const Frame& top) const;
  Found open_undefined(ByteView& input, ElementHead header, Token& token);
  Found value(ByteView& input, const ElementHead& header, Token::Kind whole, Token& token);
  Found delimiter(ByteView& input, Token::Kind kind, Token& token);
  Found end_defined(Token& token);
  void push(Place place, Tag tag, VR vr, bool defined, std::uint64_t limit);
  void pop();
  void take(ByteView& input, std::size_t bytes);
  Found need(ByteView input, std::size_t bytes, Tag tag);
  Found need_header(ByteView input, const Frame& top, std::size_t bytes, Tag tag);
  Found failed(ErrorKind kind, Tag tag, std::string message);

  ScanOptions options_;
  std::vector<Frame> frames_;
  std::uint64_t offset_ = 0;
  std::uint64_t elements_ = 0;
  std::uint64_t defined_end_ = UINT64_MAX;  // of the last sequence of defined length
  std::size_t needed_ = 0;
  std::uint32_t chunk_left_ = 0;
  std::uint32_t depth_ = 0;
  Departures departures_;
  bool has_failed_ = false;
  bool input_ended_ = false;
  Tag pending_;  // what needs more input
  Error error_;
};

}  // namespace pacs
