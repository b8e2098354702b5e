// XXH3-64: finds damage, not malice; faster than memory.
#pragma once

#include <cstdint>
#include <memory>

#include "core/bytes.h"

namespace pacs::storage {

[[nodiscard]] std::uint64_t checksum(ByteView bytes);

/// The same over pieces.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;
  void update(ByteView bytes);
  [[nodiscard]] std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pacs::storage
