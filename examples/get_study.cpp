// Fetches a study from a DICOM peer into a folder (C-GET).
//
//   build/examples/get_study 127.0.0.1 11112 PACS 1.2.840.99999.1 folder

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "core/dicom_tags.h"
#include "services/query/find_scu.h"
#include "services/query/query_models.h"
#include "services/retrieve/get_scu.h"

namespace network = pacs::network;
namespace services = pacs::services;
namespace tags = pacs::tags;

namespace {

constexpr auto kModel = pacs::storage::QueryModel::StudyRoot;

network::Task<void> get_study(network::RequestOptions peer, std::string study_uid,
                              std::string folder, int& exit_code) {
  const auto sop_class = services::query_sop_class_uid(kModel, services::QueryService::Get);
  services::propose_to_receive(peer, services::usual_receiving_contexts());
  peer.contexts.push_back(services::find_context(sop_class));
  const auto association = co_await network::request_association(peer, {});
  if (!association) {
    fmt::print(stderr, "{}\n", association.error().to_string());
    co_return;
  }
  const auto* context = (*association)->negotiated().accepted_for(sop_class);
  if (context == nullptr) {
    fmt::print(stderr, "{} does not accept C-GET\n", peer.called_ae);
    co_return;
  }
  services::RetrieveRequest request;
  request.identifier.set_text(tags::QueryRetrieveLevel, "STUDY");
  request.identifier.set_text(tags::StudyInstanceUID, study_uid);
  services::GetHooks hooks;
  hooks.open = services::folder_sink(folder);
  hooks.on_object = [](const services::IncomingObject& object, std::uint64_t bytes,
                       const pacs::Result<>& kept) {
    fmt::print("{}: {}\n", object.sop_instance_uid,
               kept ? fmt::format("{} bytes", bytes) : kept.error().to_string());
    return true;  // false would cancel
  };
  const auto result =
      co_await services::get(**association, *context, std::move(request), std::move(hooks));
  if (result) {
    fmt::print("status {:04X}, {} completed, {} failed\n", result->status, result->counts.completed,
               result->counts.failed);
    exit_code = result->status == 0 ? 0 : 1;
  } else {
    fmt::print(stderr, "{}\n", result.error().to_string());
  }
  co_await (*association)->release();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    fmt::print(stderr, "usage: get_study HOST PORT CALLED-AE STUDY-INSTANCE-UID FOLDER\n");
    return 2;
  }
  network::RequestOptions peer;
  peer.host = argv[1];
  peer.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  peer.called_ae = argv[3];
  std::filesystem::create_directories(argv[5]);

  int exit_code = 1;
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, get_study(peer, argv[4], argv[5], exit_code), boost::asio::detached);
  io.run();
  return exit_code;
}
