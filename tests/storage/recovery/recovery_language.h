// What the tests of recovery share.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "integration/metrics.h"
#include "tests/sanitized.h"
#include "tests/storage/archive_language.h"
#include "tests/storage/disk/fault_file_system.h"

namespace pacs::storage::test {

/// An archive over a file system that fails when told, and what it has acknowledged.
class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    options_ = options_for(folder_ / "archive");
    options_.file_system = files_;
    options_.metrics = metrics_.get();
    // Nothing is in its final place before the test wants it there.
    lazy_ = small_tuning();
    lazy_.segment_bytes = 256 << 10;
    lazy_.segment_wait = std::chrono::milliseconds(20);
    lazy_.write_behind.delay = std::chrono::minutes(10);
    lazy_.checkpoint.delay = std::chrono::minutes(10);
    eager_ = lazy_;
    eager_.write_behind.delay = std::chrono::milliseconds(0);
    eager_.write_behind.batch_objects = 3;
    eager_.checkpoint.objects = 5;
  }

  /// Small ones for the journal, some large ones for files of their own.
  static TestObject object(std::size_t n) {
    TestObject object = TestObject::number(n);
    object.pixel_bytes = n % 4 == 3 ? 90'000 : 1500;
    return object;
  }
  void stores(std::size_t first, std::size_t end) {
    for (std::size_t n = first; n < end; ++n) {
      if (store(*archive_, object(n), 16'384)) acknowledged_.insert(n);
    }
  }
  void expect_all_acknowledged() {
    for (const std::size_t n : acknowledged_) expect_stored(*archive_, object(n));
    expect_sound(*archive_);
  }
  /// The power goes while everything runs; then it comes back.
  void power_goes(bool keep_database) {
    files_->freeze(options_.path);
    archive_.reset();
    files_->cut_power(options_.path, keep_database);
  }

  using Fault = std::function<std::optional<Error>(const FaultFileSystem::Operation&)>;
  static Fault io_error_of(std::string name, std::string path = {}) {
    return [=](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
      const bool meant =
          operation.name == name && operation.path.native().find(path) != std::string::npos;
      return meant ? std::optional(Error{ErrorKind::Io, "input/output error"}) : std::nullopt;
    };
  }
  static std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Changes one byte of the journal, so far behind the last place where `text` stands.
  void damages_segment(const std::string& name, const std::string& text, int distance) {
    const auto segment = options_.path / "journal" / name;
    const std::string content = content_of(segment);
    const std::size_t at = content.rfind(text) + static_cast<std::size_t>(distance);
    ASSERT_LT(at, content.size());
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(content[at] ^ 1));
  }
  /// From now on the database takes no row of this instance: whatever may be wrong with one.
  void index_refuses(const std::string& instance) {
    SQLite::Database database((options_.path / "index.sqlite").native(), SQLite::OPEN_READWRITE);
    database.exec("CREATE TRIGGER refuse" + std::to_string(++refused_) +
                  " BEFORE INSERT ON instance WHEN NEW.sop_instance_uid = '" + instance +
                  "' BEGIN SELECT RAISE(ABORT, 'a row that nobody can write'); END");
  }
  void logs() {
    options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  }
  std::string log_text() {
    options_.logger.flush();
    return content_of(folder_ / "log");
  }

  int refused_ = 0;
  std::unique_ptr<integration::Metrics> metrics_ = integration::Metrics::create();
  TemporaryFolder folder_;
  std::shared_ptr<FaultFileSystem> files_ = FaultFileSystem::create();
  ArchiveOptions options_;
  ArchiveTuning lazy_, eager_;
  std::unique_ptr<LocalArchive> archive_;
  std::set<std::size_t> acknowledged_;
};

}  // namespace pacs::storage::test
