// Sends DICOM files to a peer in the transfer syntax they are stored in.
//
//   build/examples/store_file 127.0.0.1 11112 PACS image.dcm...

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "services/store/store_files.h"

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: store_file HOST PORT CALLED-AE FILE...\n");
    return 2;
  }
  std::vector<pacs::services::StorableFile> files;
  for (int i = 4; i < argc; ++i) {
    pacs::Result<pacs::services::StorableFile> file = pacs::services::inspect_file(argv[i]);
    if (!file) {
      fmt::print(stderr, "{}\n", file.error().to_string());
      return 1;
    }
    files.push_back(std::move(*file));
  }
  pacs::services::StoreOptions options;
  options.peer.host = argv[1];
  options.peer.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  options.peer.called_ae = argv[3];

  bool all_stored = true;
  pacs::services::store_files(files, options, {}, [&](const pacs::services::FileResult& result) {
    const bool stored = result.outcome != pacs::services::FileOutcome::Failed;
    all_stored = all_stored && stored;
    fmt::print("{}: {}\n", files[result.file].path.string(), stored ? "stored" : result.reason);
  });
  return all_stored ? 0 : 1;
}
