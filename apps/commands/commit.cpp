// pacs commit: asks a peer to promise that it keeps instances (storage commitment), and shows what
// it answers for each.

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "apps/commands/commands.h"
#include "apps/commands/commit_options.h"
#include "apps/output/text_table.h"
#include "core/text.h"
#include "core/uid_generator.h"
#include "core/uids.h"
#include "integration/thread_adapter.h"
#include "network/server.h"
#include "services/commitment/commitment_outcome.h"
#include "services/commitment/commitment_scu.h"
#include "services/dispatch/responder.h"
#include "services/dispatch/scu.h"
#include "services/verification/verification_scp.h"

namespace pacs::apps {

namespace {

using services::CommitmentOutcome;
using services::CommitmentReport;
using services::CommitmentRequest;

void say_refused(const std::string& why) {
  fmt::print(stderr, "pacs commit: a report was refused: {}\n", printable(why));
}

/// Takes the report that the peer sends on an association of its own.
class ReportListener {
 public:
  explicit ReportListener(std::string transaction_uid)
      : transaction_uid_(std::move(transaction_uid)) {
    responder_.add(std::make_unique<services::VerificationScp>());
    responder_.add(std::make_unique<services::CommitmentReports>(
        [this](CommitmentReport report) { return take(std::move(report)); }, say_refused));
  }
  ~ReportListener() {
    if (server_) server_->shut_down(std::chrono::milliseconds{500});
  }
  ReportListener(const ReportListener&) = delete;
  ReportListener& operator=(const ReportListener&) = delete;

  Result<> listen(const ListenPlace& place, const std::string& ae_title) {
    network::ServerOptions options;
    options.listen = place.address;
    options.port = place.port;
    network::AcceptorPolicy policy;
    policy.ae_title = ae_title;
    PACS_TRY(auto server,
             network::Server::start(
                 pool_, options, responder_.policy(std::move(policy)),
                 [this](auto association) { return responder_.serve(std::move(association)); }, {},
                 nullptr));
    server_ = std::move(server);
    return {};
  }
  std::optional<CommitmentReport> wait_until(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, until, [this] { return report_.has_value(); });
    return report_;
  }

 private:
  std::uint16_t take(CommitmentReport report) {
    if (report.transaction_uid != transaction_uid_) {
      say_refused("not the transaction that was asked for: " + report.transaction_uid);
      return network::status::kProcessingFailure;
    }
    const std::lock_guard lock{mutex_};
    report_ = std::move(report);
    changed_.notify_all();
    return network::status::kSuccess;
  }

  const std::string transaction_uid_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<CommitmentReport> report_;
  integration::IoPool pool_{1};
  services::Responder responder_{integration::Logger{}, nullptr};
  std::unique_ptr<network::Server> server_;
};

/// What is asked of the peer, and the outcome.
struct Asking {
  const CommitmentRequest& request;
  bool listening = false;
  std::chrono::seconds wait{};
  /// When the wait for the report ends: counted from when the association is established.
  std::chrono::steady_clock::time_point until{};
  Result<CommitmentReport> outcome = fail(ErrorKind::Internal, "not asked");
};

Error no_report(std::chrono::seconds wait) {
  return {ErrorKind::Timeout, fmt::format("no report within {} s", wait.count())};
}

/// Sends the request; without --listen waits for the report on this association.
network::Task<Result<CommitmentReport>> ask_on(network::Association& association,
                                               const Asking& asking) {
  services::CommitmentAsking on_association(association, asking.request, say_refused);
  PACS_CO_TRY(co_await on_association.ask());
  if (asking.listening) co_return CommitmentReport{};
  Result<CommitmentReport> report = co_await on_association.report();
  co_return report;
}

network::Task<void> ask_peer(network::RequestOptions peer, Asking& asking) {
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(std::move(peer), {});
  if (!opened) {
    asking.outcome = fail(std::move(opened.error()));
    co_return;
  }
  network::Association& association = **opened;
  asking.until = std::chrono::steady_clock::now() + asking.wait;
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, asking.until};
  // The handler may run after this coroutine has ended.
  const auto expired = std::make_shared<bool>(false);
  timer.async_wait([expired, held = *opened](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    *expired = true;
    held->abort();
  });
  Result<CommitmentReport> report = co_await ask_on(association, asking);
  timer.cancel();
  asking.outcome = std::move(report);
  if (*expired && !asking.outcome) asking.outcome = fail(no_report(asking.wait));
  if (!association.ended()) {
    Result<> released = co_await association.release();
    (void)released;  // the outcome is known already
  }
}

void print_json(const CommitmentRequest& request, const CommitmentReport& report,
                const CommitmentOutcome& outcome) {
  boost::json::array rows, problems;
  for (const CommitmentOutcome::Line& line : outcome.lines) {
    boost::json::object row{{"sop_class_uid", line.reference.sop_class_uid},
                            {"sop_instance_uid", line.reference.sop_instance_uid},
                            {"committed", line.committed}};
    if (line.reference.failure != 0) {
      row["failure_reason"] = fmt::format("{:04X}", line.reference.failure);
    }
    if (!line.committed) row["result"] = line.result;
    rows.push_back(std::move(row));
  }
  for (const std::string& problem : outcome.problems) problems.emplace_back(problem);
  fmt::print("{}\n", boost::json::serialize(
                         boost::json::object{{"transaction_uid", request.transaction_uid},
                                             {"retrieve_ae", report.retrieve_ae},
                                             {"instances", std::move(rows)},
                                             {"problems", std::move(problems)}}));
}

void print_table(const CommitmentOutcome& outcome) {
  TextTable table({"SOP Instance UID", "Result"},
                  [](std::string_view line) { fmt::print("{}\n", line); });
  for (const CommitmentOutcome::Line& line : outcome.lines) {
    table.add({line.reference.sop_instance_uid, printable(line.result)});
  }
  table.finish();
}

int complain(const Error& error, int exit_code) {
  fmt::print(stderr, "pacs commit: {}\n",
             printable(exit_code == 2 ? error.message : error.to_string()));
  return exit_code;
}

int commit(const CommitOptions& options, network::RequestOptions peer,
           const CommitmentRequest& request) {
  const std::chrono::seconds wait{options.wait_seconds};
  peer.contexts = {services::proposal(uids::StorageCommitmentPushModel)};
  peer.limits.idle = wait;
  std::unique_ptr<ReportListener> listener;
  if (!options.listen.empty()) {
    const Result<ListenPlace> place = parse_listen(options.listen);
    if (!place) return complain(place.error(), 2);
    listener = std::make_unique<ReportListener>(request.transaction_uid);
    if (Result<> listens = listener->listen(*place, peer.calling_ae); !listens) {
      return complain(listens.error(), 2);
    }
  }
  Asking asking{.request = request, .listening = listener != nullptr, .wait = wait};
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, ask_peer(std::move(peer), asking), boost::asio::detached);
  io.run();
  Result<CommitmentReport> report = std::move(asking.outcome);
  if (report && listener) {
    std::optional<CommitmentReport> came = listener->wait_until(asking.until);
    report = came ? Result<CommitmentReport>{std::move(*came)} : fail(no_report(wait));
  }
  if (!report) return complain(report.error(), 1);

  const CommitmentOutcome outcome = services::compare(request, *report);
  options.json ? print_json(request, *report, outcome) : print_table(outcome);
  for (const std::string& problem : outcome.problems) {
    fmt::print(stderr, "pacs commit: {}\n", printable(problem));
  }
  if (!options.json) {
    fmt::print(stderr, "{} of {} committed, transaction {}\n", outcome.committed(),
               outcome.lines.size(), request.transaction_uid);
  }
  return outcome.all_committed() ? 0 : 1;
}

int run_commit(CommitOptions options) {
  Result<network::RequestOptions> peer = take_peer(options.arguments, options.peer);
  if (!peer) return complain(peer.error(), 2);
  CommitmentRequest request;
  request.transaction_uid =
      options.transaction_uid.empty() ? generate_uid() : options.transaction_uid;
  auto references = collect_references(options.arguments, options.sop_class);
  if (!references) return complain(references.error(), 2);
  request.references = std::move(*references);
  return commit(options, std::move(*peer), request);
}

}  // namespace

void add_commit(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "commit", "Ask a peer to promise that it keeps instances (storage commitment)");
  command->footer(
      "Examples:\n"
      "  pacs commit 127.0.0.1 11112 -aec PACS study/\n"
      "  pacs commit PACS@127.0.0.1:11112 -aet CT1 --listen 11190 image.dcm\n"
      "  pacs commit PACS@127.0.0.1:11112 --sop-class CTImageStorage 1.2.3.4.5 --json\n"
      "Without --listen the association stays open for the report; with it the association is\n"
      "released and the peer must know where the AE of -aet listens.\n"
      "Exit code: 0 all are committed, 1 otherwise, 2 wrong usage.");
  auto options = std::make_shared<CommitOptions>();
  command
      ->add_option("arguments", options->arguments,
                   "HOST PORT or AE@HOST:PORT, then files, folders and SOP Instance UIDs")
      ->required();
  add_peer_options(*command, options->peer);
  command->add_option("--sop-class", options->sop_class,
                      "SOP class of instances named by UID: a UID or a keyword");
  command->add_option("--transaction", options->transaction_uid,
                      "Transaction UID (default: a new one)");
  command->add_option("--listen", options->listen,
                      "take the report on a new association at PORT or ADDRESS:PORT");
  command->add_option("--wait", options->wait_seconds, "seconds to wait for the report")
      ->capture_default_str()
      ->check(CLI::Range(1U, 86'400U));
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &exit_code] { exit_code = run_commit(*options); });
}

}  // namespace pacs::apps
