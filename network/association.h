// Association: the coroutine shell around the upper layer machine: one connection, its negotiated
// presentation contexts, DIMSE messages in and out. All coroutines run on the association's
// executor, on which one thing happens at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "core/bytes.h"
#include "core/result.h"
#include "integration/logging.h"
#include "network/data_source.h"
#include "network/dimse/command.h"
#include "network/negotiation.h"

namespace pacs::network {

template <typename T>
using Task = boost::asio::awaitable<T>;

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

/// An association to open: the A-ASSOCIATE-RQ, and the way to the peer. `request_association` gives
/// ids to contexts that have none and says in the user information who we are.
struct RequestOptions : AssociateRq {
  RequestOptions() {
    calling_ae = "PACS";
    called_ae = "ANY-SCP";
  }
  std::string host = "127.0.0.1";
  std::uint16_t port = 11112;
  std::optional<TlsOptions> tls{};
  AssociationLimits limits{};
};

/// Opens an association, to be used on the executor of the caller: a strand, or an io_context that
/// one thread runs. Errors: Rejected (message says result, source, reason in words),
/// ConnectionClosed, Timeout, Io.
Task<Result<std::shared_ptr<Association>>> request_association(RequestOptions options,
                                                               integration::Logger log);

}  // namespace pacs::network
