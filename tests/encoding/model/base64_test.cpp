#include "encoding/model/base64.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

// RFC 4648 §10.
constexpr std::pair<const char*, const char*> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xFB\xFF\xBF", "+/+/"},
};

TEST(Base64, IsThatOfTheStandard) {
  for (const auto& [bytes, text] : kVectors) {
    std::string encoded = "x";
    append_base64(encoded, as_bytes(bytes));
    EXPECT_EQ(encoded, "x" + std::string{text});
    const auto decoded = parse_base64(text);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(as_text(*decoded), bytes);
  }
}

TEST(Base64, PaddingMayBeAbsentButNothingElse) {
  EXPECT_EQ(as_text(parse_base64("Zg").value()), "f");
  for (const char* broken : {"Z", "Zm9v=Zm9v", "Zm 9", "Zm9v\n", "Zm9-", "===="}) {
    EXPECT_FALSE(parse_base64(broken)) << broken;
  }
}

}  // namespace
}  // namespace pacs
