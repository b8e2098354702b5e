#include "core/uid_generator.h"

#include <gtest/gtest.h>

#include <set>

#include "core/uid_registry.h"

namespace pacs {
namespace {

// PS3.5 §B.2, example: f81d4fae-7dec-11d0-a765-00a0c91e6bf6.
TEST(UidFromUuid, GivesTheStandardsExample) {
  const Uuid uuid{0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0,
                  0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6};
  EXPECT_EQ(uid_from_uuid(uuid), "2.25.329800735698586629295641978511506172918");
}

TEST(UidFromUuid, HandlesTheEndsOfTheRange) {
  Uuid uuid{};
  EXPECT_EQ(uid_from_uuid(uuid), "2.25.0");
  uuid.fill(0xFF);
  EXPECT_EQ(uid_from_uuid(uuid), "2.25.340282366920938463463374607431768211455");
}

TEST(GeneratedUids, AreValidAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uid = generate_uid();
    EXPECT_TRUE(is_valid_uid(uid)) << uid;
    EXPECT_TRUE(seen.insert(uid).second) << uid;
  }
}

// RFC 9562 §5.5: version 5 of "www.example.com" among OIDs, as Python's uuid module makes it.
TEST(UidFromName, IsTheSameEachTimeAndThatOfOthers) {
  EXPECT_EQ(uid_from_name("www.example.com"), "2.25.220529772173518081084972305585000486996");
  EXPECT_NE(uid_from_name("www.example.org"), uid_from_name("www.example.com"));
}

TEST(RandomUuid, SaysVersionAndVariant) {
  const Uuid uuid = random_uuid();
  EXPECT_EQ(uuid[6] >> 4, 4);
  EXPECT_EQ(uuid[8] >> 6, 2);
}

}  // namespace
}  // namespace pacs
