#include "storage/disk/checksum.h"

#define XXH_STATIC_LINKING_ONLY  // shows the state's size
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // the widest vectors that the processor has; the value is the same
#endif

namespace pacs::storage {

struct Checksum::State {
  XXH3_state_t xxh;
};

std::uint64_t checksum(ByteView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

Checksum::Checksum(std::uint64_t seed) : state_(std::make_unique<State>()) {
  XXH3_64bits_reset_withSeed(&state_->xxh, seed);
}
Checksum::~Checksum() = default;
void Checksum::update(ByteView bytes) {
  XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size());
}
std::uint64_t Checksum::value() const {
  return XXH3_64bits_digest(&state_->xxh);
}

}  // namespace pacs::storage
