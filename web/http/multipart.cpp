#include "web/http/multipart.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.h"
#include "core/uid_generator.h"
#include "web/http/field_value.h"

namespace pacs::web {
namespace {

constexpr std::size_t kBoundaryCharactersMax = 70;  // RFC 2046 §5.1.1
/// Transport padding behind a boundary is what mail gateways once added.
constexpr std::size_t kPaddingBytesMax = 256;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_boundary(std::string_view text) {
  return !text.empty() && text.size() <= kBoundaryCharactersMax && text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

Result<> read_field(std::string_view line, Fields& fields) {
  if (is_blank(line.front()) && !fields.empty()) {  // folded (RFC 5322 §2.2.3)
    fields.back().second += " " + std::string(without_white_space(line));
    return {};
  }
  const std::size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon)) || !is_field_value(line)) {
    return fail(ErrorKind::Malformed, "a part has a header field that is not written name: value");
  }
  fields.emplace_back(line.substr(0, colon), without_white_space(line.substr(colon + 1)));
  return {};
}

/// std::string_view::find, which compares at every first character; in pixels each byte is one in
/// 256.
std::size_t find_delimiter(std::string_view in, std::string_view delimiter) {
  std::size_t at = in.find(delimiter[0]);
  while (at != in.npos) {
    if (at + 1 < in.size() && in[at + 1] == delimiter[1] && in.substr(at).starts_with(delimiter)) {
      return at;
    }
    at = in.find(delimiter[0], at + 1);
  }
  return in.npos;
}

}  // namespace

Result<MultipartReader> MultipartReader::create(std::string_view boundary, MultipartLimits limits) {
  if (!is_boundary(boundary)) {
    return fail(ErrorKind::InvalidArgument,
                boundary.empty() ? "a multipart body needs a boundary in its Content-Type"
                                 : "the boundary is not 1 to 70 printable characters");
  }
  return MultipartReader(boundary, limits);
}

MultipartReader::MultipartReader(std::string_view boundary, MultipartLimits limits)
    : boundary_(boundary), limits_(limits) {
  look_for("\n");  // whether a CR stands before it the first boundary line tells
}

void MultipartReader::look_for(std::string_view line_end) {
  delimiter_ = fmt::format("{}--{}-", line_end, boundary_);
  held_ = implied_ = line_end.size();
}

std::string_view MultipartReader::take(std::size_t count) {
  const std::string_view taken = input_.substr(0, count);
  input_.remove_prefix(count);
  return taken;
}

/// What was held back is content after all.
std::string_view MultipartReader::give_held() {
  const auto content = std::string_view(delimiter_).substr(implied_, held_ - implied_);
  held_ = implied_ = 0;
  return content;
}

/// Nothing is held. Its first byte stands nowhere else in a delimiter, so that the only place where
/// one may begin and not end is the last such byte.
std::string_view MultipartReader::content_before_delimiter() {
  const std::string_view whole(delimiter_.data(), delimiter_.size() - 1);
  const std::size_t found = find_delimiter(input_, whole);
  if (found != input_.npos) {
    const auto content = take(found);
    held_ = take(whole.size()).size();
    return content;
  }
  const std::size_t last = std::min(input_.rfind(whole.front()), input_.size());
  const std::string_view tail = input_.substr(last);
  const bool begins = whole.starts_with(tail);
  const auto content = take(begins ? last : input_.size());
  if (begins) held_ = take(tail.size()).size();
  return content;
}

/// Goes on with what is held while it fits.
std::string_view MultipartReader::resume_delimiter() {
  while (!input_.empty() && held_ < delimiter_.size() && input_.front() == delimiter_[held_]) {
    input_.remove_prefix(1);
    ++held_;
  }
  const bool whole = held_ + 1 >= delimiter_.size();  // without the dash or with it
  return input_.empty() || whole ? std::string_view() : give_held();
}

Result<MultipartEvent> MultipartReader::end_content(State state) {
  held_ = implied_ = 0;
  state_ = state;
  bytes_before_ = 0;
  cr_seen_ = false;
  if (parts_ == 0) return NeedMore{};
  return PartEnd{};
}

Result<MultipartEvent> MultipartReader::read_content() {
  std::string_view content = held_ == 0 ? content_before_delimiter() : resume_delimiter();
  if (content.empty() && held_ + 1 >= delimiter_.size() && !input_.empty()) {
    const char next = input_.front();
    const bool dash_held = held_ == delimiter_.size();
    if (dash_held && next == '-') {
      input_.remove_prefix(1);
      return end_content(State::Epilogue);
    }
    if (!dash_held && (is_blank(next) || next == '\r' || next == '\n')) {
      return end_content(State::DelimiterLine);
    }
    if (dash_held || next != '-') content = give_held();
  }
  if (content.empty()) return NeedMore{};
  if (parts_ != 0) return PartPiece{as_bytes(content)};
  bytes_before_ += content.size();
  if (bytes_before_ > limits_.head_bytes_max) {
    return fail(ErrorKind::Malformed,
                fmt::format("the boundary does not appear in the first {} bytes of the body",
                            limits_.head_bytes_max));
  }
  return NeedMore{};
}

Result<MultipartEvent> MultipartReader::read_delimiter_line() {
  const char c = take(1).front();
  if (is_blank(c) && !cr_seen_ && ++bytes_before_ <= kPaddingBytesMax) return NeedMore{};
  if (c == '\r' && !cr_seen_) {
    cr_seen_ = true;
    return NeedMore{};
  }
  if (c != '\n') {
    return fail(ErrorKind::Malformed, "a boundary is followed by something else than a line's end");
  }
  // Departs from RFC 2046 §5.1.1: scripts write bare line feeds. Then all lines end so: a CR before
  // a boundary is content.
  if (!line_end_known_) look_for(cr_seen_ ? "\r\n" : "\n");
  line_end_known_ = true;
  if (parts_ == limits_.parts_max) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("the body has more parts than parts_max ({})", limits_.parts_max));
  }
  ++parts_;
  head_.clear();
  state_ = State::Head;
  return NeedMore{};
}

Result<MultipartEvent> MultipartReader::read_head() {
  const std::size_t line_end = std::min(input_.find('\n'), input_.size() - 1);
  const std::string_view line = take(line_end + 1);
  if (head_.size() + line.size() > limits_.head_bytes_max) {
    return fail(ErrorKind::LimitExceeded,
                fmt::format("a part's header fields take more than head_bytes_max ({} bytes)",
                            limits_.head_bytes_max));
  }
  head_ += line;
  const std::string_view head = head_;
  const bool complete =
      head == "\n" || head == "\r\n" || head.ends_with("\n\n") || head.ends_with("\n\r\n");
  if (!complete) return NeedMore{};
  return end_head();
}

Result<MultipartEvent> MultipartReader::end_head() {
  PartHead part;
  std::string_view head = head_;
  while (!head.empty()) {
    const std::size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) PACS_TRY(read_field(line, part.fields));
  }
  state_ = State::Content;
  held_ = implied_ = delimiter_.find('-');  // the line's end: an empty part may end here
  return part;
}

Result<MultipartEvent> MultipartReader::next() {
  while (state_ != State::Epilogue) {
    // What is held may be decided without another byte of the input.
    if (input_.empty()) return NeedMore{};
    Result<MultipartEvent> event = NeedMore{};
    if (state_ == State::Content)
      event = read_content();
    else if (state_ == State::DelimiterLine)
      event = read_delimiter_line();
    else
      event = read_head();
    if (!event || !std::holds_alternative<NeedMore>(*event)) return event;
  }
  return MultipartEnd{};
}

Result<> MultipartReader::finish() const {
  if (state_ == State::Epilogue) return {};
  return fail(ErrorKind::Truncated, "the multipart body ends before its closing boundary");
}

MultipartWriter::MultipartWriter() {
  for (const std::uint8_t byte : random_uuid()) boundary_ += fmt::format("{:02x}", byte);
}

std::string MultipartWriter::related(std::string_view type) const {
  return fmt::format("multipart/related; type=\"{}\"; boundary={}", type,
                     token_or_quoted(boundary_));
}

std::string MultipartWriter::byte_ranges() const {
  return "multipart/byteranges; boundary=" + token_or_quoted(boundary_);
}

std::string MultipartWriter::part_head(const Fields& fields) {
  std::string head = fmt::format("{}--{}\r\n", first_ ? "" : "\r\n", boundary_);
  first_ = false;
  for (const auto& [name, value] : fields) {
    head += name + ": ";
    for (const char c : value) {
      head += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
    head += "\r\n";
  }
  return head + "\r\n";
}

std::string MultipartWriter::end() const {
  return fmt::format("{}--{}--\r\n", first_ ? "" : "\r\n", boundary_);
}

}  // namespace pacs::web
