#include "web/http/media_type.h"

#include <gtest/gtest.h>

#include "web/http/field_value.h"
#include "web/http/request_target.h"

namespace pacs::web {
namespace {

constexpr std::string_view kJpegLossless = "1.2.840.10008.1.2.4.70";
constexpr std::string_view kExplicit = "1.2.840.10008.1.2.1";

std::vector<MediaRange> accepted(std::string_view accept) {
  auto ranges = parse_accept(accept);
  EXPECT_TRUE(ranges) << accept << ": " << (ranges ? "" : ranges.error().to_string());
  return ranges ? *ranges : std::vector<MediaRange>{};
}

TEST(MediaType, NamesCompareWithoutCaseAndValuesLoseTheirQuotes) {
  const auto media =
      MediaType::parse(R"(Multipart/Related;TYPE="Application/DICOM" ; boundary="a \"b\\ c" ;)");
  ASSERT_TRUE(media);
  EXPECT_TRUE(media->is("multipart/related"));
  EXPECT_EQ(media->parameter("type"), "Application/DICOM");
  EXPECT_EQ(media->parameter("boundary"), R"(a "b\ c)");
  EXPECT_EQ(media->parameter("start"), "");
}

TEST(MediaType, ValuesWithoutQuotesMayHaveSlashes) {
  const auto media =
      MediaType::parse("multipart/related; type=application/dicom; boundary=a/b=c,d");
  ASSERT_TRUE(media);
  EXPECT_EQ(media->parameter("type"), "application/dicom");
  EXPECT_EQ(media->parameter("boundary"), "a/b=c,d");
}

TEST(MediaType, IsWrittenSoThatItReadsBackTheSame) {
  for (const std::string_view text :
       {"application/dicom", R"(multipart/related; type="application/dicom"; boundary=x)",
        R"(a/b; c="d \"e\\"; f="")"}) {
    const auto media = MediaType::parse(text);
    ASSERT_TRUE(media) << text;
    EXPECT_EQ(media->to_string(), text);
  }
}

TEST(MediaType, WhatIsNoMediaTypeIsMalformed) {
  for (const std::string_view text :
       {"", "application", "application/", "/dicom", "a/b/c", "a b/c", "*/dicom", "a/b; c",
        "a/b; =d", R"(a/b; c="d)", "a/b c", "a/b; c=d e"}) {
    const auto media = MediaType::parse(text);
    ASSERT_FALSE(media) << text;
    EXPECT_EQ(media.error().kind, ErrorKind::Malformed) << text;
  }
}

TEST(Accept, RangesComeByQualityThenTheMoreSpecificThenAsTheyStand) {
  const auto ranges = accepted("*/*;q=0.1, text/*, text/html;q=0.4, a/b , c/d; q=1.000, e/f;q=0");
  std::vector<std::string> names;
  for (const auto& range : ranges) names.push_back(range.media.name());
  EXPECT_EQ(names, (std::vector<std::string>{"a/b", "c/d", "text/*", "text/html", "*/*", "e/f"}));
  EXPECT_EQ(ranges[3].quality, 400U);
  EXPECT_EQ(ranges[5].quality, 0U);
}

TEST(Accept, NoneIsAnything) {
  for (const std::string_view text : {"", "  ", " , ,", "*/*"}) {
    const auto ranges = accepted(text);
    ASSERT_EQ(ranges.size(), 1U) << text;
    EXPECT_TRUE(ranges[0].is_anything());
  }
}

TEST(Accept, MultipartRelatedIsItsPartsWithQuotesOrWithout) {
  for (
      const std::string_view text :
      {R"(multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1)",
       "multipart/related;type=application/octet-stream;transfer-syntax=1.2.840.10008.1.2.1",
       R"(multipart/related; type="application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1")",
       R"(MULTIPART/RELATED ; transfer-syntax="1.2.840.10008.1.2.1"; Type = Application/Octet-Stream)"}) {
    const auto ranges = accepted(text);
    ASSERT_EQ(ranges.size(), 1U) << text;
    EXPECT_TRUE(ranges[0].multipart);
    EXPECT_TRUE(ranges[0].media.is("application/octet-stream")) << ranges[0].media.to_string();
    EXPECT_EQ(ranges[0].transfer_syntax_uid, kExplicit);
    EXPECT_TRUE(ranges[0].media.parameters.empty());
  }
}

TEST(Accept, WhatJavaSendsIsUnderstood) {
  const auto ranges = accepted("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2");
  ASSERT_EQ(ranges.size(), 5U);
  EXPECT_EQ(ranges[3].quality, 200U);
  EXPECT_TRUE(ranges[3].is_anything());
}

TEST(Accept, NonsenseIsMalformedAndTooManyAreALimit) {
  for (const std::string_view text :
       {"dicom", "a/b c/d", "a/b;q=2", "a/b;q=-1", "a/b;q=x", "a/b;q=1.0.0", R"(a/b;c=")",
        R"(multipart/related; type="dicom")"}) {
    const auto ranges = parse_accept(text);
    ASSERT_FALSE(ranges) << text;
    EXPECT_EQ(ranges.error().kind, ErrorKind::Malformed) << text;
  }
  std::string many = "a/b";
  for (int i = 0; i < 64; ++i) many += ",a/b";
  EXPECT_EQ(parse_accept(many).error().kind, ErrorKind::LimitExceeded);
  std::string long_one = "a/b";
  for (int i = 0; i < 33; ++i) long_one += ";c=d";
  EXPECT_EQ(parse_accept(long_one).error().kind, ErrorKind::LimitExceeded);
}

TEST(Accept, TheQueryParameterWins) {
  const Fields headers{{"accept", "text/html"}, {"Accept", "application/dicom+xml"}};
  const auto by_header = accepted_by({}, headers);
  ASSERT_TRUE(by_header);
  EXPECT_EQ(by_header->size(), 2U);
  for (const std::string_view target :
       {"/x?accept=application/dicom+json", "/x?accept=application/dicom%2Bjson",
        "/x?limit=1&accept=application%2Fdicom%2Bjson%3Bq%3D1"}) {
    const auto parsed = parse_target(target);
    ASSERT_TRUE(parsed) << target;
    const auto ranges = accepted_by(parsed->query, headers);
    ASSERT_TRUE(ranges) << target;
    ASSERT_EQ(ranges->size(), 1U) << target;
    EXPECT_TRUE(ranges->front().media.is("application/dicom+json")) << target;
  }
}

struct Choice {
  std::string_view accept;
  std::optional<std::size_t> offer;
};

TEST(Accept, TheBestOfWhatAResourceOffersIsChosen) {
  const std::vector<Offer> offers{{"application/dicom+json"},
                                  {"application/dicom+xml", true},
                                  {"application/octet-stream", true, kExplicit},
                                  {"image/jpeg", true, kJpegLossless},
                                  {"image/png"}};
  for (const Choice& choice : std::initializer_list<Choice>{
           {"", 0},
           {"*/*", 0},
           {"application/*", 0},
           {"application/dicom+json; charset=utf-8", 0},
           {"application/json", std::nullopt},
           {"application/dicom+xml", std::nullopt},
           {R"(multipart/related; type="application/dicom+xml")", 1},
           {"multipart/related", 1},
           {"multipart/*", 1},
           {"multipart/related; type=image/*", 3},
           {"multipart/related; type=*/*; transfer-syntax=1.2.840.10008.1.2.4.70", 3},
           {"multipart/related; type=application/octet-stream; transfer-syntax=*", 2},
           {"multipart/related; type=application/octet-stream; transfer-syntax=1.2.3",
            std::nullopt},
           {"image/*", 4},
           {"image/png;q=0.5, application/dicom+json;q=0.4", 4},
           {"application/dicom+json;q=0, */*;q=0.1", 1},
           {"application/dicom+json;q=0", std::nullopt},
           {"image/gif, */*;q=0.1", 0},
           {"text/html", std::nullopt}}) {
    const auto ranges = accepted(choice.accept);
    EXPECT_EQ(choose(ranges, offers), choice.offer) << choice.accept;
  }
}

TEST(HttpField, WhatIsNoTokenIsQuotedAndCannotEndItsLine) {
  EXPECT_EQ(token_or_quoted("abc-1.2"), "abc-1.2");
  EXPECT_EQ(token_or_quoted("a b\"c\\"), R"("a b\"c\\")");
  EXPECT_EQ(token_or_quoted("a\r\nX: y"), R"("a  X: y")");
  EXPECT_EQ(token_or_quoted(""), R"("")");
}

}  // namespace
}  // namespace pacs::web
