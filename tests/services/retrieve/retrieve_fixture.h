// The language of the retrieve tests: an archive with objects, a server over it that does C-GET and
// C-MOVE, and a destination that takes objects, or does not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "network/server.h"
#include "services/query/find_scu.h"
#include "services/retrieve/get_scp.h"
#include "services/retrieve/get_scu.h"
#include "services/retrieve/move_scp.h"
#include "services/store/storage_scp.h"
#include "tests/services/peer.h"

namespace pacs::services {

using Keys = std::vector<std::pair<Tag, std::string>>;

inline DataSet identifier_of(std::string_view level, const Keys& keys) {
  DataSet identifier;
  if (!level.empty()) identifier.set_text(tags::QueryRetrieveLevel, level);
  for (const auto& [tag, value] : keys) identifier.set_text(tag, value);
  return identifier;
}

/// An archive whose reads are watched, and fail where a test says so.
class WatchedArchive : public TestArchive {
 public:
  Result<std::size_t> read_object(const storage::InstanceRecord& instance, std::uint64_t offset,
                                  std::span<std::byte> to) override {
    std::unique_lock lock{mutex_};
    ++reading_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hold_reads_; });
    --reading_;
    if (const auto bad = unreadable_.find(instance.sop_instance_uid);
        bad != unreadable_.end() && offset >= bad->second) {
      return fail(ErrorKind::Io, "the disk refuses");
    }
    Result<std::size_t> got = TestArchive::read_object(instance, offset, to);
    if (got) bytes_read_ += *got;
    return got;
  }
  Result<std::unique_ptr<storage::Records>> select(storage::Selection selection) override {
    if (select_fails_) return fail(ErrorKind::Io, "the index refuses");
    return TestArchive::select(std::move(selection));
  }

  void pixels_depart(const storage::InstanceRecord& instance, Departures departures,
                     std::string_view trace_id) override {
    const std::lock_guard lock{mutex_};
    departed_.push_back(instance.sop_instance_uid + ' ' + departures.to_string() + ' ' +
                        std::string{trace_id});
  }

  /// "1.2.9.1 codestream_sign 7": the object, what its pixels depart in, and the trace id.
  [[nodiscard]] std::vector<std::string> departed() {
    const std::lock_guard lock{mutex_};
    return departed_;
  }
  /// From this byte of the stored object on.
  void cannot_read(const std::string& sop_instance_uid, std::uint64_t offset = 0) {
    const std::lock_guard lock{mutex_};
    unreadable_.emplace(sop_instance_uid, offset);
  }
  void cannot_select() { select_fails_ = true; }
  /// Reads from now on wait for releases_reads.
  void holds_reads() {
    const std::lock_guard lock{mutex_};
    hold_reads_ = true;
  }
  void releases_reads() {
    const std::lock_guard lock{mutex_};
    hold_reads_ = false;
    changed_.notify_all();
  }
  /// Whether so many reads come to be held at once.
  [[nodiscard]] bool holds(std::size_t reads, std::chrono::milliseconds within) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, within, [&] { return reading_ >= reads; });
  }
  [[nodiscard]] std::uint64_t bytes_read() {
    const std::lock_guard lock{mutex_};
    return bytes_read_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::uint64_t> unreadable_;
  std::size_t reading_ = 0;
  bool hold_reads_ = false;
  std::uint64_t bytes_read_ = 0;
  std::vector<std::string> departed_;
  std::atomic<bool> select_fails_{false};
};

/// A Storage SCP that keeps nothing and does with each object what a test says.
class Taker : public Service {
 public:
  using Answering = std::function<std::uint16_t(const network::Command&)>;
  struct Taken {
    network::Command request;
    std::string transfer_syntax_uid;
    std::size_t bytes = 0;
  };
  struct Seen {
    std::mutex mutex;
    std::vector<Taken> taken;
    std::set<std::string> associations;
    Answering answer = [](const auto&) { return network::status::kSuccess; };
    std::set<std::string> hangs_at;  ///< SOP instances that are never answered
    std::atomic<bool> reads_nothing{false};
    std::vector<std::string> only_classes;
  };

  explicit Taker(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  [[nodiscard]] bool serves(std::string_view uid) const override {
    const std::lock_guard lock{seen_->mutex};
    return seen_->only_classes.empty() || std::ranges::count(seen_->only_classes, uid) != 0;
  }
  [[nodiscard]] bool performs(network::CommandField field) const override {
    return field == network::CommandField::CStoreRq;
  }
  [[nodiscard]] std::optional<std::size_t> choose_transfer_syntax(
      const network::PresentationContextProposal&) const override {
    return 0;
  }
  Task<Result<Answer>> perform(Operation& operation) override {
    Taken taken{operation.request(), operation.context().transfer_syntax, 0};
    boost::asio::steady_timer tick{co_await boost::asio::this_coro::executor};
    while (seen_->reads_nothing) {
      {
        const std::lock_guard lock{seen_->mutex};
        seen_->associations.insert(operation.association().id);
      }
      tick.expires_after(std::chrono::milliseconds{5});
      co_await tick.async_wait(boost::asio::use_awaitable);
    }
    for (bool last = false; !last;) {
      auto piece = co_await operation.read_data_set();
      if (!piece) co_return fail(std::move(piece.error()));
      taken.bytes += piece->bytes.size();
      last = piece->last;
    }
    Answer answer;
    bool hangs = false;
    {
      const std::lock_guard lock{seen_->mutex};
      answer.status = seen_->answer(operation.request());
      hangs = seen_->hangs_at.contains(operation.request().sop_instance_uid);
      seen_->associations.insert(operation.association().id);
      seen_->taken.push_back(std::move(taken));
    }
    while (hangs && !operation.cancelled()) {  // until the peer gives up
      tick.expires_after(std::chrono::milliseconds{5});
      co_await tick.async_wait(boost::asio::use_awaitable);
    }
    co_return answer;
  }

 private:
  std::shared_ptr<Seen> seen_;
};

/// A server on a free port with the services it is given.
class TestServer {
 public:
  ~TestServer() {
    server_.reset();
    pool_.stop();
  }
  void serves(std::unique_ptr<Service> service) { responder_.add(std::move(service)); }
  /// Whether to take the next association.
  std::function<bool()> accepts = [] { return true; };
  std::uint16_t operations_window_max = 16;
  void starts() {
    network::AcceptorPolicy policy = responder_.policy({});
    policy.accept_any_called_ae_title = true;
    policy.refuse = [this](const auto&) -> std::optional<std::pair<std::uint8_t, std::uint8_t>> {
      if (accepts()) return std::nullopt;
      return std::pair<std::uint8_t, std::uint8_t>{1, 3};  // calling AE title not recognized
    };
    network::ServerOptions options;
    options.port = 0;
    options.limits.operations_window_max = operations_window_max;
    auto server = network::Server::start(
        pool_, options, std::move(policy),
        [this](auto association) { return responder_.serve(std::move(association)); }, {}, nullptr);
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  void stops_listening() { server_.reset(); }

 private:
  integration::IoPool pool_{2};
  Responder responder_{integration::Logger{}, nullptr};
  std::unique_ptr<network::Server> server_;
};

class RetrieveTest : public testing::Test {
 protected:
  /// Stores an object with its place in the hierarchy.
  void has(const TestObject& object) {
    Bytes data_set = object.data_set;
    auto ingest = archive.begin_ingest({.transfer_syntax_uid = object.transfer_syntax_uid,
                                        .sop_class_uid = object.sop_class_uid,
                                        .sop_instance_uid = object.sop_instance_uid,
                                        .source_ae = {},
                                        .trace_id = {}});
    ASSERT_TRUE(ingest) << ingest.error().to_string();
    ASSERT_TRUE((*ingest)->append(data_set));
    std::promise<Result<storage::StoredInstance>> stored;
    (*ingest)->commit([&](auto outcome) { stored.set_value(std::move(outcome)); });
    const auto outcome = stored.get_future().get();
    ASSERT_TRUE(outcome) << outcome.error().to_string();
  }
  /// So many small CTs of the study 1.2.3.1, "1.2.9.1" and on.
  void has_cts(int count, std::size_t pixel_bytes = 1000) {
    for (int i = 1; i <= count; ++i) has(ct("1.2.9." + std::to_string(i), pixel_bytes));
  }

  void starts() {
    // Who answers for the storage SOP classes grants the requestor of a C-GET the role of SCP.
    server.serves(std::make_unique<StorageScp>(archive, StorageClasses{{}}));
    server.serves(std::make_unique<GetScp>(RetrieveSetup{{archive, workers, frame_memory}, {}}));
    SendOptions options;
    options.associations = move_associations;
    options.preferences = preferences;
    options.find_destination = [this](std::string_view title) -> Result<network::RequestOptions> {
      if (title != "TAKER") return fail(ErrorKind::NotFound, "no such AE");
      network::RequestOptions reach;
      reach.port = taker_port;
      reach.called_ae = "TAKER";
      reach.calling_ae = "PACS";
      reach.limits = destination_limits;
      return reach;
    };
    server.serves(
        std::make_unique<MoveScp>(RetrieveSetup{{archive, workers, frame_memory}, {}}, options));
    server.starts();
  }
  void starts_taker() {
    taker.serves(std::make_unique<Taker>(seen));
    taker.starts();
    taker_port = taker.port();
  }
  [[nodiscard]] std::vector<std::string> taken() const {
    const std::lock_guard lock{seen->mutex};
    std::vector<std::string> uids;
    for (const auto& object : seen->taken) uids.push_back(object.request.sop_instance_uid);
    return uids;
  }
  /// How many associations the destination has seen, also while it is still busy with some.
  [[nodiscard]] std::size_t associations() const {
    const std::lock_guard lock{seen->mutex};
    return seen->associations.size();
  }

  ~RetrieveTest() override {
    server.stops_listening();  // no association is left that gives the workers work
    taker.stops_listening();
  }

  WatchedArchive archive;
  std::shared_ptr<Taker::Seen> seen = std::make_shared<Taker::Seen>();
  TestServer taker, server;
  integration::WorkMemory frame_memory{"frames_bytes_max", 1U << 30};
  integration::WorkPool workers{3};  // its work uses the archive and answers into the server
  std::uint16_t taker_port = 0;
  std::size_t move_associations = 1;
  network::AssociationLimits destination_limits{};
  decltype(SendOptions::preferences) preferences{};
};

/// A requestor of C-GET and C-MOVE. Each call blocks until it is done.
class Requester {
 public:
  explicit Requester(const TestServer& server) : port_(server.port()) {}

  std::string_view get_class = uids::StudyRootQueryRetrieveInformationModelGet;
  std::string_view move_class = uids::StudyRootQueryRetrieveInformationModelMove;
  std::vector<network::PresentationContextProposal> receives = {context(uids::CTImageStorage)};
  bool takes_scp_role = true;
  std::uint16_t window_performed = 1;
  std::vector<network::ExtendedNegotiation> extended{};
  OnProgress on_progress{};
  /// Objects to take before C-CANCEL.
  std::size_t cancels_after = SIZE_MAX;
  /// Why an object is not kept.
  std::function<Result<>(const IncomingObject&)> refuses = [](const auto&) { return Result<>{}; };

  struct Got {
    IncomingObject object;
    Bytes data_set;
  };
  std::vector<Got> got{};

  RetrieveResult gets(DataSet identifier) {
    network::RequestOptions options;
    options.contexts = {find_context(get_class)};
    propose_to_receive(options, receives);
    if (!takes_scp_role) options.user.roles.clear();
    associates(std::move(options));
    GetHooks hooks;
    hooks.open = [this](const IncomingObject& object) -> Result<std::unique_ptr<ObjectSink>> {
      if (Result<> refused = refuses(object); !refused) return fail(refused.error());
      return std::make_unique<MemorySink>(*this, object);
    };
    hooks.on_object = [this](const auto&, std::uint64_t, const Result<>&) {
      return got.size() < cancels_after;
    };
    hooks.on_progress = on_progress;
    return ends(get(*association_, *association_->negotiated().accepted_for(get_class),
                    {.identifier = std::move(identifier)}, std::move(hooks)));
  }
  RetrieveResult moves(DataSet identifier, const std::string& destination = "TAKER") {
    network::RequestOptions options;
    options.contexts = {find_context(move_class)};
    associates(std::move(options));
    return ends(move(
        *association_, *association_->negotiated().accepted_for(move_class),
        {.identifier = std::move(identifier), .move_destination = destination, .message_id = 7},
        on_progress));
  }
  [[nodiscard]] std::set<std::string> uids_got() const {
    std::set<std::string> uids;
    for (const Got& one : got) uids.insert(one.object.sop_instance_uid);
    return uids;
  }

 private:
  class MemorySink : public ObjectSink {
   public:
    MemorySink(Requester& owner, IncomingObject object)
        : owner_(owner), got_{std::move(object), {}} {}
    Result<> append(ByteView bytes) override {
      pacs::append(got_.data_set, bytes);
      return {};
    }
    Task<Result<>> commit() override {
      owner_.got.push_back(std::move(got_));
      co_return Result<>{};
    }

   private:
    Requester& owner_;
    Got got_;
  };

  void associates(network::RequestOptions options) {
    options.port = port_;
    options.called_ae = "PACS";
    options.calling_ae = "ASKER";
    options.user.operations_window = {1, window_performed};
    options.user.extended = extended;
    auto opened = wait(network::request_association(options, {}));
    ASSERT_TRUE(opened) << opened.error().to_string();
    association_ = std::move(*opened);
  }
  RetrieveResult ends(Task<Result<RetrieveResult>> asking) {
    auto result = wait(std::move(asking));
    EXPECT_TRUE(result) << (result ? "" : result.error().to_string());
    if (!result) return {};
    EXPECT_TRUE(wait(association_->release()));
    return *result;
  }
  template <typename T>
  T wait(Task<T> task) {
    return boost::asio::co_spawn(pool_.context(), std::move(task), boost::asio::use_future).get();
  }

  std::uint16_t port_;
  integration::IoPool pool_{1};
  std::shared_ptr<network::Association> association_;
};

}  // namespace pacs::services
