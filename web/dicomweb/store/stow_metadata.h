// StowMetadata: instances given as metadata in JSON or XML with their bulk data in parts of their
// own (PS3.18 §10.5.2). Metadata waits in memory and bulk data in a file until all have come; then
// each instance streams into the archive.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/dicomweb/store/bulk_parts.h"
#include "web/dicomweb/store/part_sink.h"
#include "web/dicomweb/store/stow.h"
#include "web/dicomweb/store/stow_commits.h"

namespace pacs::web {

class StowMetadata : public PartSink {
 public:
  /// `media`: of the metadata, application/dicom+json or application/dicom+xml.
  StowMetadata(const StowService& service, const Request& request, std::string_view media,
               StowCommits& commits)
      : service_(service),
        request_(request),
        media_(media),
        commits_(commits),
        bulk_(service.temporary_folder, service.limits.bulk_bytes_max) {}

  boost::asio::awaitable<Result<>> begin(const Fields& fields) override;
  boost::asio::awaitable<Result<>> piece(ByteView bytes) override;
  boost::asio::awaitable<Result<>> end() override;
  /// Stores the instances. An error says that the metadata is none; what is wrong with one instance
  /// is its result.
  [[nodiscard]] boost::asio::awaitable<Result<>> store();

 private:
  struct Described;  // an instance: its data set, whose bulk data lies in `bulk_`
  [[nodiscard]] Result<> charge(std::size_t bytes);
  [[nodiscard]] Result<std::vector<std::string_view>> instances() const;
  [[nodiscard]] Result<Described> describe(std::string_view text) const;
  [[nodiscard]] boost::asio::awaitable<void> store(std::string_view text);
  [[nodiscard]] boost::asio::awaitable<Result<>> append(storage::Ingest& ingest,
                                                        Described described) const;

  const StowService& service_;
  const Request& request_;
  const std::string media_;
  StowCommits& commits_;
  std::vector<std::string> metadata_;
  std::uint64_t charged_bytes_ = 0;  // of memory
  BulkParts bulk_;
  bool in_metadata_ = false;
};

}  // namespace pacs::web
