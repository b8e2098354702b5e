#include "core/text.h"

#include <gtest/gtest.h>

#include "core/result.h"

namespace pacs {
namespace {

TEST(Text, PaddingIsTakenOff) {
  EXPECT_EQ(trimmed("  A B "), "A B");
  EXPECT_EQ(trimmed((std::string_view{"A \0\0", 4})), "A");
  EXPECT_EQ(trimmed("   "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, AsciiIsToldFromTheRest) {
  EXPECT_TRUE(is_ascii(""));
  EXPECT_TRUE(is_ascii("DOE^JOHN\x7f"));
  EXPECT_FALSE(is_ascii("M\xC3\xBCLLER"));
}

TEST(Text, WhatATerminalObeysIsMadeVisible) {
  EXPECT_EQ(printable("a\x1b[2J\r\n\x7f"), "a\\x1b[2J\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\x9b2J")
      << "the one-byte form of ESC [";
  EXPECT_EQ(printable("가 Ä \\ \xC2"), "가 Ä \\ \xC2") << "the rest stays as it is";
}

TEST(Text, AnErrorsTextIsPrintable) {
  const Error error = Error{ErrorKind::Malformed, "no\x1b DICOM"}.in("a\nb");
  EXPECT_EQ(error.to_string(), "malformed: no\\x1b DICOM in a\\x0ab");
}

}  // namespace
}  // namespace pacs
