#include "apps/commands/retrieve_call.h"

#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>

#include "core/text.h"
#include "services/query/find_scu.h"

namespace pacs::apps {

namespace {

network::Task<void> call_peer(const RetrieveCall& call, const Perform& perform,
                              boost::asio::signal_set& signals, RetrieveEnd& end) {
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(call.peer, {});
  if (!opened) {
    end.failure = opened.error().to_string();
  } else {
    network::Association& association = **opened;
    const auto* context = association.negotiated().accepted_for(call.sop_class_uid);
    if (context == nullptr) {
      end.failure = "the peer does not accept this for this information model: try another --model";
    } else {
      Result<services::RetrieveResult> result = co_await perform(association, *context);
      if (result) {
        end.result = std::move(*result);
      } else {
        end.failure = result.error().to_string();
      }
    }
    if (!association.ended()) {
      Result<> released = co_await association.release();
      (void)released;  // the end is known already
    }
  }
  signals.cancel();
}

}  // namespace

void add_retrieve_options(CLI::App& command, RetrieveArguments& arguments) {
  command.add_option("peer", arguments.arguments, "HOST PORT or AE@HOST:PORT")->required();
  add_peer_options(command, arguments.peer);
  add_query_options(command, arguments.query);
  command.add_flag("--json", arguments.json, "print one JSON object");
  command.add_flag("-q,--quiet", arguments.quiet, "print only what failed");
}

Result<RetrieveCall> make_call(const RetrieveArguments& arguments, services::QueryService service) {
  std::vector<std::string> positional = arguments.arguments;
  PACS_TRY(network::RequestOptions peer, take_peer(positional, arguments.peer));
  if (!positional.empty()) {
    return fail(ErrorKind::InvalidArgument,
                "too many arguments: " + positional.front() + " (keys follow -k)");
  }
  PACS_TRY(DataSet identifier, make_identifier(arguments.query));

  RetrieveCall call{.peer = std::move(peer), .sop_class_uid = {}, .identifier = {}};
  call.identifier = std::move(identifier);
  call.sop_class_uid = services::query_sop_class_uid(model_of(arguments.query), service);
  call.peer.contexts = {services::find_context(call.sop_class_uid)};
  if (arguments.query.relational) {
    const storage::QueryRules rules{.model = model_of(arguments.query), .relational = true};
    call.peer.user.extended = {services::propose_query_negotiation(
        *services::find_query_sop_class(call.sop_class_uid), rules)};
  }
  return call;
}

void RetrieveProgress::counts(const services::SubOperations& counts) {
  done_ = std::uint64_t{counts.completed} + counts.failed + counts.warning;
  failed_ = counts.failed;
  if (counts.remaining) line_.set_total(done_ + *counts.remaining);
  update();
}

void RetrieveProgress::object(std::uint64_t bytes) {
  ++objects_;
  bytes_ += bytes;
  update();
}

bool succeeded(const RetrieveEnd& end) {
  return end.result && end.result->status == network::status::kSuccess &&
         end.result->counts.failed == 0;
}

void explain(std::string_view command, const RetrieveEnd& end) {
  if (!end.result) {
    fmt::print(stderr, "pacs {}: {}\n", command, printable(end.failure));
    return;
  }
  const services::RetrieveResult& result = *end.result;
  if (result.status == network::status::kSuccess) return;
  std::string elements;
  for (const Tag tag : result.offending_elements) elements += " " + tag.to_string();
  fmt::print(stderr, "pacs {}: the peer answered status {:04X}{}{}{}\n", command, result.status,
             result.error_comment.empty() ? "" : ": ", printable(result.error_comment), elements);
  for (const std::string& uid : result.failed_uids) {
    fmt::print(stderr, "failed: {}\n", printable(uid));
  }
}

void add_to(boost::json::object& object, const RetrieveEnd& end) {
  if (!end.result) {
    object["error"] = end.failure;
    return;
  }
  const services::RetrieveResult& result = *end.result;
  object["status"] = fmt::format("{:04X}", result.status);
  object["completed"] = result.counts.completed;
  object["failed"] = result.counts.failed;
  object["warning"] = result.counts.warning;
  if (result.counts.remaining) object["remaining"] = *result.counts.remaining;
  object["failed_instances"] = boost::json::value_from(result.failed_uids);
  if (!result.error_comment.empty()) object["error"] = result.error_comment;
}

RetrieveEnd run_call(const RetrieveCall& call, const Perform& perform, bool& interrupted) {
  RetrieveEnd end;
  boost::asio::io_context io{1};
  boost::asio::signal_set signals{io, SIGINT};
  signals.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (cancelled) return;
    interrupted = true;
    signals.clear();  // a second Ctrl-C ends the program
  });
  boost::asio::co_spawn(io, call_peer(call, perform, signals, end), boost::asio::detached);
  io.run();
  return end;
}

}  // namespace pacs::apps
