// XXH3-64: finds damage, not malice; faster than memory.
#pragma once

#include <cstdint>
#include <memory>

#include "core/bytes.h"

namespace pacs::storage {

[[nodiscard]] std::uint64_t checksum(ByteView bytes);

/// The same over pieces. With a secret seed nobody outside can make bytes that match it.
class Checksum {
 public:
  explicit Checksum(std::uint64_t seed = 0);
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
