// Archive: the one door to stored data. Objects come in by `ingest` as streams and are durable and
// indexed when their commit says so; they go out by range reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/character_sets/default_character_set.h"
#include "encoding/limits.h"
#include "encoding/scan/departure.h"
#include "integration/logging.h"
#include "storage/index/remote_ae.h"
#include "storage/ingest/ingest.h"
#include "storage/objects/instance_record.h"
#include "storage/query/query.h"
#include "storage/query/select.h"
#include "storage/recovery/verify.h"

namespace pacs {
struct Header;
}

namespace pacs::integration {
class Metrics;
}

namespace pacs::storage {

class Conflicts;
class FileSystem;
class Jobs;
class JobQueue;
class PerformedSteps;
class Worklist;

struct ArchiveOptions {
  std::filesystem::path path = "./pacs-data";
  std::string index_url = "sqlite:";  ///< below `path`
  Durability durability = Durability::Full;
  DuplicatePolicy on_duplicate = DuplicatePolicy::Keep;
  Limits limits{};
  DefaultCharacterSets character_sets{};  ///< of text in objects that name none, by their source
  /// Refuse new objects (OutOfResources) when less than this is free, so that the index and the
  /// journal can still be written. In bytes.
  std::uint64_t free_bytes_min = 256ULL << 20;
  /// Objects up to this size wait in memory and go through the journal: one sequential write and
  /// flush. Larger ones are written to their own file as they come. In bytes, 4 MiB at most.
  /// Measured on ext4: creating and flushing a file of 526 kB takes 0.60 ms, the journal 0.26 ms.
  std::uint64_t journal_object_bytes_max = 1ULL << 20;
  /// Memory for objects on their way, all associations together; when it is used up, objects go to
  /// their own file whatever their size. In bytes.
  std::uint64_t buffer_bytes_max = 64ULL << 20;
  integration::Metrics* metrics = nullptr;
  integration::Logger logger{};
  std::shared_ptr<FileSystem> file_system{};  ///< null: the operating system's; tests give another
};

class Archive {
 public:
  /// Opens or creates the archive below options.path and recovers what a crash left: afterwards
  /// index and objects agree. One process at a time holds it (a lock file says who).
  static Result<std::unique_ptr<Archive>> open(ArchiveOptions options);
  virtual ~Archive() = default;  ///< finishes what is in flight, then closes

  /// Malformed (a UID of the context is not a UID), Unsupported (transfer syntax), OutOfResources
  /// (no room), Io (a flush failed: nothing more is accepted until the archive is opened again).
  [[nodiscard]] virtual Result<std::unique_ptr<Ingest>> begin_ingest(IngestContext context) = 0;

  // All calls below see at once what was acknowledged.

  /// NotFound when there is none.
  [[nodiscard]] virtual Result<InstanceRecord> find_instance(std::string_view sop_instance_uid) = 0;
  /// The same for many at once, in their order; nullopt for those that are not there.
  [[nodiscard]] virtual Result<std::vector<std::optional<InstanceRecord>>> find_instances(
      std::span<const std::string> sop_instance_uids) = 0;
  /// The stored header (bulk values as references).
  [[nodiscard]] virtual Result<Header> read_header(std::string_view sop_instance_uid) = 0;
  /// What matches, as of now or a little later. Errors come from the database: OutOfResources, Io.
  [[nodiscard]] virtual Result<std::unique_ptr<Matches>> find(Query query) = 0;
  /// The objects of a selection by study, series, and number in the series. Waits for the database.
  [[nodiscard]] virtual Result<std::unique_ptr<Records>> select(Selection selection) = 0;
  /// The series of a selection that names no instances, in that order. Waits for the database.
  [[nodiscard]] virtual Result<std::vector<SelectedSeries>> select_series(Selection selection) = 0;
  /// Reads bytes of the stored Part 10 object (preamble and meta group included).
  [[nodiscard]] virtual Result<std::size_t> read_object(const InstanceRecord& instance,
                                                        std::uint64_t offset,
                                                        std::span<std::byte> to) = 0;
  /// To be told once of an object whose pixel data was decoded and departs from the standard: it is
  /// counted and logged, as the departures of headers are when they are stored. `trace_id` is that
  /// of the association or request.
  virtual void pixels_depart(const InstanceRecord& instance, Departures departures,
                             std::string_view trace_id) = 0;
  /// Reads the whole object against what the record says of it. NotFound when it is missing,
  /// Corrupt when it is not what was stored, else why it cannot be read; the messages go on after
  /// "the object". An object that is replaced meanwhile counts as missing.
  [[nodiscard]] virtual Result<> check_object(const InstanceRecord& instance) = 0;
  [[nodiscard]] virtual Result<ArchiveCounts> counts() = 0;
  /// Calls `each` for every instance in no particular order until it returns false.
  [[nodiscard]] virtual Result<> for_each_instance(
      const std::function<bool(const InstanceRecord&)>& each) = 0;
  /// Re-reads every object against checksum and index, and the store against the index (objects
  /// that no row names). `progress(done, total)` is called now and then; returning false cancels.
  [[nodiscard]] virtual Result<VerifyReport> verify(
      const std::function<bool(std::uint64_t, std::uint64_t)>& progress) = 0;
  /// Whether a new object would be accepted now (for /readyz).
  [[nodiscard]] virtual Result<> ready() = 0;
  /// Names of files that recovery or the index had to set aside, below "set-aside" in the archive's
  /// folder, until an operator takes them away.
  [[nodiscard]] virtual std::vector<std::string> set_aside() = 0;

  // Whom we know at run time, besides the configuration; durable when the call returns.
  /// By AE title.
  [[nodiscard]] virtual Result<std::vector<RemoteAe>> remote_aes() = 0;
  /// Takes the place of the one with this AE title. InvalidArgument when `check` refuses it.
  [[nodiscard]] virtual Result<> put_remote_ae(const RemoteAe& remote) = 0;
  /// NotFound when there is none.
  [[nodiscard]] virtual Result<> remove_remote_ae(std::string_view ae_title) = 0;

  /// Lives as long as the archive.
  [[nodiscard]] virtual Worklist& worklist() = 0;

  /// Work that may fail and must happen; both live as long as the archive.
  [[nodiscard]] virtual Jobs& jobs() = 0;
  [[nodiscard]] virtual JobQueue& job_queue() = 0;
  /// Studies whose instances name different patients; lives as long as the archive.
  [[nodiscard]] virtual Conflicts& conflicts() = 0;
  /// What modalities report of their work; lives as long as the archive.
  [[nodiscard]] virtual PerformedSteps& performed_steps() = 0;
};

}  // namespace pacs::storage
