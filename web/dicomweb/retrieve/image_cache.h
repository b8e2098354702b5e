// Images that are asked for frame by frame: where their frames lie is found once.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/pixels/stored_image.h"
#include "encoding/scan/departure.h"
#include "encoding/transfer_syntax.h"
#include "integration/work_memory.h"
#include "storage/archive.h"

namespace pacs::web {

/// How long a request waits for memory for its frames. It keeps one of the threads that handle
/// requests as long, as decoding a large frame does.
inline constexpr std::chrono::seconds kFrameMemoryWait{30};

/// What images are opened with; all of it outlives them.
struct ImageSetup {
  storage::Archive& archive;
  integration::WorkMemory& frame_memory;  ///< for frames that are decoded and coded
  std::chrono::milliseconds memory_wait = kFrameMemoryWait;
};

/// The pixel data of a stored object.
struct OpenImage {
  explicit OpenImage(const ImageSetup& opened_with) : setup(opened_with) {}

  const ImageSetup setup;
  storage::InstanceRecord record;
  const TransferSyntax* syntax = nullptr;
  std::optional<StoredImage> frames{};  ///< none for video
  std::vector<BulkReference> video{};   ///< its one stream, in fragments
  ReadStored stored;

  [[nodiscard]] std::uint32_t count() const { return frames ? frames->format().frames : 1; }
  /// Whether its frames can be given as native pixels.
  [[nodiscard]] bool can_decode() const;
  /// Whether the stored bytes of a frame are what native pixels in little endian are.
  [[nodiscard]] bool is_native() const;
  /// Waits for memory for work on a frame: OutOfResources when there is none for too long.
  [[nodiscard]] Result<integration::WorkMemory::Held> hold_memory(std::uint64_t bytes) const;
  /// Tells the archive what the pixel data departs in, of each departure once. Thread-safe.
  void depart(Departures met, std::string_view trace_id) const;

 private:
  mutable std::mutex mutex_;  // guards what follows
  mutable Departures told_;
};

/// NotFound for an object without pixel data; what is wrong with it, naming the attribute.
[[nodiscard]] Result<std::shared_ptr<const OpenImage>> open_image(const ImageSetup& setup,
                                                                  storage::InstanceRecord record);

/// Thread-safe. Keeps the last kOpenImagesMax images, at most kFragmentsKept fragments in all.
class ImageCache {
 public:
  explicit ImageCache(const ImageSetup& setup) : setup_(setup) {}

  [[nodiscard]] const ImageSetup& setup() const { return setup_; }

  /// The image of an object as `record` names it: what was stored in its place since is another.
  [[nodiscard]] Result<std::shared_ptr<const OpenImage>> open(storage::InstanceRecord record);

 private:
  struct Kept {
    std::shared_ptr<const OpenImage> image;
    std::size_t fragments;
  };
  void keep(const std::shared_ptr<const OpenImage>& image);

  const ImageSetup setup_;
  std::mutex mutex_;        // guards what follows
  std::list<Kept> images_;  ///< the last used first
  std::size_t fragments_ = 0;
};

}  // namespace pacs::web
