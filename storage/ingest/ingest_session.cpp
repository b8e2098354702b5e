#include "storage/ingest/ingest_session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "encoding/data_sets/dicom_file.h"
#include "integration/clock.h"
#include "storage/ingest/identity.h"
#include "storage/objects/file_storage.h"

namespace pacs::storage {
namespace {

/// Of a large object, collected before it is written: fewer calls, bounded memory.
constexpr std::uint64_t kWriteBytes = 256 << 10;
/// How much one object may write before it is looked again whether there is room.
constexpr std::uint64_t kSpaceCheckBytes = 16 << 20;

/// Its sender hears "success" all the same, so this is where it can be known.
void say_what_became(const integration::Logger& logger, std::string_view trace_id,
                     const StoredInstance& stored) {
  const bool kept = stored.outcome == StoreOutcome::Kept;
  if (!kept && stored.outcome != StoreOutcome::Replaced) return;
  logger.warning(
      trace_id,
      kept ? "the instance is already stored with different content: the stored one is kept "
             "(on_duplicate = \"keep\")"
           : "the instance has replaced one with different content (on_duplicate = "
             "\"replace\")",
      {{"sop_instance", stored.sop_instance_uid}, {"study", stored.study_instance_uid}});
}

}  // namespace

IngestSession::IngestSession(IngestServices& services, IngestContext context,
                             const TransferSyntax& syntax)
    : services_(services),
      context_(std::move(context)),
      reader_(syntax, services.rules.limits),
      content_(services.chunks) {
  if (context_.sop_class_uid.empty() || context_.sop_instance_uid.empty()) return;
  meta_ = make_file_meta(context_.sop_class_uid, context_.sop_instance_uid,
                         context_.transfer_syntax_uid, context_.source_ae);
}

IngestSession::~IngestSession() {
  services_.header_bytes -= header_bytes_;
}

Result<> IngestSession::charge_header() {
  const std::uint64_t grown = reader_.header_bytes() - header_bytes_;
  header_bytes_ += grown;
  if ((services_.header_bytes += grown) <= services_.header_bytes_max) return {};
  return fail(
      ErrorKind::OutOfResources,
      fmt::format("the headers of objects being received take more than {} MiB: try again later",
                  services_.header_bytes_max >> 20));
}

Result<> IngestSession::append(ByteView bytes) {
  if (!health_ || bytes.empty()) return health_;
  health_ = reader_.feed(bytes);
  if (health_) health_ = charge_header();
  if (health_) health_ = keep(bytes);
  if (!health_) {
    note_refusal(health_.error());
    content_.clear();
    writer_.reset();
  }
  return health_;
}

void IngestSession::note_refusal(const Error& error) {
  services_.metrics.refused(error.kind);
  // Whoever is answered so may ask at once whether we are ready.
  if (error.kind == ErrorKind::OutOfResources) services_.space.look_again();
}

Result<> IngestSession::keep(ByteView bytes) {
  if (bytes_ == 0 && content_.append(meta_) != meta_.size()) {
    content_.clear();  // no memory at all: straight to disk
    PACS_TRY(begin_writing());
    const ByteView part = meta_;
    PACS_TRY(writer_->append({&part, 1}));
  }
  checksum_.update(bytes);
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    // A large piece need not be copied when nothing waits before it.
    if (writer_ && content_.empty() && bytes.size() >= kWriteBytes) {
      return writer_->append({&bytes, 1});
    }
    const std::size_t taken = content_.append(bytes);
    bytes = bytes.subspan(taken);
    // No memory left for objects: what there is goes to disk.
    const bool exhausted = !bytes.empty();
    if (!writer_ && (exhausted || bytes_ > services_.journal_object_bytes_max)) {
      PACS_TRY(begin_writing());
    }
    if (writer_ && (exhausted || content_.size() >= kWriteBytes)) {
      PACS_TRY(write_out());
      if (taken == 0) return writer_->append({&bytes, 1});
    }
  }
  return {};
}

Result<> IngestSession::begin_writing() {
  number_ = services_.committer.next_number();
  PACS_TRY(writer_, services_.store.begin(object_key(number_)));
  return {};
}

Result<> IngestSession::put_meta_before() {
  if (!writer_) {
    ChunkedBytes whole(services_.chunks);
    std::vector<ByteView> parts{meta_};
    content_.views(parts);
    bool fits = true;
    for (const ByteView part : parts) fits = fits && whole.append(part) == part.size();
    if (fits) {
      content_ = std::move(whole);
      return {};
    }
    PACS_TRY(begin_writing());
  }
  // It lies in a file of its own without its front: Committer copies it behind that.
  bare_number_ = std::exchange(number_, services_.committer.next_number());
  return {};
}

Result<> IngestSession::write_out() {
  std::vector<ByteView> parts;
  content_.views(parts);
  if (!parts.empty()) {
    PACS_TRY(writer_->append(parts));
  }
  content_.clear();
  if (bytes_ - bytes_at_space_check_ >= kSpaceCheckBytes) {
    bytes_at_space_check_ = bytes_;
    return services_.space.check();
  }
  return {};
}

void IngestSession::commit(std::function<void(Result<StoredInstance>)> done) {
  auto object = complete();
  if (!object) {
    if (health_) note_refusal(object.error());
    health_ = fail(object.error());
    writer_.reset();
    content_.clear();
    return done(fail(object.error()));
  }
  health_ = fail(ErrorKind::InvalidArgument, "this object has already been committed");
  services_.committer.commit(
      *object,
      [&services = services_, trace_id = (*object)->trace_id, source_ae = (*object)->row.source_ae,
       departures = departures_, done = std::move(done)](Result<StoredInstance> result) {
        if (result) {
          services.metrics.stored(result->outcome, result->bytes);
          say_what_became(services.logger, trace_id, *result);
          const bool is_new =
              result->outcome == StoreOutcome::Stored || result->outcome == StoreOutcome::Replaced;
          if (is_new && !departures.empty()) {
            services.metrics.departed(departures);
            services.departure_log.stored(*result, departures, source_ae, trace_id);
          }
        } else {
          services.metrics.refused(result.error().kind);
          if (result.error().kind == ErrorKind::OutOfResources) services.space.look_again();
        }
        done(std::move(result));
      });
}

Result<std::shared_ptr<PendingObject>> IngestSession::complete() {
  PACS_TRY(health_);
  PACS_TRY(auto header, reader_.finish(context_.end));
  PACS_TRY(auto identity, identify(header.data_set, context_));
  departures_ = header.departures;
  // The stored header names it, so that it is read so wherever it is read.
  if (name_missing_character_set(header.data_set,
                                 services_.rules.character_sets.of(context_.source_ae))) {
    departures_.add(Departure::NoCharacterSet);
  }
  if (meta_.empty()) {
    meta_ = make_file_meta(identity.sop_class_uid, identity.sop_instance_uid,
                           context_.transfer_syntax_uid, context_.source_ae);
    PACS_TRY(put_meta_before());
  }
  const bool external = writer_ != nullptr;
  if (external) {
    PACS_TRY(write_out());
  } else {
    number_ = services_.committer.next_number();
  }
  auto object = std::make_shared<PendingObject>(std::move(content_), std::move(header));
  if (bare_number_ != 0) object->bare_key = object_key(bare_number_);
  IndexedInstance& row = object->row;
  row.number = number_;
  row.record = {std::move(identity.sop_class_uid),
                std::move(identity.sop_instance_uid),
                std::move(identity.series_instance_uid),
                std::move(identity.study_instance_uid),
                std::move(context_.transfer_syntax_uid),
                bytes_,
                meta_.size(),
                checksum_.value(),
                object_key(number_),
                integration::now_ms()};
  row.source_ae = std::move(context_.source_ae);
  object->trace_id = std::move(context_.trace_id);
  object->meta = std::move(meta_);
  object->writer = std::move(writer_);
  object->external = external;
  return object;
}

}  // namespace pacs::storage
