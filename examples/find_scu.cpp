// Lists the studies of the patients whose names begin with some letters.
//
//   build/examples/find_scu 127.0.0.1 11112 PACS 'DOE*'

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/character_sets/character_set.h"
#include "services/query/find_scu.h"

using pacs::DataSet;
using pacs::Result;
using pacs::network::Association;
namespace tags = pacs::tags;

namespace {

DataSet studies_of(const char* patient_name) {
  DataSet keys;
  keys.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
  keys.set_text(tags::QueryRetrieveLevel, "STUDY");
  keys.set_text(tags::PatientName, patient_name);
  keys.set_text(tags::StudyInstanceUID, "");  // an empty key asks for the value
  keys.set_text(tags::StudyDate, "");
  keys.set_text(tags::ModalitiesInStudy, "");
  return keys;
}

void show(const DataSet& answer) {
  const DataSet study = pacs::to_utf8(answer);
  fmt::print("{}  {:8}  {:5}  {}\n", study.text(tags::StudyInstanceUID),
             study.text(tags::StudyDate), study.text(tags::ModalitiesInStudy),
             study.text(tags::PatientName));
}

pacs::network::Task<void> ask(pacs::network::RequestOptions peer, const char* patient_name,
                              int& exit_code) {
  const Result<std::shared_ptr<Association>> association =
      co_await pacs::network::request_association(peer, {});
  if (!association) {
    fmt::print(stderr, "{}\n", association.error().to_string());
    co_return;
  }
  const auto* context = (*association)
                            ->negotiated()
                            .accepted_for(pacs::uids::StudyRootQueryRetrieveInformationModelFind);
  if (context == nullptr) {
    fmt::print(stderr, "{} does not accept queries\n", peer.called_ae);
    co_return;
  }
  pacs::services::FindRequest request{.identifier = studies_of(patient_name)};
  const Result<pacs::services::FindResult> found =
      co_await pacs::services::find(**association, *context, std::move(request), show);
  if (!found) {
    fmt::print(stderr, "{}\n", found.error().to_string());
    co_return;
  }
  fmt::print("{} studies, status {:04X}\n", found->answers, found->status);
  exit_code = found->status == 0 ? 0 : 1;
  co_await (*association)->release();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: find_scu HOST PORT CALLED-AE PATIENT-NAME\n");
    return 2;
  }
  pacs::network::RequestOptions peer;
  peer.host = argv[1];
  peer.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  peer.called_ae = argv[3];
  peer.contexts = {
      pacs::services::find_context(pacs::uids::StudyRootQueryRetrieveInformationModelFind)};

  int exit_code = 1;
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, ask(peer, argv[4], exit_code), boost::asio::detached);
  io.run();
  return exit_code;
}
