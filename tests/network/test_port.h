// TestPort: a DICOM port that answers C-ECHO and swallows C-STORE, and what tests ask of it.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include "integration/metrics.h"
#include "integration/thread_adapter.h"
#include "network/dimse/status.h"
#include "network/server.h"

namespace pacs::network {

inline constexpr const char* kVerification = "1.2.840.10008.1.1";
inline constexpr const char* kCtImageStorage = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr const char* kImplicitLittle = "1.2.840.10008.1.2";
inline constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";

/// Accepts the first transfer syntax of everything.
inline AcceptorPolicy accept_all(std::string ae_title = "TESTPORT") {
  AcceptorPolicy policy;
  policy.ae_title = std::move(ae_title);
  policy.choose = [](const PresentationContextProposal&) {
    return AcceptorPolicy::Choice{true, 0, 0};
  };
  return policy;
}

/// What a command line printed, and how it ended.
struct Ran {
  int exit_code = -1;
  std::string output;
};
inline Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> chunk;
  for (std::size_t n; (n = fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) {
    ran.output.append(chunk.data(), n);
  }
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

class TestPort {
 public:
  /// What the port has seen.
  struct Seen {
    std::atomic<std::size_t> messages{0}, data_bytes{0}, served{0};
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Error> ends;  ///< why `receive` or `read_data_set` failed

    /// The association that came last.
    Negotiated last() {
      const std::scoped_lock lock(mutex);
      return negotiated;
    }
    Negotiated negotiated;

    /// Waits until `condition` holds; false after ten seconds.
    template <typename Condition>
    bool wait(Condition condition) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds(10), condition);
    }
  };

  explicit TestPort(ServerOptions options = {}, AcceptorPolicy policy = accept_all(),
                    Server::Serve serve_with = {}, integration::Logger log = {})
      : pool_(2) {
    options.port = 0;
    if (!serve_with) {
      serve_with = [seen = seen_](std::shared_ptr<Association> association) -> Task<void> {
        co_await serve(seen, std::move(association));
      };
    }
    auto server = Server::start(pool_, std::move(options), std::move(policy), std::move(serve_with),
                                std::move(log), metrics_.get());
    if (!server) throw std::runtime_error(server.error().to_string());
    server_ = std::move(*server);
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Seen& seen() { return *seen_; }
  [[nodiscard]] integration::Metrics& metrics() { return *metrics_; }
  [[nodiscard]] integration::IoPool& pool() { return pool_; }
  [[nodiscard]] boost::asio::io_context& context() { return pool_.context(); }

  [[nodiscard]] RequestOptions request_options() const {
    RequestOptions options;
    options.port = port();
    options.calling_ae = "TESTER";
    options.called_ae = "TESTPORT";
    options.contexts = {{0, kVerification, {kImplicitLittle}},
                        {0, kCtImageStorage, {kExplicitLittle, kImplicitLittle}}};
    return options;
  }

  /// The value of a series in the text exposition; 0 when it is not there.
  [[nodiscard]] double metric(const std::string& series) const {
    const std::string text = "\n" + metrics_->exposition();
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
  }

  /// Runs a coroutine on the strand of all that are given here and waits for what it returns.
  template <typename T>
  T wait(Task<T> task) {
    return boost::asio::co_spawn(strand_, std::move(task), boost::asio::use_future).get();
  }

  static Task<void> serve(std::shared_ptr<Seen> seen, std::shared_ptr<Association> association) {
    {
      const std::scoped_lock lock(seen->mutex);
      seen->negotiated = association->negotiated();
      ++seen->served;
      seen->changed.notify_all();
    }
    Error end;
    while (true) {
      auto message = co_await association->receive();
      if (!message) {
        end = message.error();
        break;
      }
      if (!*message) {
        end = {ErrorKind::ConnectionClosed, "released"};
        break;
      }
      bool last = !(*message)->command.has_data_set;
      while (!last) {
        const auto piece = co_await association->read_data_set();
        if (!piece) {
          end = piece.error();
          break;
        }
        seen->data_bytes += piece->bytes.size();
        last = piece->last;
      }
      if (!last) break;
      Command response = response_to((*message)->command);
      const Result<> sent = co_await association->send((*message)->context_id, std::move(response));
      ++seen->messages;
      seen->changed.notify_all();
      if (!sent) {
        end = sent.error();
        break;
      }
    }
    const std::scoped_lock lock(seen->mutex);
    seen->ends.push_back(std::move(end));
    seen->changed.notify_all();
  }

 private:
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  std::unique_ptr<integration::Metrics> metrics_ = integration::Metrics::create();
  integration::IoPool pool_;
  boost::asio::strand<boost::asio::io_context::executor_type> strand_{
      boost::asio::make_strand(pool_.context())};
  std::unique_ptr<Server> server_;
};

}  // namespace pacs::network
