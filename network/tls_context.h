// TLS by the BCP 195 profile of PS3.15 §B.12: what both sides of a connection allow and ask for.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "core/result.h"
#include "network/association.h"

namespace pacs::network {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// InvalidArgument names the file that cannot be used and why.
[[nodiscard]] Result<TlsContext> make_acceptor_tls(const TlsOptions& options);
[[nodiscard]] Result<TlsContext> make_requestor_tls(const TlsOptions& options);

/// InvalidArgument when the time of the context's own certificate has not begun or is over: peers
/// that verify will not take it.
[[nodiscard]] Result<> check_validity(const TlsContext& context);

}  // namespace pacs::network
