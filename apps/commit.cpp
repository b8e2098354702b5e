// pacs commit: asks a peer to promise that it keeps instances (storage commitment), and shows what
// it says of each.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "apps/commands.h"
#include "apps/commit_options.h"
#include "apps/text_table.h"
#include "core/uid_generator.h"
#include "core/uids.h"
#include "integration/thread_adapter.h"
#include "services/commitment_scu.h"
#include "services/responder.h"
#include "services/verification_scp.h"

namespace pacs::apps {

namespace {

using services::CommitmentReference;
using services::CommitmentReport;
using services::CommitmentRequest;

/// Takes the report that the peer brings on an association of its own.
class ReportListener {
 public:
  explicit ReportListener(std::string transaction_uid)
      : transaction_uid_(std::move(transaction_uid)) {
    responder_.add(std::make_unique<services::VerificationScp>());
    responder_.add(std::make_unique<services::CommitmentReports>(
        [this](CommitmentReport report) { return take(std::move(report)); }));
  }
  ~ReportListener() {
    if (server_) server_->shut_down(std::chrono::milliseconds{500});
  }
  ReportListener(const ReportListener&) = delete;
  ReportListener& operator=(const ReportListener&) = delete;

  Status listen(const ListenPlace& place, const std::string& ae_title) {
    network::ServerOptions options;
    options.listen = place.address;
    options.port = place.port;
    network::AcceptorPolicy policy;
    policy.ae_title = ae_title;
    auto server = network::Server::start(
        pool_, options, responder_.policy(std::move(policy)),
        [this](auto association) { return responder_.serve(std::move(association)); }, {}, nullptr);
    if (!server) return fail(std::move(server.error()));
    server_ = std::move(*server);
    return {};
  }
  Result<CommitmentReport> wait(std::chrono::seconds time) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, time, [this] { return report_.has_value(); })) {
      return fail(ErrorKind::Timeout, fmt::format("no report within {} s", time.count()));
    }
    return std::move(*report_);
  }

 private:
  std::uint16_t take(CommitmentReport report) {
    if (report.transaction_uid != transaction_uid_) return network::status::kProcessingFailure;
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

/// Asks, and waits on the association when nobody listens; else lets it go.
network::Task<Result<CommitmentReport>> ask_on(network::Association& association,
                                               const CommitmentRequest& request, bool listening) {
  const network::PresentationContext* context =
      association.negotiated().accepted_for(uids::StorageCommitmentPushModel);
  if (context == nullptr) {
    co_return fail(ErrorKind::Rejected,
                   "the peer took no presentation context for Storage Commitment");
  }
  Status asked = co_await services::request_commitment(association, *context, request);
  if (!asked) co_return fail(std::move(asked.error()));
  CommitmentReport report;
  while (!listening && report.transaction_uid != request.transaction_uid) {
    Result<CommitmentReport> received = co_await services::receive_commitment_report(association);
    if (!received) co_return fail(std::move(received.error()));
    report = std::move(*received);
  }
  co_return report;
}

network::Task<void> ask_peer(network::RequestOptions peer, const CommitmentRequest& request,
                             bool listening, Result<CommitmentReport>& outcome) {
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(std::move(peer), {});
  if (!opened) {
    outcome = fail(std::move(opened.error()));
    co_return;
  }
  network::Association& association = **opened;
  Result<CommitmentReport> report = co_await ask_on(association, request, listening);
  outcome = std::move(report);
  if (!association.ended()) {
    Status released = co_await association.release();
    (void)released;  // everything is said
  }
}

struct Line {
  CommitmentReference reference;
  bool reported = false;
  [[nodiscard]] bool committed() const { return reported && reference.failure == 0; }
  [[nodiscard]] std::string result() const {
    if (!reported) return "not in the report";
    if (reference.failure == 0) return "committed";
    return fmt::format("failed: {:04X} {}", reference.failure,
                       services::failure_reason::text(reference.failure));
  }
};

/// What the report says of each reference, in the order they were asked for.
std::vector<Line> lines_of(const CommitmentRequest& request, const CommitmentReport& report) {
  std::map<std::string_view, std::uint16_t> said;
  for (const CommitmentReference& reference : report.references) {
    std::uint16_t& failure = said[reference.sop_instance_uid];
    failure = std::max(failure, reference.failure);
  }
  std::vector<Line> lines;
  for (const CommitmentReference& reference : request.references) {
    Line line{.reference = reference};
    if (const auto found = said.find(reference.sop_instance_uid); found != said.end()) {
      line.reported = true;
      line.reference.failure = found->second;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

void print_json(const CommitmentRequest& request, const CommitmentReport& report,
                const std::vector<Line>& lines) {
  boost::json::array rows;
  for (const Line& line : lines) {
    boost::json::object row{{"sop_class_uid", line.reference.sop_class_uid},
                            {"sop_instance_uid", line.reference.sop_instance_uid},
                            {"committed", line.committed()}};
    if (line.reported && line.reference.failure != 0) {
      row["failure_reason"] = fmt::format("{:04X}", line.reference.failure);
    }
    if (!line.committed()) row["result"] = line.result();
    rows.push_back(std::move(row));
  }
  fmt::print("{}\n", boost::json::serialize(
                         boost::json::object{{"transaction_uid", request.transaction_uid},
                                             {"retrieve_ae", report.retrieve_ae},
                                             {"instances", std::move(rows)}}));
}

void print_table(const std::vector<Line>& lines) {
  TextTable table({"SOP Instance UID", "Result"},
                  [](std::string_view line) { fmt::print("{}\n", line); });
  for (const Line& line : lines) table.add({line.reference.sop_instance_uid, line.result()});
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
  peer.contexts = {services::commitment_context()};
  peer.limits.idle = wait;
  std::unique_ptr<ReportListener> listener;
  if (!options.listen.empty()) {
    const Result<ListenPlace> place = parse_listen(options.listen);
    if (!place) return complain(place.error(), 2);
    listener = std::make_unique<ReportListener>(request.transaction_uid);
    if (Status listens = listener->listen(*place, peer.calling_ae); !listens) {
      return complain(listens.error(), 2);
    }
  }
  Result<CommitmentReport> report = fail(ErrorKind::Internal, "not asked");
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, ask_peer(std::move(peer), request, listener != nullptr, report),
                        boost::asio::detached);
  io.run();
  if (report && listener) report = listener->wait(wait);
  if (!report) return complain(report.error(), 1);

  const std::vector<Line> lines = lines_of(request, *report);
  options.json ? print_json(request, *report, lines) : print_table(lines);
  const auto committed = std::ranges::count_if(lines, &Line::committed);
  if (!options.json) {
    fmt::print(stderr, "{} of {} committed, transaction {}\n", committed, lines.size(),
               request.transaction_uid);
  }
  return static_cast<std::size_t>(committed) == lines.size() ? 0 : 1;
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
      "Exit code: 0 all are committed, 1 not, 2 wrong usage.");
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
