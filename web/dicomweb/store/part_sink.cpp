#include "web/dicomweb/store/part_sink.h"

#include <utility>
#include <variant>

namespace pacs::web {
namespace {

using boost::asio::awaitable;

awaitable<Result<>> hand_over(const MultipartEvent& event, PartSink& sink) {
  Result<> taken;
  if (const auto* head = std::get_if<PartHead>(&event)) taken = co_await sink.begin(head->fields);
  if (const auto* piece = std::get_if<PartPiece>(&event)) taken = co_await sink.piece(piece->bytes);
  if (std::holds_alternative<PartEnd>(event)) taken = co_await sink.end();
  co_return taken;
}

}  // namespace

awaitable<Result<>> read_parts(MultipartReader reader, BodyReader body, PartSink& sink) {
  for (;;) {
    PACS_CO_TRY(const ByteView bytes, co_await body());
    if (bytes.empty()) co_return reader.finish();
    reader.put(bytes);
    for (;;) {
      PACS_CO_TRY(const MultipartEvent event, reader.next());
      if (std::holds_alternative<NeedMore>(event)) break;
      if (std::holds_alternative<MultipartEnd>(event)) break;
      PACS_CO_TRY(co_await hand_over(event, sink));
    }
  }
}

awaitable<Result<>> read_single_part(const Fields& fields, BodyReader body, PartSink& sink) {
  PACS_CO_TRY(co_await sink.begin(fields));
  for (;;) {
    PACS_CO_TRY(const ByteView bytes, co_await body());
    if (bytes.empty()) break;
    PACS_CO_TRY(co_await sink.piece(bytes));
  }
  PACS_CO_TRY(co_await sink.end());
  co_return Result<>{};
}

}  // namespace pacs::web
