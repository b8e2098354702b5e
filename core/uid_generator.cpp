#include "core/uid_generator.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <boost/uuid/name_generator_sha1.hpp>

namespace pacs {

std::string uid_from_uuid(const Uuid& uuid) {
  // Long division of the 128-bit number by ten, digit by digit from the right.
  Uuid rest = uuid;
  std::string digits;
  do {
    unsigned remainder = 0;
    for (auto& byte : rest) {
      const unsigned current = remainder << 8 | byte;
      byte = static_cast<std::uint8_t>(current / 10);
      remainder = current % 10;
    }
    digits += static_cast<char>('0' + remainder);
  } while (std::ranges::any_of(rest, [](std::uint8_t byte) { return byte != 0; }));
  std::ranges::reverse(digits);
  return "2.25." + digits;
}

Uuid random_uuid() {
  thread_local std::random_device entropy;  // getrandom(2) or the processor: no seed to run out
  Uuid uuid;
  for (std::size_t at = 0; at < uuid.size(); at += 4) {
    const std::uint32_t word = entropy();
    std::memcpy(uuid.data() + at, &word, sizeof word);
  }
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);  // version 4
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);  // variant of RFC 9562
  return uuid;
}

std::string generate_uid() {
  return uid_from_uuid(random_uuid());
}

std::string uid_from_name(std::string_view name) {
  const boost::uuids::uuid made =
      boost::uuids::name_generator_sha1{boost::uuids::ns::oid()}(name.data(), name.size());
  Uuid uuid;
  std::ranges::copy(made, uuid.begin());
  return uid_from_uuid(uuid);
}

}  // namespace pacs
