#include "tests/encoding/scan/token_trace.h"

#include <fmt/format.h>

namespace pacs::test {
namespace {

std::string described(const Token& token) {
  const std::string tilde = token.undefined_length ? "~" : "";
  const std::string element =
      fmt::format("{}({:04X},{:04X})", to_string(token.vr), token.tag.group(), token.tag.element());
  switch (token.kind) {
    case Token::Kind::Element:
      return fmt::format("{}={}", element, token.value.size());
    case Token::Kind::LongElement:
      return fmt::format("{}={}..", element, token.length);
    case Token::Kind::Chunk:
      return "";
    case Token::Kind::SequenceStart:
      return tilde + element + "[";
    case Token::Kind::ItemStart:
      return tilde + "<";
    case Token::Kind::ItemEnd:
      return ">";
    case Token::Kind::SequenceEnd:
      return "]";
    case Token::Kind::FragmentsStart:
      return element + "|";
    case Token::Kind::Fragment:
      return fmt::format("{}", token.value.size());
    case Token::Kind::LongFragment:
      return fmt::format("{}..", token.length);
    case Token::Kind::FragmentsEnd:
      return "|";
  }
  return "?";
}

class Tracer {
 public:
  Tracer(const TransferSyntax& syntax, const ScanOptions& options) : scanner_(syntax, options) {}

  void drain(ByteView& input) {
    Token token;
    while ((answer_ = scanner_.next(input, token)) == TokenScanner::Found::Token) {
      say(described(token));
    }
  }
  void input_ends() { scanner_.input_ends(); }
  std::string finish(ByteView rest) {
    input_ends();
    if (going()) drain(rest);
    if (answer_ == TokenScanner::Found::Stop) {
      say("stop");
    } else if (const Result<> status = scanner_.finish(rest); !status) {
      const Error& error = status.error();
      say(fmt::format("{} {} @{}", to_string(error.kind), error.tag->to_string(), *error.offset));
    }
    return text_;
  }
  [[nodiscard]] bool going() const { return answer_ == TokenScanner::Found::NeedMore; }

 private:
  void say(const std::string& word) {
    if (word.empty()) return;
    if (!text_.empty()) text_ += ' ';
    text_ += word;
  }

  TokenScanner scanner_;
  TokenScanner::Found answer_ = TokenScanner::Found::NeedMore;
  std::string text_;
};

}  // namespace

std::string trace(ByteView bytes, const TransferSyntax& syntax, std::size_t piece_bytes,
                  const ScanOptions& options) {
  Tracer tracer{syntax, options};
  if (piece_bytes == 0) {
    tracer.input_ends();
    tracer.drain(bytes);
    return tracer.finish(bytes);
  }
  Bytes front;
  while (!bytes.empty() && tracer.going()) {
    const ByteView piece = bytes.first(std::min(piece_bytes, bytes.size()));
    bytes = bytes.subspan(piece.size());
    append(front, piece);
    ByteView rest{front};
    tracer.drain(rest);
    front.erase(front.begin(), front.end() - static_cast<std::ptrdiff_t>(rest.size()));
  }
  return tracer.finish(front);
}

}  // namespace pacs::test
