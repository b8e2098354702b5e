// DataSource: where the data set of a message to send comes from, piece by piece.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::network {

/// Made from a callable that gives the next piece, either at once (memory) or when it has been
/// waited for (disk). An empty view ends the data set. A view stays valid until the next call.
/// A default one stands for no data set at all.
class DataSource {
 public:
  using Piece = Result<ByteView>;
  using AwaitedPiece = boost::asio::awaitable<Piece>;

  DataSource() = default;
  template <typename Next>
  requires std::same_as<std::invoke_result_t<Next&>, Piece>
  // NOLINTNEXTLINE(google-explicit-constructor): a callable is one
  DataSource(Next next) : next_(std::function<Piece()>(std::move(next))) {}
  template <typename Next>
  requires std::same_as<std::invoke_result_t<Next&>, AwaitedPiece>
  // NOLINTNEXTLINE(google-explicit-constructor): a callable is one
  DataSource(Next next) : next_(std::function<AwaitedPiece()>(std::move(next))) {}

  explicit operator bool() const { return next_.index() != 0; }
  /// Whether the next piece comes from `later`, else from `now`.
  [[nodiscard]] bool waits() const { return next_.index() == 2; }
  [[nodiscard]] Piece now() const { return std::get<1>(next_)(); }
  [[nodiscard]] AwaitedPiece later() const { return std::get<2>(next_)(); }

 private:
  std::variant<std::monostate, std::function<Piece()>, std::function<AwaitedPiece()>> next_;
};

}  // namespace pacs::network
