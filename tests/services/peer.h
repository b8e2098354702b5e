// The language of the service tests: `Pacs` is a server with services over a TestArchive, `Peer`
// a requestor that is told, step by step, what to send and says what it got.
#pragma once

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "integration/metrics.h"
#include "integration/thread_adapter.h"
#include "network/association.h"
#include "network/dimse/status.h"
#include "network/server.h"
#include "services/dispatch/data_pieces.h"
#include "services/dispatch/responder.h"
#include "services/store/storage_scp.h"
#include "services/verification/verification_scp.h"
#include "tests/services/test_archive.h"

namespace pacs::services {

inline constexpr std::string_view kPrivateClass = "1.3.6.1.4.1.99999.1.4";

/// A server on a free port. Services may be added until `starts`.
class Pacs {
 public:
  explicit Pacs(ResponderLimits limits = {},
                storage::DuplicatePolicy on_duplicate = storage::DuplicatePolicy::Keep)
      : archive_(on_duplicate), responder_(integration::Logger{}, metrics_.get(), limits) {
    responder_.add(std::make_unique<VerificationScp>());
    responder_.add(
        std::make_unique<StorageScp>(archive_, StorageClasses{{std::string{kPrivateClass}}}));
  }
  ~Pacs() {
    archive_.release_commits();
    server_.reset();
    workers_.reset();  // what they end with is answered into the pool
    pool_.stop();
  }
  void serves(std::unique_ptr<Service> service) { responder_.add(std::move(service)); }
  /// From now on contexts are accepted in this transfer syntax only.
  void takes_only(std::string_view transfer_syntax_uid) { only_ = transfer_syntax_uid; }
  /// So many associations are aborted when their first message comes.
  void drops_associations(int count) { to_drop_ = count; }
  void starts(network::AssociationLimits limits = {}) {
    network::ServerOptions options;
    options.port = 0;
    options.limits = limits;
    auto server = network::Server::start(
        pool_, options, policy(),
        [this](auto association) { return serve(std::move(association)); }, {}, metrics_.get());
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] TestArchive& archive() { return archive_; }
  [[nodiscard]] network::Server& server() { return *server_; }
  [[nodiscard]] integration::WorkPool& workers() { return *workers_; }
  [[nodiscard]] bool metrics_say(std::string_view line) const {
    return metrics_->exposition().find(line) != std::string::npos;
  }

 private:
  network::AcceptorPolicy policy() {
    network::AcceptorPolicy base;
    base.accept_any_called_ae_title = true;
    network::AcceptorPolicy policy = responder_.policy(std::move(base));
    if (only_.empty()) return policy;
    policy.choose = [this](const network::PresentationContextProposal& proposed) {
      const auto& offered = proposed.transfer_syntaxes;
      const auto found = std::ranges::find(offered, only_);
      return network::AcceptorPolicy::Choice{found != offered.end(),
                                             static_cast<std::size_t>(found - offered.begin()), 4};
    };
    return policy;
  }
  Task<void> serve(std::shared_ptr<network::Association> association) {
    if (to_drop_.fetch_sub(1) > 0) {
      co_await association->receive();
      association->abort();
      co_return;
    }
    co_await responder_.serve(std::move(association));
  }

  std::string only_;
  std::atomic<int> to_drop_{0};
  std::unique_ptr<integration::Metrics> metrics_ = integration::Metrics::create();
  integration::IoPool pool_{2};  // outlives the archive, whose threads answer into it
  TestArchive archive_;
  std::unique_ptr<integration::WorkPool> workers_ = std::make_unique<integration::WorkPool>(2);
  Responder responder_;
  std::unique_ptr<network::Server> server_;
};

/// One object as its sender has it.
struct TestObject {
  std::string sop_class_uid{uids::CTImageStorage};
  std::string sop_instance_uid;
  std::string transfer_syntax_uid{uids::ExplicitVRLittleEndian};
  Bytes data_set;
};

/// A small CT with so many bytes of pixel data.
inline TestObject ct(std::string sop_instance_uid, std::size_t pixel_bytes = 512,
                     std::string_view transfer_syntax_uid = uids::ExplicitVRLittleEndian,
                     std::string_view sop_class_uid = uids::CTImageStorage) {
  DataSet data_set;
  data_set.set_text(tags::SOPClassUID, sop_class_uid);
  data_set.set_text(tags::SOPInstanceUID, sop_instance_uid);
  data_set.set_text(tags::Modality, "CT");
  data_set.set_text(tags::PatientName, "Doe^Jane");
  data_set.set_text(tags::PatientID, "P1");
  data_set.set_text(tags::StudyInstanceUID, "1.2.3.1");
  data_set.set_text(tags::SeriesInstanceUID, "1.2.3.1.1");
  data_set.set_text(Tag{0x0009, 0x0010}, VR::LO, "A PRIVATE CREATOR");
  data_set.set_text(Tag{0x0009, 0x1001}, VR::LO, "kept");
  data_set.set_integer(tags::Rows, VR::US, 16);
  const TransferSyntax& syntax = *find_transfer_syntax(transfer_syntax_uid);
  if (syntax.encapsulated) {
    const auto fragment = std::make_shared<Bytes>(pixel_bytes, std::byte{0x5A});
    data_set.set(Element::fragments(kPixelData, VR::OB, {{}, {ByteView{*fragment}}}, fragment));
  } else {
    data_set.set_bytes(kPixelData, VR::OW, Bytes(pixel_bytes, std::byte{0x5A}));
  }
  TestObject object;
  object.sop_class_uid = sop_class_uid;
  object.sop_instance_uid = std::move(sop_instance_uid);
  object.transfer_syntax_uid = transfer_syntax_uid;
  object.data_set = *write_data_set(data_set, syntax);
  return object;
}

inline network::PresentationContextProposal context(
    std::string_view sop_class_uid,
    std::vector<std::string_view> transfer_syntaxes = {uids::ExplicitVRLittleEndian}) {
  network::PresentationContextProposal proposed;
  proposed.abstract_syntax = sop_class_uid;
  proposed.transfer_syntaxes.assign(transfer_syntaxes.begin(), transfer_syntaxes.end());
  return proposed;
}

/// A requestor. Each call blocks until it is done.
class Peer {
 public:
  explicit Peer(const Pacs& pacs) : Peer(pacs.port()) {}
  explicit Peer(std::uint16_t port) : port_(port) {}

  void calls_us(std::string ae_title) { called_ae_ = std::move(ae_title); }
  void wants_roles(std::vector<network::RoleSelection> roles) { roles_ = std::move(roles); }
  void associates(std::vector<network::PresentationContextProposal> contexts,
                  std::uint16_t window = 1, std::vector<network::ExtendedNegotiation> extended = {},
                  network::AssociationLimits limits = {}) {
    network::RequestOptions options;
    options.user.extended = std::move(extended);
    options.user.roles = roles_;
    options.limits = limits;
    options.port = port_;
    options.called_ae = called_ae_;
    options.calling_ae = "PEER";
    options.contexts = std::move(contexts);
    options.user.operations_window = {window, 1};
    auto opened = wait(network::request_association(options, {}));
    ASSERT_TRUE(opened) << opened.error().to_string();
    association_ = std::move(*opened);
  }
  [[nodiscard]] const network::Negotiated& negotiated() const { return association_->negotiated(); }
  [[nodiscard]] std::uint8_t context_for(const std::string& sop_class_uid) const {
    const auto* accepted = negotiated().accepted_for(sop_class_uid);
    return accepted == nullptr ? std::uint8_t{0} : accepted->id;
  }

  /// Sends a request and leaves its response for `receives`.
  void sends(std::uint8_t context_id, network::Command command, Bytes data_set) {
    sends(context_id, std::move(command), data_source(share(std::move(data_set))));
  }
  void sends(std::uint8_t context_id, network::Command command, network::DataSource data_set = {}) {
    command.has_data_set = static_cast<bool>(data_set);
    const Result<> sent =
        wait(association_->send(context_id, std::move(command), std::move(data_set)));
    ASSERT_TRUE(sent) << sent.error().to_string();
  }
  void sends_store(const TestObject& object, std::uint16_t message_id) {
    sends(context_for(object.sop_class_uid), store_request(object, message_id), object.data_set);
  }
  static network::Command store_request(const TestObject& object, std::uint16_t message_id) {
    network::Command command;
    command.field = network::CommandField::CStoreRq;
    command.message_id = message_id;
    command.sop_class_uid = object.sop_class_uid;
    command.sop_instance_uid = object.sop_instance_uid;
    command.priority = 0;
    return command;
  }

  /// The next message, its data set read whole.
  Response receives() {
    auto received = wait(receive_whole());
    if (!received) {
      ADD_FAILURE() << received.error().to_string();
      return {};
    }
    return std::move(*received);
  }
  /// Stores one object; gives the status.
  std::uint16_t stores(const TestObject& object) {
    sends_store(object, ++message_id_);
    last_ = receives().command;
    EXPECT_EQ(last_.message_id, message_id_);
    return last_.status.value_or(0xFFFF);
  }
  std::uint16_t echoes() {
    network::Command command;
    command.field = network::CommandField::CEchoRq;
    command.message_id = ++message_id_;
    command.sop_class_uid = uids::Verification;
    sends(context_for(std::string{uids::Verification}), command);
    return receives().command.status.value_or(0xFFFF);
  }
  /// The response `stores` got.
  [[nodiscard]] const network::Command& last() const { return last_; }
  void releases() {
    const Result<> released = wait(association_->release());
    EXPECT_TRUE(released) << released.error().to_string();
  }
  void aborts() {
    wait([this]() -> Task<bool> {
      association_->abort();
      co_return true;
    }());
  }
  [[nodiscard]] network::Association& association() { return *association_; }
  template <typename T>
  T wait(Task<T> task) {
    return boost::asio::co_spawn(strand_, std::move(task), boost::asio::use_future).get();
  }

 private:
  Task<Result<Response>> receive_whole() {
    auto received = co_await association_->receive();
    if (!received) co_return fail(std::move(received.error()));
    if (!*received) co_return fail(ErrorKind::ConnectionClosed, "released");
    Response response{.command = std::move((*received)->command), .data_set = {}};
    if (response.command.has_data_set) {
      auto whole = co_await read_whole([this] { return association_->read_data_set(); }, 1U << 24);
      if (!whole) co_return fail(std::move(whole.error()));
      response.data_set = std::move(*whole);
    }
    co_return response;
  }

  std::uint16_t port_;
  std::string called_ae_ = "PACS";
  std::vector<network::RoleSelection> roles_;
  integration::IoPool pool_{1};
  boost::asio::strand<boost::asio::io_context::executor_type> strand_ =
      boost::asio::make_strand(pool_.context());
  std::shared_ptr<network::Association> association_;
  std::uint16_t message_id_ = 0;
  network::Command last_;
};

}  // namespace pacs::services
