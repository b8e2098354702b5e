// StowObjects: parts that are DICOM objects (PS3.10 files), each streamed into the archive.
#pragma once

#include <cstdint>
#include <memory>

#include "core/bytes.h"
#include "services/store/object_front.h"
#include "storage/ingest/ingest.h"
#include "web/dicomweb/store/part_sink.h"
#include "web/dicomweb/store/stow.h"
#include "web/dicomweb/store/stow_commits.h"

namespace pacs::web {

/// What is wrong with one object is its result; those before and behind it are stored. Whatever its
/// Content-Type says, a part is read as an object: clients leave it out, or guess.
class StowObjects : public PartSink {
 public:
  StowObjects(const StowService& service, const Request& request, StowCommits& commits)
      : service_(service), request_(request), commits_(commits) {}

  boost::asio::awaitable<Result<>> begin(const Fields& fields) override;
  boost::asio::awaitable<Result<>> piece(ByteView bytes) override;
  boost::asio::awaitable<Result<>> end() override;

 private:
  [[nodiscard]] boost::asio::awaitable<void> open(bool whole);
  [[nodiscard]] boost::asio::awaitable<void> append(ByteView bytes);

  const StowService& service_;
  const Request& request_;
  StowCommits& commits_;

  // Of the part that is arriving.
  StowResult* result_ = nullptr;
  Bytes front_;  // until it is known which object it is
  std::unique_ptr<storage::Ingest> ingest_;
  bool deflated_ = false;
};

}  // namespace pacs::web
