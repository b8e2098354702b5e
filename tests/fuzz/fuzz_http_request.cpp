// Invariant: cutting what a client sends at any points lets handlers see the same requests with the
// same bodies, so that nobody in front of us can take one for another; answers are HTTP, and no
// handler sees a body above its limit or a path with a way out. (Whether a head that is none and
// does not end is refused or its end waited for depends on where it is cut.) The first byte and one
// is how many bytes with the lengths of pieces follow; the rest is what is sent.
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "integration/thread_adapter.h"
#include "tests/fuzz/require.h"
#include "web/http/guard.h"
#include "web/http/http_connection.h"

namespace {

using namespace pacs;
using namespace pacs::web;
using network::Task;

constexpr std::size_t kBodyBytesMax = 500;

/// A client that has said everything beforehand, in pieces of the lengths that `sizes` gives.
class Said final : public network::Transport {
 public:
  Said(boost::asio::io_context& io, std::string_view text, std::string_view sizes,
       std::string& answers)
      : io_(io), text_(text), sizes_(sizes), answers_(answers) {}

  Task<Result<>> handshake() override { co_return Result<>{}; }
  Task<Result<std::size_t>> read_some(std::span<std::byte> to, std::size_t /*useful*/) override {
    const std::size_t piece = static_cast<unsigned char>(sizes_[at_++ % sizes_.size()]) + 1U;
    const std::size_t count = std::min({piece, to.size(), text_.size()});
    std::ranges::copy(as_bytes(text_.substr(0, count)), to.begin());
    text_.remove_prefix(count);
    co_return count;
  }
  Task<Result<>> write(std::span<const ByteView> pieces) override {
    for (const ByteView piece : pieces) answers_ += as_text(piece);
    co_return Result<>{};
  }
  void cancel_read() override {}
  Task<void> say_goodbye() override { co_return; }
  void end_sending() override {}
  void close() override {}
  boost::asio::any_io_executor executor() override { return io_.get_executor(); }
  bool is_tls() const override { return false; }
  std::string peer_subject() const override { return {}; }

 private:
  boost::asio::io_context& io_;
  std::string_view text_;
  const std::string_view sizes_;
  std::string& answers_;
  std::size_t at_ = 0;
};

/// What the handlers have seen.
std::string seen;

std::string told(const Request& request) {
  std::string text = request.method + (request.head_only ? "?" : "!") + request.base_url;
  for (const std::string& segment : request.segments) {
    require(!segment.empty() && segment != "." && segment != "..");
    require(segment.find_first_of(std::string_view("/\\\0", 3)) == segment.npos);
    text += "/" + segment;
  }
  for (const auto& [name, value] : request.query) text += "&" + name + "=" + value;
  for (const auto& [name, value] : request.headers) text += "\n" + name + ": " + value;
  return text + "\n\n" + request.body;
}

boost::asio::awaitable<Response> tells(Request& request) {
  require(request.body.size() <= kBodyBytesMax);
  seen += told(request);
  co_return Response::text(200, "taken");
}

boost::asio::awaitable<Response> reads(Request& request) {
  std::string text = told(request);
  for (;;) {
    const Result<ByteView> piece = co_await request.stream();
    if (!piece) co_return Response::problem(piece.error());
    if (piece->empty()) break;
    text += as_text(*piece);
  }
  seen += text;
  co_return Response::text(200, "read");
}

std::shared_ptr<ServerState> make_state() {
  static integration::IoPool pool(1);
  Router router;
  router.add({"GET", "/a/{x}", Role::Anybody, tells});
  router.add({"GET", "/a/b", Role::Viewer, tells});
  router.add({"POST", "/json", Role::Anybody, tells, RequestBody::Json});
  router.add({"POST", "/a/{x}", Role::Anybody, tells});
  router.add({"PUT", "/stream", Role::Anybody, reads, RequestBody::Streamed});
  HttpOptions options;
  options.limits.body_bytes_max = kBodyBytesMax;
  options.server_names = {"pacs.example"};
  options.cors_origins = {"https://viewer.example"};
  options.proxies = *TrustedProxies::create({"192.0.2.0/24"});
  return std::make_shared<ServerState>(std::move(options), std::move(router), integration::Logger{},
                                       nullptr, pool);
}

std::string seen_of(std::string_view text, std::string_view sizes) {
  static const std::shared_ptr<ServerState> state = make_state();
  boost::asio::io_context io(1);
  std::string answers;
  const auto connection = std::make_shared<HttpConnection>(
      std::make_unique<Said>(io, text, sizes, answers), "192.0.2.1", state);
  require(state->presence.enter(*connection));
  bool ended = false;
  boost::asio::co_spawn(io, connection->run(),
                        [&](std::exception_ptr failed) { ended = failed == nullptr; });
  while (!ended && io.run_one() != 0) {
  }
  require(ended);
  state->presence.leave(*connection);
  require(answers.empty() || answers.starts_with("HTTP/1."));
  return std::exchange(seen, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cuts = std::min<std::size_t>(data[0] + 1U, size - 1);
  const std::string_view text = input.substr(1 + cuts);
  const std::string requests = seen_of(text, input.substr(1, cuts));
  require(seen_of(text, std::string(1, '\0')) == requests);
  require(seen_of(text, std::string(1, '\xFF')) == requests);
  return 0;
}
