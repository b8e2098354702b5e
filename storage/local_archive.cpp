#include "storage/local_archive.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/header_blob.h"
#include "storage/index/patient_conflicts.h"
#include "storage/index/sql_index.h"
#include "storage/ingest/identity.h"
#include "storage/jobs/sql_jobs.h"
#include "storage/objects/object_check.h"
#include "storage/query/search.h"
#include "storage/recovery/recovery.h"
#include "storage/recovery/set_aside.h"
#include "storage/recovery/verify.h"
#include "storage/steps/sql_performed_steps.h"
#include "storage/worklist/sql_worklist.h"

namespace pacs::storage {
namespace {

/// A journal record must fit a segment several times.
constexpr std::uint64_t kJournalObjectBytesLimit = 4ULL << 20;
/// Kept for the next objects while nothing arrives.
constexpr std::uint64_t kIdleBufferBytes = 8ULL << 20;
/// With less free, what fails at start fails for that.
constexpr std::uint64_t kFullDiskBytes = 4ULL << 20;

}  // namespace

Result<std::unique_ptr<Archive>> Archive::open(ArchiveOptions options) {
  return LocalArchive::open(std::move(options));
}

LocalArchive::LocalArchive(ArchiveOptions options, const ArchiveTuning& tuning,
                           std::shared_ptr<FileSystem> files, LockFile lock)
    : options_(std::move(options)),
      tuning_(tuning),
      files_(std::move(files)),
      lock_(std::move(lock)),
      metrics_(options_.metrics),
      space_(files_, options_.path, options_.free_bytes_min),
      chunks_(ChunkPool::create(options_.buffer_bytes_max, kIdleBufferBytes)) {}

Result<std::unique_ptr<LocalArchive>> LocalArchive::open(ArchiveOptions options,
                                                         ArchiveTuning tuning) {
  if (options.index_url != "sqlite:") {
    return fail(ErrorKind::Unsupported,
                "index.url \"" + options.index_url + "\" is not known: use \"sqlite:\"");
  }
  if (options.journal_object_bytes_max > kJournalObjectBytesLimit) {
    return fail(ErrorKind::InvalidArgument, "journal_object_bytes_max is above 4 MiB");
  }
  auto files = options.file_system ? options.file_system : make_file_system();
  PACS_TRY(files->make_directories(options.path));
  PACS_TRY(auto lock, LockFile::acquire(options.path / "lock"));
  auto archive = std::unique_ptr<LocalArchive>(
      new LocalArchive(std::move(options), tuning, std::move(files), std::move(lock)));
  if (auto started = archive->start(); !started) return fail(archive->explained(started.error()));
  return archive;
}

Result<> LocalArchive::start() {
  const bool durable = options_.durability == Durability::Full;
  PACS_TRY(store_, FileStorage::open(files_, options_.path));
  PACS_TRY(auto index,
           SqlIndex::open_sqlite_index(files_, options_.path, durable, options_.logger));
  worklist_ = std::make_unique<SqlWorklist>(index->database(), options_.logger);
  jobs_ = std::make_unique<SqlJobs>(index->database());
  // Without room to index what waits, what is indexed is better than no answer.
  const auto settle = [this] { (void)behind_->settle(); };
  conflicts_ = std::make_unique<Conflicts>(index->database(), settle);
  performed_steps_ = std::make_unique<SqlPerformedSteps>(index->database(), settle);
  readers_ = &index->database().readers();
  index_ = std::move(index);

  const auto journal_directory = options_.path / "journal";
  PACS_TRY(const auto recovered,
           recover(*files_, *store_, *index_, {journal_directory, header_rules(), durable},
                   options_.logger));

  JournalOptions journal_options;
  journal_options.directory = journal_directory;
  journal_options.durable = durable;
  journal_options.segment_bytes = tuning_.segment_bytes;
  journal_options.segments_min = tuning_.segments_min;
  journal_options.segments_max = tuning_.segments_max;
  journal_options.segment_wait = tuning_.segment_wait;
  journal_options.on_flush = [this](double seconds) { metrics_.flushed(seconds); };
  PACS_TRY(journal_, Journal::open(files_, std::move(journal_options), recovered.last_sequence));
  start_threads(recovered.last_object);
  observe();
  return {};
}

/// SQLite calls a full disk an I/O error when it makes its shared memory.
Error LocalArchive::explained(Error error) {
  const bool maybe = error.kind == ErrorKind::Io || error.kind == ErrorKind::OutOfResources;
  space_.look_again();
  const std::uint64_t free = space_.bytes();
  if (!maybe || free >= kFullDiskBytes) return error;
  const std::string cause = error.to_string();
  return Error{ErrorKind::OutOfResources,
               fmt::format("the disk is full ({} KiB are free), so the archive cannot be opened: "
                           "make room and start again ({})",
                           free >> 10, cause)}
      .in(options_.path.native());
}

void LocalArchive::start_threads(std::uint64_t last_object) {
  const bool durable = options_.durability == Durability::Full;
  CheckpointOptions checkpoint_options = tuning_.checkpoint;
  checkpoint_options.durable = durable;
  checkpointer_ =
      std::make_unique<Checkpointer>(*store_, *index_, *journal_, checkpoint_options,
                                     [this](double seconds) { metrics_.checkpointed(seconds); });
  behind_ = std::make_unique<WriteBehind>(
      *store_, *index_, pending_, tuning_.write_behind,
      [this](auto objects, auto displaced, double seconds) {
        after_batch(objects, displaced, seconds);
      },
      [this](const PendingTable::Object& object, const Error& why) {
        set_object_aside(*store_, object->row, why, options_.logger);
      });
  committer_ = std::make_unique<Committer>(*store_, *index_, *journal_, pending_, *behind_,
                                           CommitterOptions{options_.on_duplicate, durable});
  committer_->start_numbers_behind(last_object);
  // NOLINTNEXTLINE(modernize-make-unique): an aggregate whose counter cannot be moved
  ingest_services_.reset(new IngestServices{*store_, *committer_, space_, metrics_, chunks_,
                                            header_rules(), options_.journal_object_bytes_max,
                                            tuning_.header_bytes_max, options_.logger});
}

LocalArchive::~LocalArchive() {
  metrics_.stop_observing();
}

void LocalArchive::observe() {
  metrics_.observe({
      [this] { return static_cast<double>(journal_->waiting()); },
      [this] { return static_cast<double>(journal_->bytes_held()); },
      [this] { return static_cast<double>(behind_->waiting()); },
      [this] { return behind_->lag_seconds(); },
      [this] { return static_cast<double>(chunks_->bytes_in_use()); },
      [this] { return static_cast<double>(space_.bytes()); },
      [this] { return static_cast<double>(set_aside().size()); },
  });
}

void LocalArchive::after_batch(std::span<const PendingTable::Object> objects,
                               std::span<const std::uint64_t> displaced, double seconds) {
  metrics_.applied(seconds);
  std::uint64_t bytes = 0;
  for (const auto& object : objects) bytes += object->row.record.data_set_bytes;
  checkpointer_->applied(objects.back()->sequence, objects.size(), bytes, displaced);
}

Result<> LocalArchive::ready() {
  PACS_TRY(journal_->healthy());
  PACS_TRY(checkpointer_->healthy());
  PACS_TRY(behind_->stalled());
  PACS_TRY(index_->healthy());
  return space_.check();
}

std::vector<std::string> LocalArchive::set_aside() {
  return store_->names_aside().value_or(std::vector<std::string>{});
}

Result<std::unique_ptr<Ingest>> LocalArchive::begin_ingest(IngestContext context) {
  PACS_TRY(ready());
  PACS_TRY(check_context(context));
  const TransferSyntax* syntax = find_transfer_syntax(context.transfer_syntax_uid);
  if (syntax == nullptr) {
    return fail(ErrorKind::Unsupported, "the transfer syntax is not one of PS3.6 Table A-1");
  }
  return std::make_unique<IngestSession>(*ingest_services_, std::move(context), *syntax);
}

Result<InstanceRecord> LocalArchive::find_instance(std::string_view sop_instance_uid) {
  // This order: an instance leaves the pending table only after the index has it.
  if (const auto object = pending_.find(sop_instance_uid)) return object->row.record;
  return index_->find(sop_instance_uid);
}

Result<std::vector<std::optional<InstanceRecord>>> LocalArchive::find_instances(
    std::span<const std::string> sop_instance_uids) {
  std::vector<std::optional<InstanceRecord>> found(sop_instance_uids.size());
  std::vector<std::string_view> others;  // in this order, as above
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (const auto object = pending_.find(sop_instance_uids[i])) {
      found[i] = object->row.record;
    } else {
      others.push_back(sop_instance_uids[i]);
      places.push_back(i);
    }
  }
  PACS_TRY(auto indexed, index_->find_many(others));
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move(indexed[i]);
  return found;
}

Result<Header> LocalArchive::read_header(std::string_view sop_instance_uid) {
  if (const auto object = pending_.find(sop_instance_uid)) {
    object->prepare();
    if (object->row.header.empty()) return header_from_object(object->row.record);
    return decode_header({object, object->row.header});
  }
  auto header = index_->header(sop_instance_uid).and_then([](Bytes&& plain) {
    return decode_header(share(std::move(plain)));
  });
  if (header || header.error().kind != ErrorKind::Corrupt) return header;
  PACS_TRY(const auto record, index_->find(sop_instance_uid));
  return header_read_again(record, header.error());
}

Result<Header> LocalArchive::header_read_again(const InstanceRecord& record, const Error& why) {
  options_.logger.error("", "a header in the index is damaged: it is read from the object",
                        {{"sop_instance", record.sop_instance_uid},
                         {"study", record.study_instance_uid},
                         {"why", why.to_string()}});
  return header_from_object(record);
}

Result<Header> LocalArchive::header_from_object(const InstanceRecord& record) {
  const auto read = [&](std::uint64_t offset, std::span<std::byte> to) {
    return read_object(record, offset, to);
  };
  // Whom it came from stands in the meta group that it was given.
  Bytes front(record.data_set_offset);
  PACS_TRY(const auto got, read(0, front));
  front.resize(got);
  const auto meta = read_file_header(share(std::move(front)));
  const std::string source_ae{meta ? meta->meta.text(tags::SourceApplicationEntityTitle) : ""};
  return header_of_object(record, source_ae, header_rules(), read);
}

Result<std::unique_ptr<Matches>> LocalArchive::find(Query query) {
  // Without room to index what waits, what is indexed is better than no answer.
  (void)behind_->settle();
  return storage::search(*readers_, std::move(query),
                         std::bind_front(&LocalArchive::header_read_again, this));
}

Result<std::unique_ptr<Records>> LocalArchive::select(Selection selection) {
  PACS_TRY(behind_->settle());
  return storage::select(*readers_, selection);
}

Result<std::vector<SelectedSeries>> LocalArchive::select_series(Selection selection) {
  PACS_TRY(behind_->settle());
  return storage::select_series(*readers_, selection);
}

Result<std::vector<RemoteAe>> LocalArchive::remote_aes() {
  return index_->remote_aes();
}
Result<> LocalArchive::put_remote_ae(const RemoteAe& remote) {
  return index_->put_remote_ae(remote);
}
Result<> LocalArchive::remove_remote_ae(std::string_view ae_title) {
  return index_->remove_remote_ae(ae_title);
}

Result<std::size_t> LocalArchive::read_object(const InstanceRecord& instance, std::uint64_t offset,
                                              std::span<std::byte> to) {
  const auto object = pending_.find_key(instance.object_key);
  if (!object || object->external) return store_->read(instance.object_key, offset, to);
  return object->content.copy(offset, to);
}

void LocalArchive::pixels_depart(const InstanceRecord& instance, Departures departures,
                                 std::string_view trace_id) {
  metrics_.pixels_departed(departures);
  ingest_services_->departure_log.decoded(instance, departures, trace_id);
}

Result<> LocalArchive::check_object(const InstanceRecord& instance) {
  return storage::check_object(instance, [&](std::uint64_t offset, std::span<std::byte> to) {
    return read_object(instance, offset, to);
  });
}

Jobs& LocalArchive::jobs() {
  return *jobs_;
}
JobQueue& LocalArchive::job_queue() {
  return *jobs_;
}

Result<ArchiveCounts> LocalArchive::counts() {
  const auto settled = behind_->settle();
  auto counts = index_->counts();
  if (settled || !counts) return counts;
  // No room to index them: they are safe in the journal, and whoever asks must not miss them.
  for (const auto& object : pending_.durable()) {
    if (object->replaces != 0) continue;
    ++counts->instances;
    counts->bytes += object->row.record.data_set_bytes;
  }
  return counts;
}

Result<> LocalArchive::for_each_instance(const std::function<bool(const InstanceRecord&)>& each) {
  PACS_TRY(behind_->settle());
  return index_->for_each(
      [&](std::uint64_t, const InstanceRecord& record) { return each(record); });
}

Result<VerifyReport> LocalArchive::verify(
    const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
  VerifyOptions options;
  options.last_object = committer_->last_number();
  options.limits = options_.limits;
  options.settle = [this]() -> Result<> {
    PACS_TRY(behind_->settle());
    return checkpointer_->settle();  // objects that were replaced are gone then
  };
  options.progress = progress;
  return storage::verify(*store_, *index_, options);
}

}  // namespace pacs::storage
