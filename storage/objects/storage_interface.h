// The object store seam: where the bytes of instances lie. A few calls that a folder of files and
// an S3 bucket can both answer.
//
// An object is visible under its key (`read` finds it) after `put` or `finish`, and durable after a
// later `sync`. A large one is written by a writer and made durable by `flush` while still under no
// key; the journal then says whether it counts: `finish` or `discard` follows, before or after a
// crash. A writer dropped without flush has stored nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::storage {

/// One large object being written. Not for use from two threads at once.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  [[nodiscard]] virtual Result<> append(std::span<const ByteView> parts) = 0;
  /// The object is complete; with `durable` it survives power loss from here on.
  [[nodiscard]] virtual Result<> flush(bool durable) = 0;
};

/// Keys are lower-case letters and digits, at least 7 and at most 64; never anything from outside.
/// Thread-safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<ObjectWriter>> begin(std::string_view key) = 0;
  /// Writes a whole object, replacing what a crash left under the key.
  [[nodiscard]] virtual Result<> put(std::string_view key, std::span<const ByteView> parts) = 0;
  /// Makes a flushed object visible. A success when it is visible already.
  [[nodiscard]] virtual Result<> finish(std::string_view key) = 0;
  /// Forgets a flushed object that was not finished.
  [[nodiscard]] virtual Result<> discard(std::string_view key) = 0;
  /// Forgets every object that was begun but not finished: what a crash left behind.
  [[nodiscard]] virtual Result<> discard_all() = 0;

  // What may have been acknowledged and cannot be served is not removed: it is set aside, where no
  // key finds it and a person does. Each of these returns where.
  /// An object, finished or not.
  [[nodiscard]] virtual Result<std::string> set_aside(std::string_view key) = 0;
  /// Every object that was begun but not finished.
  [[nodiscard]] virtual Result<std::vector<std::string>> set_aside_unfinished() = 0;
  /// Bytes under a name of letters, digits, dots and hyphens; in the place of what it named before.
  [[nodiscard]] virtual Result<std::string> set_aside(std::string_view name,
                                                      std::span<const ByteView> parts) = 0;
  /// The names of all that lies there.
  [[nodiscard]] virtual Result<std::vector<std::string>> names_aside() = 0;

  /// Makes everything durable that was put, finished or removed before.
  [[nodiscard]] virtual Result<> sync() = 0;

  /// Reads up to to.size() bytes at `offset`; returns how many (fewer only at the end).
  [[nodiscard]] virtual Result<std::size_t> read(std::string_view key, std::uint64_t offset,
                                                 std::span<std::byte> to) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size(std::string_view key) = 0;
  /// Lets go of what is held open of an object, so that the next read finds what lies there now.
  virtual void forget(std::string_view key) = 0;
  /// Removing what is not there is a success.
  [[nodiscard]] virtual Result<> remove(std::string_view key) = 0;
  /// Calls `each` for every visible object until it returns false. `key` is empty and `name` says
  /// where for something that is not an object.
  [[nodiscard]] virtual Result<> list(
      const std::function<bool(std::string_view key, const std::string& name)>& each) = 0;
  /// The highest key of a visible object without looking at all of them; empty for none.
  [[nodiscard]] virtual Result<std::string> last_key() = 0;
};

}  // namespace pacs::storage
