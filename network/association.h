// Association: the coroutine shell around the upper layer machine: one connection, its negotiated
// presentation contexts, DIMSE messages in and out. All coroutines run on the association's
// executor, on which one thing happens at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/bytes.h"
#include "core/result.h"
#include "integration/logging.h"
#include "network/data_source.h"
#include "network/dimse/command.h"
#include "network/negotiation.h"

namespace pacs::integration {
class IoPool;
class Metrics;
}  // namespace pacs::integration

namespace pacs::network {

template <typename T>
using Task = boost::asio::awaitable<T>;

/// What one association may cost. Every number from outside is held against one of these.
struct AssociationLimits {
  std::uint32_t pdu_bytes_max = 131'072;  ///< what we announce: bytes of P-DATA we take at once
  std::uint32_t association_pdu_bytes_max =
      1U << 20;  ///< an A-ASSOCIATE-RQ of 128 contexts stays below 64 KiB
  std::uint32_t command_bytes_max = 1U << 20;  ///< one command set; real ones are below 1 KiB
  std::chrono::milliseconds artim{
      30'000};  ///< PS3.8 §9.1.5: to A-ASSOCIATE-RQ or A-RELEASE-RP, and to close
  std::chrono::milliseconds idle{600'000};  ///< without a byte from the peer while it is its turn
  std::chrono::milliseconds dimse_response{300'000};  ///< SCU: to the response of a request
  std::chrono::milliseconds connect{30'000};          ///< TCP, TLS, A-ASSOCIATE-AC
  std::chrono::milliseconds send{
      60'000};  ///< one send (at most some MiB) that the peer does not take
  std::uint16_t operations_window_max =
      16;  ///< asynchronous operations we take at once (PS3.7 §D.3.3.3)
};

/// A DIMSE message whose data set (if command.has_data_set) is read by `read_data_set`.
struct Message {
  std::uint8_t context_id = 0;
  Command command;
};

/// A piece of a data set: valid until the next call on the association.
struct DataPiece {
  ByteView bytes;
  bool last = false;
};

/// One coroutine reads at a time (`receive`, `read_data_set`, `release`); it may go on receiving
/// while requests it has received are not answered yet. Any number of coroutines of the strand may
/// `send`.
class Association {
 public:
  virtual ~Association() = default;
  [[nodiscard]] virtual const Negotiated& negotiated() const = 0;
  /// Released, aborted or lost: every further call gives the reason.
  [[nodiscard]] virtual bool ended() const = 0;

  /// The next message; nullopt when the peer released (the release is already answered). Errors:
  /// ConnectionClosed (aborted or gone), Malformed (we have aborted), Timeout (idle; aborted).
  /// What has not been read of the data set of the message before is passed over.
  virtual Task<Result<std::optional<Message>>> receive() = 0;
  /// The next piece of the current message's data set. Received bytes are acknowledged at once.
  virtual Task<Result<DataPiece>> read_data_set() = 0;
  /// Sends command and data set, cut to the peer's maximum, the command and as much of the data set
  /// as fits in one send. Calls from several coroutines are put in order, message by message. An
  /// error of the source is returned; when part of the message was gone by then, the association
  /// has been aborted, else it goes on.
  virtual Task<Result<>> send(std::uint8_t context_id, Command command,
                              DataSource data_set = {}) = 0;
  /// A pending response once with each of the data sets, many messages to one send. The data sets
  /// must live until it is done.
  virtual Task<Result<>> send_each(std::uint8_t context_id, Command pending,
                                   std::span<const ByteView> data_sets) = 0;
  /// Orderly release (requestor): A-RELEASE-RQ, wait for RP.
  virtual Task<Result<>> release() = 0;
  /// A-ABORT (service-user, PS3.8 §9.3.8) and close.
  virtual void abort() = 0;
};

/// TLS by the BCP 195 profile (PS3.15 §B.12): 1.2 and 1.3, nothing older.
struct TlsOptions {
  std::string certificate_file, private_key_file;  ///< PEM
  std::string ca_file;                             ///< PEM, whom to trust
  enum class ClientCertificate : std::uint8_t { Off, Optional, Required };
  ClientCertificate client_certificate = ClientCertificate::Off;  ///< acceptor
  bool verify_peer = true;                                        ///< requestor
};

struct ServerOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 11112;  ///< 0 takes a free port; Server::port tells
  std::optional<TlsOptions> tls{};
  AssociationLimits limits{};
  std::size_t associations_max = 512;  ///< above it: A-ASSOCIATE-RJ transient, local limit exceeded
};

/// A listening DICOM port. Each accepted association is handed to `serve` as a coroutine on one
/// context of the pool; when it returns, the connection ends.
class Server {
 public:
  using Serve = std::function<Task<void>(std::shared_ptr<Association>)>;
  static Result<std::unique_ptr<Server>> start(integration::IoPool& pool, ServerOptions options,
                                               AcceptorPolicy policy, Serve serve,
                                               integration::Logger log,
                                               integration::Metrics* metrics);
  virtual ~Server() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual std::size_t associations() const = 0;
  /// Whether a new association would be accepted now: Cancelled while shutting down, OutOfResources
  /// when all are in use or no connection can be accepted (the process has no descriptors left).
  [[nodiscard]] virtual Result<> ready() const = 0;
  /// No new associations from now on; idle ones are told (A-ABORT) and busy ones finish the
  /// operations in flight, at most `grace`. Blocks until all are gone.
  virtual void shut_down(std::chrono::milliseconds grace) = 0;
};

struct RequestOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 11112;
  std::string calling_ae = "PACS", called_ae = "ANY-SCP";
  std::vector<PresentationContext> contexts;  ///< ids are given out when 0
  std::uint16_t window_invoked = 1;           ///< operations of ours under way at once; 0: no limit
  std::uint16_t window_performed = 1;         ///< the peer's, in the SCP role
  std::optional<UserIdentity> user_identity{};
  std::vector<ExtendedNegotiation> extended;
  std::optional<TlsOptions> tls{};
  AssociationLimits limits{};
};

/// Opens an association, to be used on the executor of the caller: a strand, or an io_context that
/// one thread runs. Errors: Rejected (message says result, source, reason in words),
/// ConnectionClosed, Timeout, Io.
Task<Result<std::shared_ptr<Association>>> request_association(RequestOptions options,
                                                               integration::Logger log);

}  // namespace pacs::network
