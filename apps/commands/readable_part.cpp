#include "apps/commands/readable_part.h"

#include "encoding/data_sets/data_set_builder.h"
#include "encoding/scan/inflate.h"
#include "encoding/scan/token_scanner.h"

namespace pacs::apps {
namespace {

/// Reads data set elements until the end or the first error, which is put into `part`.
void read_elements(SharedBytes bytes, ReadablePart& part) {
  const Limits limits = limits_of_stored();
  TokenScanner scanner{*part.file.header.syntax, {.limits = limits}};
  scanner.input_ends();
  ByteView rest = bytes.view;
  DataSetBuilder builder{std::move(bytes), limits};
  Token token;
  std::uint32_t open_sequences = 0;
  bool in_fragments = false;
  TokenScanner::Found found = scanner.next(rest, token);
  for (; found == TokenScanner::Found::Token; found = scanner.next(rest, token)) {
    builder.add(token);
    if (token.kind == Token::Kind::SequenceStart) ++open_sequences;
    if (token.kind == Token::Kind::SequenceEnd) --open_sequences;
    if (token.kind == Token::Kind::FragmentsStart) in_fragments = true;
    if (token.kind == Token::Kind::FragmentsEnd) in_fragments = false;
  }
  if (found == TokenScanner::Found::Error) {
    part.error = scanner.error();
  } else if (Result<> status = scanner.finish(rest); !status) {
    part.error = std::move(status.error());
  }
  part.departures.add(scanner.departures());
  part.departures.add(builder.departures());
  const FileHeader& header = part.file.header;
  if (part.error && part.error->offset && !header.syntax->deflated) {
    *part.error->offset += header.data_set_offset;
  }
  if (in_fragments) builder.close_fragments();
  for (; open_sequences > 0; --open_sequences) builder.close_sequence(VR::SQ);
  part.file.data_set = builder.take();
}

}  // namespace

Result<ReadablePart> read_readable_part(const std::filesystem::path& path) {
  const auto in_path = [&path](Error error) { return std::move(error).in(path.string()); };
  auto content = map_file(path);
  if (!content) return fail(in_path(std::move(content.error())));
  auto header = read_file_header(*content);
  if (!header) return fail(in_path(std::move(header.error())));

  ReadablePart part;
  part.file.header = std::move(*header);
  content->view = content->view.subspan(part.file.header.data_set_offset);
  if (part.file.header.syntax->deflated) {
    auto inflated = inflate_all(content->view, {}, &part.departures);
    if (inflated) {
      read_elements(share(std::move(*inflated)), part);
    } else {
      part.error = std::move(inflated.error());
    }
  } else {
    read_elements(std::move(*content), part);
  }
  if (part.error) part.error = in_path(std::move(*part.error));
  return part;
}

}  // namespace pacs::apps
