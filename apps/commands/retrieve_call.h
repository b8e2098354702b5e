// RetrieveCall: what `pacs get` and `pacs move` have in common: a request made from arguments,
// progress while it is performed, Ctrl-C as C-CANCEL, and the outcome as text or JSON.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/options/peer_options.h"
#include "apps/options/query_options.h"
#include "apps/output/progress.h"
#include "services/query/query_models.h"
#include "services/retrieve/retrieve_scu.h"

namespace boost::json {
class object;
}

namespace pacs::apps {

struct RetrieveArguments {
  PeerOptions peer;
  QueryOptions query;
  std::vector<std::string> arguments;
  bool json = false;
  bool quiet = false;
};
void add_retrieve_options(CLI::App& command, RetrieveArguments& arguments);

/// The parts of a request that both commands have.
struct RetrieveCall {
  network::RequestOptions peer;  ///< contexts: the one of the SOP class
  std::string sop_class_uid;
  DataSet identifier;
};
/// Errors are wrong usage; the message says what is wrong.
[[nodiscard]] Result<RetrieveCall> make_call(const RetrieveArguments& arguments,
                                             services::QueryService service);

/// What is shown while objects are on their way.
class RetrieveProgress {
 public:
  RetrieveProgress(std::string what, bool shown) : line_(std::move(what), std::nullopt, shown) {}

  void counts(const services::SubOperations& counts);
  void object(std::uint64_t bytes);
  void clear() { line_.clear(); }

 private:
  void update() { line_.update(std::max(done_, objects_), bytes_, failed_); }

  Progress line_;
  std::uint64_t done_ = 0, objects_ = 0, bytes_ = 0, failed_ = 0;
};

/// The end of a call: the peer's final response, or why there is none.
struct RetrieveEnd {
  std::optional<services::RetrieveResult> result;
  std::string failure;
};
/// Every sub-operation was performed with success, and there was one.
[[nodiscard]] bool succeeded(const RetrieveEnd& end);
/// Prints on standard error what went wrong, if anything did.
void explain(std::string_view command, const RetrieveEnd& end);
/// The members that describe the end in JSON.
void add_to(boost::json::object& object, const RetrieveEnd& end);

/// Opens the association, runs `perform` on its accepted context, and releases. Ctrl-C sets
/// `interrupted`, which `perform` looks at; a second one ends the program.
using Perform = std::function<network::Task<Result<services::RetrieveResult>>(
    network::Association&, const network::PresentationContext&)>;
[[nodiscard]] RetrieveEnd run_call(const RetrieveCall& call, const Perform& perform,
                                   bool& interrupted);

}  // namespace pacs::apps
