#include "storage/journal/journal.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "storage/disk/platform.h"

namespace pacs::storage {

Journal::Journal(std::shared_ptr<FileSystem> files, JournalOptions options,
                 std::uint64_t last_sequence)
    : files_(std::move(files)),
      options_(std::move(options)),
      released_sequence_(last_sequence),
      last_sequence_(last_sequence) {}

Result<std::unique_ptr<Journal>> Journal::open(std::shared_ptr<FileSystem> files,
                                               JournalOptions options,
                                               std::uint64_t last_sequence) {
  PACS_TRY(files->make_directories(options.directory));
  PACS_TRY(const auto names, files->list(options.directory));
  auto journal =
      std::unique_ptr<Journal>(new Journal(std::move(files), std::move(options), last_sequence));
  for (const std::string& name : names) {
    const auto path = journal->options_.directory / name;
    PACS_TRY(auto file,
             journal->files_->open(
                 path, journal->options_.durable ? OpenMode::UpdateDirect : OpenMode::Update));
    PACS_TRY(const auto size, file->size());
    if (size != journal->options_.segment_bytes) {  // cut off while it was made, or of another size
      file.reset();
      PACS_TRY(journal->files_->remove(path));
      continue;
    }
    journal->segment_number_ =
        std::max<std::size_t>(journal->segment_number_, std::strtoull(name.c_str(), nullptr, 10));
    journal->free_.push_back(std::make_unique<Segment>(Segment{path, std::move(file)}));
    ++journal->segments_;
  }
  while (journal->segments_ < journal->options_.segments_min) {
    auto segment = journal->make_segment(++journal->segment_number_);
    if (!segment) {
      if (journal->segments_ > 0) break;  // enough to go on with
      return fail(segment.error());
    }
    journal->free_.push_back(std::move(*segment));
    ++journal->segments_;
  }
  journal->thread_ = std::thread([raw = journal.get()] { raw->run(); });
  return journal;
}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  released_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Journal::append(JournalEntry entry) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(entry));
  }
  wakeup_.notify_one();
}

void Journal::release(std::uint64_t sequence) {
  {
    const std::lock_guard lock(mutex_);
    released_sequence_ = std::max(released_sequence_, sequence);
    while (!held_.empty() && held_.front()->last_sequence <= released_sequence_) {
      free_.push_back(std::move(held_.front()));
      held_.pop_front();
    }
  }
  released_.notify_all();
}

bool Journal::prepare() {
  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (segments_ >= options_.segments_max || making_) return false;
    making_ = true;
    number = ++segment_number_;
  }
  auto segment = make_segment(number);  // no room: the writer will see for itself
  {
    const std::lock_guard lock(mutex_);
    making_ = false;
    if (segment) {
      free_.push_back(std::move(*segment));
      ++segments_;
    }
  }
  released_.notify_all();
  return segment.has_value();
}

std::uint64_t Journal::bytes_held() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = active_bytes_;
  for (const auto& segment : held_) bytes += segment->end;
  return bytes;
}

std::size_t Journal::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

Result<> Journal::healthy() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void Journal::run() {
  platform::name_thread("pacs-journal");
  std::vector<JournalEntry> group;
  while (take_group(group)) {
    write_group(group);
    group.clear();
  }
}

bool Journal::take_group(std::vector<JournalEntry>& group) {
  std::unique_lock lock(mutex_);
  wakeup_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::uint64_t bytes = 0;
  while (!queue_.empty() && bytes < options_.group_bytes_max) {
    bytes += queue_.front().payload_bytes + queue_.front().head.size();
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return !group.empty();
}

void Journal::write_group(std::vector<JournalEntry>& group) {
  std::size_t begin = 0;
  while (begin < group.size()) {
    // As many as fit the segment.
    std::uint64_t end = active_ ? active_->end : options_.segment_bytes;
    std::size_t count = 0;
    const auto bytes_of = [&](const JournalEntry& entry) {
      return round_to_block(kRecordHeaderBytes + entry.head.size()) +
             round_to_block(entry.payload_bytes);
    };
    while (begin + count < group.size() &&
           end + bytes_of(group[begin + count]) <= options_.segment_bytes) {
      end += bytes_of(group[begin + count]);
      ++count;
    }
    if (count == 0) {
      Result<> ready;
      if (kJournalBlock + bytes_of(group[begin]) > options_.segment_bytes) {
        ready = fail(ErrorKind::LimitExceeded, "a journal record is larger than a segment");
      } else {
        retire_active();
        ready = next_segment();
      }
      if (!ready) group[begin++].done(fail(ready.error()));
      continue;
    }
    const std::uint64_t first = last_sequence_ + 1;
    const std::span entries(group.data() + begin, count);
    Result<> written = healthy();
    if (written) written = write_to_segment(entries, first);
    last_sequence_ += count;  // J2
    if (written) {
      active_->end = end;
      active_->last_sequence = last_sequence_;
      const std::lock_guard lock(mutex_);
      active_bytes_ = end;
    } else {
      active_->last_sequence = last_sequence_;
      retire_active();  // J3
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (written) {
        entries[i].done(first + i);
      } else {
        entries[i].done(fail(written.error()));
      }
    }
    begin += count;
  }
}

Result<> Journal::write_to_segment(std::span<JournalEntry> entries, std::uint64_t first) {
  const bool fresh = active_->end == kJournalBlock;
  std::size_t head_bytes = fresh ? kJournalBlock : 0;
  for (const JournalEntry& entry : entries) {
    head_bytes += round_to_block(kRecordHeaderBytes + entry.head.size());
  }
  std::vector<ByteView> parts;
  std::span<std::byte> staging = staging_.take(head_bytes);
  const auto stage = [&](std::size_t bytes) {
    const auto part = staging.first(bytes);
    staging = staging.subspan(bytes);
    // Neighbours in memory are neighbours on disk: one part.
    if (!parts.empty() && parts.back().data() + parts.back().size() == part.data()) {
      parts.back() = {parts.back().data(), parts.back().size() + bytes};
    } else {
      parts.emplace_back(part);
    }
    return part;
  };
  if (fresh) {
    std::random_device random;
    active_->seed = std::uint64_t{random()} << 32 | random();
    SegmentHeader header{first, 0, active_->seed};
    {
      const std::lock_guard lock(mutex_);
      header.checkpoint_sequence = released_sequence_;
    }
    encode(header, stage(kJournalBlock));
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const JournalEntry& entry = entries[i];
    encode(RecordHeader{static_cast<std::uint32_t>(entry.head.size()), entry.payload_bytes,
                        entry.payload_skip, first + i, entry.payload_checksum},
           entry.head, active_->seed,
           stage(round_to_block(kRecordHeaderBytes + entry.head.size())));
    parts.insert(parts.end(), entry.payload.begin(), entry.payload.end());
  }

  const auto begun = std::chrono::steady_clock::now();
  PACS_TRY(active_->file->write(parts, fresh ? 0 : active_->end));
  if (options_.durable) {
    if (auto synced = active_->file->sync(); !synced) {
      const std::lock_guard lock(mutex_);
      health_ = fail(Error{ErrorKind::Io,
                           "a flush of the journal failed, so the disk cannot be "
                           "trusted: check it, then start again (" +
                               synced.error().message + ")"}
                         .in(synced.error().where));
      return health_;
    }
  }
  if (options_.on_flush) {
    options_.on_flush(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  return {};
}

void Journal::retire_active() {
  if (!active_) return;
  const std::lock_guard lock(mutex_);
  active_bytes_ = 0;
  (active_->last_sequence <= released_sequence_ ? free_.emplace_back() : held_.emplace_back()) =
      std::move(active_);
}

Result<> Journal::next_segment() {
  std::unique_lock lock(mutex_);
  Result<> last;  // why making one failed
  const auto deadline = std::chrono::steady_clock::now() + options_.segment_wait;
  while (free_.empty()) {
    if (!health_) return health_;
    if (segments_ < options_.segments_max && !making_ && last) {
      making_ = true;
      const std::size_t number = ++segment_number_;
      lock.unlock();
      auto segment = make_segment(number);
      lock.lock();
      making_ = false;
      if (segment) {
        free_.push_back(std::move(*segment));
        ++segments_;
      } else {
        last = fail(segment.error());
      }
      continue;
    }
    if (released_.wait_until(lock, deadline) == std::cv_status::timeout && free_.empty()) {
      if (!last) return last;
      return fail(ErrorKind::OutOfResources,
                  "the journal is full: final storage does not keep up or has no room");
    }
  }
  active_ = std::move(free_.front());
  free_.erase(free_.begin());
  active_->end = kJournalBlock;
  active_->last_sequence = last_sequence_;
  active_bytes_ = active_->end;
  return {};
}

Result<std::unique_ptr<Journal::Segment>> Journal::make_segment(std::size_t number) {
  auto segment = std::make_unique<Segment>();
  segment->path = options_.directory / fmt::format("{:06}.log", number);
  const auto fill = [&]() -> Result<> {
    // Past the page cache: zeros that nobody reads would only push out what somebody does.
    PACS_TRY(const auto file, files_->open(segment->path, OpenMode::CreateDirect));
    // Written, not only reserved: overwriting then moves no metadata.
    AlignedBuffer buffer;
    const auto zeros = buffer.take(1 << 20);
    std::ranges::fill(zeros, std::byte{0});
    for (std::uint64_t offset = 0; offset < options_.segment_bytes; offset += zeros.size()) {
      const auto length = std::min<std::uint64_t>(zeros.size(), options_.segment_bytes - offset);
      PACS_TRY(write(*file, zeros.first(length), offset));
    }
    if (!options_.durable) return {};
    PACS_TRY(file->sync());
    return files_->sync_directory(options_.directory);
  };
  if (auto filled = fill(); !filled) {
    (void)files_->remove(segment->path);
    return fail(filled.error());
  }
  PACS_TRY(segment->file, files_->open(segment->path, options_.durable ? OpenMode::UpdateDirect
                                                                       : OpenMode::Update));
  return segment;
}

}  // namespace pacs::storage
