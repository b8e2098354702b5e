// send_list: the objects of a list to one AE over associations that we open, each as the receiver
// takes it: what C-MOVE and the jobs of send_job.h have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "services/retrieve/retrieve_list.h"
#include "services/retrieve/retrieve_scp.h"
#include "services/store/send_queue.h"

namespace pacs::services {

/// What a destination gets of images other than as they are stored.
struct ImagePreferences {
  /// Transfer syntaxes that it gets rather than uncompressed images where it does not take the
  /// stored one; the best first.
  std::vector<std::string> syntaxes{};
  /// 1 to 100: lossy copies in JPEG Baseline, of those images that have such; 0: never with loss.
  int lossy_jpeg_quality = 0;
};

/// Whom we send to, and how.
struct SendOptions {
  /// How to reach an AE: everything but the contexts. NotFound when it is not known. Called on a
  /// worker.
  std::function<Result<network::RequestOptions>(std::string_view ae_title)> find_destination;
  std::size_t associations = 1;  ///< to one destination at once, for one list
  std::map<std::string, ImagePreferences, std::less<>> preferences{};  ///< by AE title
};

/// An AE that is found.
struct SendDestination {
  network::RequestOptions peer;
  std::size_t associations = 1;
  ImagePreferences preferences{};
  std::string move_originator_ae{};  ///< of a C-MOVE
  std::optional<std::uint16_t> move_originator_message_id{};
};
/// NotFound when it is not known. Asks on a worker.
Task<Result<SendDestination>> find_destination(const SendOptions& options,
                                               integration::WorkPool& workers,
                                               std::string_view ae_title);

/// One list on its way.
struct ListToSend {
  std::shared_ptr<const RetrieveList> list;
  /// A queue of some of its objects, whose results are counted. With so many retries of an object.
  std::function<std::shared_ptr<SendQueue>(std::deque<std::size_t> objects, std::size_t retries)>
      queue;
  std::stop_token give_up{};  ///< aborts what is under way
  std::string trace_id{};     ///< for the log
};

/// Sends on the caller's executor; each object that was not stopped has its result when this
/// returns. An error when some have none of their own, because no association was to be had.
Task<Result<>> send_list(const RetrieveSetup& setup, SendDestination destination, ListToSend what);

}  // namespace pacs::services
