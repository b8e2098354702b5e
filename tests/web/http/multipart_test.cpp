#include "web/http/multipart.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pacs::web {
namespace {

/// A body's events in short: "[Name=value|]content." for each part, "!" at the end, or the error's
/// kind. The body arrives in pieces of `piece_bytes`.
std::string events(std::string_view body, std::string_view boundary = "b",
                   std::size_t piece_bytes = std::string_view::npos, MultipartLimits limits = {}) {
  auto reader = MultipartReader::create(boundary, limits);
  if (!reader) return std::string(to_string(reader.error().kind));
  std::string told;
  const auto tell = [&](const MultipartEvent& event) {
    if (const auto* head = std::get_if<PartHead>(&event)) {
      told += "[";
      for (const auto& [name, value] : head->fields) told += fmt::format("{}={}|", name, value);
      told += "]";
    }
    if (const auto* piece = std::get_if<PartPiece>(&event)) told += as_text(piece->bytes);
    if (std::holds_alternative<PartEnd>(event)) told += ".";
  };
  while (!body.empty()) {
    const auto piece = body.substr(0, piece_bytes);
    body.remove_prefix(piece.size());
    reader->put(as_bytes(piece));
    for (;;) {
      const auto event = reader->next();
      if (!event) return told + std::string(to_string(event.error().kind));
      tell(*event);
      if (std::holds_alternative<MultipartEnd>(*event)) break;
      if (std::holds_alternative<NeedMore>(*event)) break;
    }
  }
  const auto finished = reader->finish();
  return told + (finished ? "!" : std::string(to_string(finished.error().kind)));
}

struct MultipartCase {
  std::string_view body, told;
};

TEST(MultipartReader, PartsComeWithTheirFieldsAndContent) {
  for (const MultipartCase& c : std::initializer_list<MultipartCase>{
           {"--b\r\nContent-Type: "
            "application/dicom\r\nX:y\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
            "[Content-Type=application/dicom|X=y|]one.[]two.!"},
           {"--b--", "!"},                          // no part
           {"--b\r\n\r\none\r\n--b--", "[]one.!"},  // nothing behind the end
           {"a preamble\r\n--b\r\n\r\none\r\n--b--epi\r\n--b\r\n\r\nlogue", "[]one.!"},
           {"\r\n--b\r\n\r\none\r\n--b--", "[]one.!"},  // many clients begin so
           {"--b \t\r\n\r\none\r\n--b\t--\r\n\r\n--b--", "[]one.malformed"},
           {"--b\r\nA: b\r\n  c\r\n\tD\r\n\r\n1\r\n--b--", "[A=b c D|]1.!"},  // folded
           {"--b\r\nA: b\r\n\r\n\r\n--b--", "[A=b|].!"},                      // an empty part
           {"--b\r\nA: b\r\n\r\n--b--", "[A=b|].!"},  // without an empty line
           {"--b\r\n\r\n--b\r\n\r\n--b--", "[].[].!"}}) {
    EXPECT_EQ(events(c.body), c.told) << c.body;
  }
}

TEST(MultipartReader, ContentMayHoldAnythingButItsDelimiter) {
  for (const std::string_view content :
       {"\r\n", "\r\n\r\n", "\r\n\r\n\r\n", "\r", "\n--b", "--b", "x--b--", "\r\n--", "\r\n--a",
        "\r\n--bb", "\r\n--b-", "\r\n--b-\r\n--b-x", "\r\r\n--", "\r\n\r\n--bound", "\r\n-b--b",
        "\r\n--B", "--c\r\n\r\nnested\r\n--c--\r\n"}) {
    const bool at_begin = content.starts_with("--b");  // a delimiter may stand there
    const std::string part = (at_begin ? "x" : "") + std::string(content);
    const std::string body = "--b\r\n\r\n" + part + "\r\n--b\r\n\r\n" + part + "\r\n--b--";
    for (const std::size_t pieces : {1, 2, 3, 5, 100}) {
      EXPECT_EQ(events(body, "b", pieces), fmt::format("[]{0}.[]{0}.!", part)) << pieces;
    }
  }
}

TEST(MultipartReader, PiecesOfAnyLengthGiveTheSame) {
  const std::string body =
      "pre\r\n--b\r\nA: b\r\n\r\none\r\n--bb\r\n--b-\r\n--b  \r\n\r\n\r\n\r\n--b--\r\nepilogue";
  const std::string whole = events(body);
  EXPECT_EQ(whole, "[A=b|]one\r\n--bb\r\n--b-.[]\r\n.!");
  for (std::size_t bytes = 1; bytes < body.size(); ++bytes)
    EXPECT_EQ(events(body, "b", bytes), whole);
}

TEST(MultipartReader, BoundariesHaveOneToSeventyCharacters) {
  const std::string longest(70, '=');
  EXPECT_EQ(events("--" + longest + "\r\n\r\nx\r\n--" + longest + "--", longest), "[]x.!");
  EXPECT_EQ(events("--a b'()+_,-./:=?\r\n\r\nx\r\n--a b'()+_,-./:=?--", "a b'()+_,-./:=?"),
            "[]x.!");
  for (const std::string& bad : {std::string(71, 'b'), std::string(), std::string("b "),
                                 std::string("b\r\nX: y"), std::string("b\xC3\xA9")}) {
    EXPECT_EQ(events("", bad), "invalid argument") << bad;
  }
}

TEST(MultipartReader, LinesThatEndWithoutCarriageReturnAreRead) {
  EXPECT_EQ(events("--b\nA: b\n\none\r\n\n--b\n\ntwo\n--b--\n"), "[A=b|]one\r\n.[]two.!");
  EXPECT_EQ(events("--b\r\nA: b\n\r\none\n--b\r\n--b--\n"), "[A=b|]one\n--b.!");
}

TEST(MultipartReader, WhatIsBrokenIsSaid) {
  for (const MultipartCase& c :
       std::initializer_list<MultipartCase>{{"", "truncated"},
                                            {"no boundary at all", "truncated"},
                                            {"--b", "truncated"},
                                            {"--b\r\n", "truncated"},
                                            {"--b\r\nA: b", "truncated"},
                                            {"--b\r\n\r\none", "[]onetruncated"},
                                            {"--b\r\n\r\none\r\n--b", "[]onetruncated"},
                                            {"--b\r\n\r\none\r\n--b-", "[]onetruncated"},
                                            {"--b\r\n\r\none\r\n--b\r\n", "[]one.truncated"},
                                            {"--b\r\nno colon\r\n\r\n", "malformed"},
                                            {"--b\r\n: no name\r\n\r\n", "malformed"},
                                            {"--b\r\nA b: c\r\n\r\n", "malformed"},
                                            {"--b\r\nA: \x01\r\n\r\n", "malformed"},
                                            {"--b\r\n folded first\r\n\r\n", "malformed"},
                                            {"--b\r\nA: b\r\n--b\r\n\r\n", "malformed"},
                                            {"--b\rX", "malformed"},
                                            {"--b \r \n", "malformed"}}) {
    EXPECT_EQ(events(c.body), c.told) << c.body;
    EXPECT_EQ(events(c.body, "b", 1), c.told) << c.body;
  }
}

TEST(MultipartReader, EverythingHasALimit) {
  const MultipartLimits limits{.head_bytes_max = 100, .parts_max = 2};
  const std::string part = "--b\r\n\r\nx\r\n";
  EXPECT_EQ(events(part + part + "--b--", "b", 7, limits), "[]x.[]x.!");
  EXPECT_EQ(events(part + part + part, "b", 7, limits), "[]x.[]x.limit exceeded");
  const std::string long_head = "--b\r\nA: " + std::string(100, 'b') + "\r\n\r\n";
  EXPECT_EQ(events(long_head, "b", 7, limits), "limit exceeded");
  EXPECT_EQ(events(std::string(101, 'x') + "\r\n" + part, "b", 7, limits), "malformed");
  EXPECT_EQ(events("--b" + std::string(257, ' ') + "\r\n\r\nx\r\n--b--"), "malformed");
}

TEST(MultipartWriter, WhatItWritesIsReadAndHasTheLengthThatWasTold) {
  const Fields fields{{"Content-Type", "application/dicom"}, {"Content-Location", "/a\r\nX: y"}};
  for (std::size_t parts = 0; parts < 4; ++parts) {
    MultipartWriter writer;
    MultipartLength length(writer);
    for (std::size_t i = 0; i < parts; ++i) length.add(fields, 3);
    std::string body;
    std::string told;
    for (std::size_t i = 0; i < parts; ++i) {
      body += writer.part_head(fields) + "abc";
      told += "[Content-Type=application/dicom|Content-Location=/a  X: y|]abc.";
    }
    body += writer.end();
    EXPECT_EQ(body.size(), length.bytes());
    const auto media = MediaType::parse(writer.related("application/dicom"));
    ASSERT_TRUE(media);
    EXPECT_TRUE(media->is("multipart/related"));
    EXPECT_EQ(media->parameter("type"), "application/dicom");
    EXPECT_EQ(events(body, media->parameter("boundary"), 5), told + "!");
  }
  EXPECT_NE(MultipartWriter().end(), MultipartWriter().end());
  EXPECT_EQ(MultipartWriter("a b").byte_ranges(), "multipart/byteranges; boundary=\"a b\"");
}

}  // namespace
}  // namespace pacs::web
