// Invariant: cutting a multipart body at any points gives the same events and the same error; a
// part's content never holds its delimiter. The first byte and one is how many bytes with the
// lengths of pieces follow; the rest is the body, whose boundary is "b".
#include <string>

#include "tests/fuzz/require.h"
#include "web/http/multipart.h"

namespace {

using namespace pacs;
using namespace pacs::web;

constexpr MultipartLimits kLimits{.head_bytes_max = 256, .parts_max = 20};

struct Told {
  std::string events, content;
  bool failed = false;

  void note(const MultipartEvent& event) {
    if (const auto* piece = std::get_if<PartPiece>(&event)) {
      require(!piece->bytes.empty());
      content += as_text(piece->bytes);
    } else if (const auto* head = std::get_if<PartHead>(&event)) {
      require(content.empty());
      events += "[";
      for (const auto& [name, value] : head->fields) events.append(name).append("=").append(value);
    } else if (std::holds_alternative<PartEnd>(event)) {
      require(content.find("\r\n--b\r\n") == content.npos);
      events += content + "]";
      content.clear();
    } else if (std::holds_alternative<MultipartEnd>(event)) {
      require(content.empty());
    }
  }
};

/// Pieces have the lengths that `sizes` gives, over and over.
Told read(std::string_view body, std::string_view sizes) {
  Told told;
  auto reader = MultipartReader::create("b", kLimits);
  for (std::size_t i = 0; !body.empty() && !told.failed; ++i) {
    const std::size_t size = static_cast<unsigned char>(sizes[i % sizes.size()]) + std::size_t{1};
    const std::string piece(body.substr(0, size));  // its own memory, so that ASan sees its end
    body.remove_prefix(piece.size());
    reader->put(as_bytes(piece));
    while (!told.failed) {
      const auto event = reader->next();
      told.failed = !event;
      if (event) told.note(*event);
      if (event && std::holds_alternative<NeedMore>(*event)) break;
      if (event && std::holds_alternative<MultipartEnd>(*event)) break;
    }
  }
  if (!told.failed) told.failed = !reader->finish();
  told.events += told.content + (told.failed ? "?" : "!");
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cuts = std::min<std::size_t>(data[0] + 1U, size - 1);
  const std::string_view body = input.substr(1 + cuts);
  const std::string events = read(body, input.substr(1, cuts)).events;
  require(read(body, std::string(1, '\0')).events == events);
  require(read(body, std::string(1, '\xFF')).events == events);
  return 0;
}
