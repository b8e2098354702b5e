// PartSink: who takes the parts of a request's body, one after the other, as they arrive.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "core/bytes.h"
#include "core/result.h"
#include "web/http/http_message.h"
#include "web/http/multipart.h"

namespace pacs::web {

/// An error ends the request, whatever else is in its body.
class PartSink {
 public:
  virtual ~PartSink() = default;
  [[nodiscard]] virtual boost::asio::awaitable<Result<>> begin(const Fields& fields) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<>> piece(ByteView bytes) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<>> end() = 0;
};

/// A body of several parts, to its end.
[[nodiscard]] boost::asio::awaitable<Result<>> read_parts(MultipartReader reader, BodyReader body,
                                                          PartSink& sink);
/// A body that is one part.
[[nodiscard]] boost::asio::awaitable<Result<>> read_single_part(const Fields& fields,
                                                                BodyReader body, PartSink& sink);

}  // namespace pacs::web
