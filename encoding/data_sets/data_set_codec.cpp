#include "encoding/data_sets/data_set_codec.h"

#include "encoding/data_sets/data_set_builder.h"
#include "encoding/data_sets/data_set_writer.h"
#include "encoding/scan/inflate.h"
#include "encoding/scan/token_scanner.h"

namespace pacs {

Result<DataSet> read_data_set(SharedBytes input, const TransferSyntax& syntax,
                              const ReadOptions& options) {
  if (syntax.deflated) {
    PACS_TRY(Bytes inflated, inflate_all(input.view, options.limits));
    input = share(std::move(inflated));
  }
  TokenScanner scanner{syntax,
                       ScanOptions{.limits = options.limits, .stop_before = options.stop_before}};
  scanner.input_ends();
  ByteView rest = input.view;
  DataSetBuilder builder{std::move(input), options.limits};
  Token token;
  while (true) {
    switch (scanner.next(rest, token)) {
      case TokenScanner::Found::Token:
        builder.add(token);
        break;
      case TokenScanner::Found::Stop:
        return builder.take();
      case TokenScanner::Found::Error:
        return fail(scanner.error());
      case TokenScanner::Found::NeedMore:
        if (options.end == DataSetEnd::Certain &&
            fragments_are_all(builder.so_far(), builder.fragments()) &&
            scanner.end_pixel_data(rest, token)) {
          builder.add(token);
        }
        PACS_TRY(scanner.finish(rest));
        return builder.take();
    }
  }
}

Result<Bytes> write_data_set(const DataSet& data_set, const TransferSyntax& syntax,
                             const WriteOptions& options) {
  DataSetWriter writer{syntax, options};
  PACS_TRY(writer.write(data_set));
  if (syntax.deflated) return deflate_all(writer.bytes());
  return std::move(writer.bytes());
}

Result<> append_data_set(Bytes& to, const DataSet& data_set, const TransferSyntax& syntax,
                         const WriteOptions& options) {
  if (syntax.deflated) {
    PACS_TRY(const Bytes deflated, write_data_set(data_set, syntax, options));
    append(to, deflated);
    return {};
  }
  const std::size_t before = to.size();
  DataSetWriter writer{syntax, options};
  writer.bytes().swap(to);
  Result<> written = writer.write(data_set);
  writer.bytes().swap(to);
  if (!written) to.resize(before);
  return written;
}

}  // namespace pacs
