#include "web/dicomweb/store/stow_objects.h"

#include <utility>

#include "services/store/streamed_ingest.h"
#include "web/dicomweb/store/stow_ingest.h"

namespace pacs::web {

using boost::asio::awaitable;
using services::ObjectFront;

awaitable<Result<>> StowObjects::begin(const Fields& /*fields*/) {
  result_ = &commits_.next_result();
  front_.clear();
  ingest_.reset();
  co_return Result<>{};
}

awaitable<Result<>> StowObjects::piece(ByteView bytes) {
  if (result_->error) co_return Result<>{};  // the rest of an object that was refused
  if (ingest_) {
    co_await append(bytes);
  } else {
    pacs::append(front_, bytes);
    if (front_.size() >= services::kFrontBytes)
      co_await open(front_.size() >= services::kMetaBytesMax);
  }
  co_return Result<>{};
}

awaitable<Result<>> StowObjects::end() {
  if (!ingest_ && !result_->error) co_await open(true);
  if (ingest_) co_await commits_.commit(std::move(ingest_), *result_);
  co_return Result<>{};
}

/// Begins the ingest as soon as the front says of what; with `whole` no more of it comes.
awaitable<void> StowObjects::open(bool whole) {
  Result<ObjectFront> front = services::read_object_front({{}, front_});
  const bool unknown = !front || (front->identity_error && front->sop_instance_uid.empty());
  if (unknown && !whole && services::has_part10_prefix(front_)) co_return;
  if (!front) {
    result_->fails(std::move(front.error()));
    co_return;
  }
  result_->sop_class_uid = std::move(front->sop_class_uid);
  result_->sop_instance_uid = std::move(front->sop_instance_uid);
  deflated_ = services::is_deflated(front->transfer_syntax_uid);
  ingest_ = begin_stow_ingest(service_, request_, std::move(front->transfer_syntax_uid), *result_);
  // The preamble stays behind: what the archive gives out has one of its own.
  const Bytes bytes = std::exchange(front_, {});
  if (ingest_) co_await append(ByteView(bytes).subspan(front->data_set_offset));
}

awaitable<void> StowObjects::append(ByteView bytes) {
  Result<> appended = co_await services::append_in_turns(*ingest_, bytes, deflated_);
  if (appended) co_return;
  result_->fails(std::move(appended.error()));
  ingest_.reset();
}

}  // namespace pacs::web
