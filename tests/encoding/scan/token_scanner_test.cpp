#include "encoding/scan/token_scanner.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"
#include "tests/encoding/scan/token_trace.h"

namespace pacs {
namespace {

using test::b;
using test::trace;

const TransferSyntax& kImplicit = implicit_vr_little_endian();
const TransferSyntax& kExplicit = explicit_vr_little_endian();
const TransferSyntax& kBigEndian = *find_transfer_syntax("1.2.840.10008.1.2.2");
const TransferSyntax& kJpeg = *find_transfer_syntax("1.2.840.10008.1.2.4.50");

struct Case {
  const char* what;
  const TransferSyntax& syntax;
  const char* bytes;
  const char* tokens;
};

const Case kCases[] = {
    {"an empty data set", kExplicit, "", ""},
    {"short and long explicit headers", kExplicit,
     "0800 0500 'CS' 0A00 'ISO_IR 100'  0800 1900 'UT' 0000 02000000 'ab'",
     "CS(0008,0005)=10 UT(0008,0019)=2"},
    {"big endian", kBigEndian, "0008 0005 'CS' 0002 'AB'  0028 0010 'US' 0002 0200",
     "CS(0008,0005)=2 US(0028,0010)=2"},
    {"implicit VR asks the dictionary", kImplicit,
     "1000 1000 04000000 'Doe '  2800 1000 02000000 0002", "PN(0010,0010)=4 US(0028,0010)=2"},
    {"a value without bytes", kExplicit, "1000 1000 'PN' 0000", "PN(0010,0010)=0"},
    {"a value of odd length", kExplicit, "1000 1000 'PN' 0300 'Doe'", "PN(0010,0010)=3"},
    {"a group length", kImplicit, "0900 0000 04000000 00000000", "UL(0009,0000)=4"},
    {"private elements", kImplicit, "0900 1000 04000000 'ACME'  0900 0110 02000000 0102",
     "LO(0009,0010)=4 UN(0009,1001)=2"},
    {"US or SS without Pixel Representation", kImplicit, "2800 0601 02000000 0080",
     "US(0028,0106)=2"},
    {"US or SS with signed pixels", kImplicit, "2800 0301 02000000 0100  2800 0601 02000000 0080",
     "US(0028,0103)=2 SS(0028,0106)=2"},
    {"US or SS with unsigned pixels", kImplicit, "2800 0301 02000000 0000  2800 0601 02000000 0080",
     "US(0028,0103)=2 US(0028,0106)=2"},
    {"items inherit Pixel Representation", kImplicit,
     "2800 0301 02000000 0100  2800 0030 FFFFFFFF FEFF00E0 FFFFFFFF 2800 0230 02000000 0000"
     "FEFF0DE0 00000000 FEFFDDE0 00000000",
     "US(0028,0103)=2 ~SQ(0028,3000)[ ~< SS(0028,3002)=2 > ]"},

    {"a sequence of undefined length", kExplicit,
     "0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.'"
     "FEFF0DE0 00000000 FEFFDDE0 00000000",
     "~SQ(0008,1110)[ ~< UI(0008,1150)=2 > ]"},
    {"a sequence of defined length", kExplicit,
     "0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'  2000 0D00 'UI' 0000",
     "SQ(0008,1110)[ < UI(0008,1150)=2 > ] UI(0020,000D)=0"},
    {"a defined sequence in an undefined item", kImplicit,
     "0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF 0800 1111 08000000 FEFF00E0 00000000"
     "FEFF0DE0 00000000 FEFFDDE0 00000000",
     "~SQ(0008,1110)[ ~< SQ(0008,1111)[ < > ] > ]"},
    {"an undefined item in a defined sequence", kImplicit,
     "0800 1011 10000000 FEFF00E0 FFFFFFFF FEFF0DE0 00000000", "SQ(0008,1110)[ ~< > ]"},
    {"empty sequences of both forms", kExplicit,
     "0800 1011 'SQ' 0000 00000000  0800 1111 'SQ' 0000 FFFFFFFF FEFFDDE0 00000000",
     "SQ(0008,1110)[ ] ~SQ(0008,1111)[ ]"},
    {"two ends by one length", kImplicit,
     "0800 1011 18000000 FEFF00E0 10000000 0800 1111 08000000 FEFF00E0 00000000",
     "SQ(0008,1110)[ < SQ(0008,1111)[ < > ] > ]"},
    {"a sequence in big endian", kBigEndian,
     "0008 1110 'SQ' 0000 FFFFFFFF FFFEE000 FFFFFFFF 0008 1150 'UI' 0002 '1.'"
     "FFFEE00D 00000000 FFFEE0DD 00000000",
     "~SQ(0008,1110)[ ~< UI(0008,1150)=2 > ]"},

    {"an unknown tag of undefined length is a sequence in implicit VR", kImplicit,
     "0900 0110 FFFFFFFF FEFF00E0 00000000 FEFFDDE0 00000000", "~SQ(0009,1001)[ < > ]"},
    {"UN of undefined length holds implicit VR", kExplicit,
     "0900 0110 'UN' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000"
     "2000 0D00 'UI' 0000",
     "~UN(0009,1001)[ < UI(0008,1150)=2 > ] UI(0020,000D)=0"},
    {"UN of undefined length is little endian in big endian too", kBigEndian,
     "0009 1001 'UN' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000"
     "0020 000D 'UI' 0000",
     "~UN(0009,1001)[ < UI(0008,1150)=2 > ] UI(0020,000D)=0"},
    {"UN of defined length stays bytes", kExplicit,
     "0900 0110 'UN' 0000 08000000 FEFF00E0 00000000", "UN(0009,1001)=8"},
    {"an unknown VR of capital letters has the long form", kExplicit,
     "0900 0110 'ZZ' 0000 02000000 0102  2000 0D00 'UI' 0000", "UN(0009,1001)=2 UI(0020,000D)=0"},
    {"an unknown VR of capital letters without reserved zeros has the short form", kExplicit,
     "0900 0110 'ZZ' 0200 0102", "UN(0009,1001)=2"},
    {"an unknown VR of other letters has the short form", kExplicit,
     "0900 0110 '--' 0200 0102  0900 0210 2020 0000", "UN(0009,1001)=2 UN(0009,1002)=0"},

    {"encapsulated pixel data", kJpeg,
     "E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 04000000 00000000 FEFF00E0 06000000 FFD8FFD90000"
     "FEFFDDE0 00000000  FCFF FCFF 'OB' 0000 00000000",
     "OB(7FE0,0010)| 4 6 | OB(FFFC,FFFC)=0"},
    {"a fragment of odd length", kJpeg,
     "E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFF00E0 03000000 FFD8FF FEFFDDE0 00000000",
     "OB(7FE0,0010)| 0 3 |"},
    {"an encapsulated icon", kJpeg,
     "8800 0002 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000"
     "FEFFDDE0 00000000 FEFF0DE0 00000000 FEFFDDE0 00000000",
     "~SQ(0088,0200)[ ~< OB(7FE0,0010)| 0 | > ]"},
    {"encapsulated pixel data in implicit VR is OB", kImplicit,
     "E07F 1000 FFFFFFFF FEFF00E0 00000000 FEFFDDE0 00000000", "OB(7FE0,0010)| 0 |"},

    {"a length past the end of the input", kExplicit, "1000 1000 'PN' 0400 'Do'",
     "truncated (0010,0010) @10"},
    {"half a header", kExplicit, "1000 1000 'PN'", "truncated (0000,0000) @6"},
    {"half a long header", kExplicit, "0800 1900 'UT' 0000 0200", "truncated (0008,0019) @10"},
    {"an item that does not end", kImplicit, "0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF",
     "~SQ(0008,1110)[ ~< truncated (0008,1110) @16"},
    {"a sequence that does not end", kImplicit, "0800 1011 FFFFFFFF",
     "~SQ(0008,1110)[ truncated (0008,1110) @8"},
    {"fragments that do not end", kJpeg, "E07F 1000 'OB' 0000 FFFFFFFF",
     "OB(7FE0,0010)| truncated (7fe0,0010) @12"},
    {"a length of nearly 4 GB", kImplicit, "1000 1000 FEFFFFFF 'Doe'", "truncated (0010,0010) @11"},
    {"a length past the end of the item", kImplicit,
     "0800 1011 14000000 FEFF00E0 0C000000 0800 5011 06000000 '1.2.3.4.'",
     "SQ(0008,1110)[ < malformed (0008,1150) @16"},
    {"an item past the end of its sequence", kImplicit, "0800 1011 08000000 FEFF00E0 02000000 0102",
     "SQ(0008,1110)[ malformed (fffe,e000) @8"},
    {"a sequence past the end of its item", kImplicit,
     "0800 1011 18000000 FEFF00E0 08000000 0800 1111 08000000 FEFF00E0 00000000",
     "SQ(0008,1110)[ < malformed (0008,1111) @16"},
    {"a length past the defined item around an undefined one", kImplicit,
     "0800 1011 20000000 FEFF00E0 18000000 0800 1111 FFFFFFFF FEFF00E0 FFFFFFFF 1000 1000 02000000 "
     "'AB'",
     "SQ(0008,1110)[ < ~SQ(0008,1111)[ ~< malformed (0010,0010) @32"},
    {"bytes that are no element at the end of an item", kImplicit,
     "0800 1011 0C000000 FEFF00E0 04000000 00000000", "SQ(0008,1110)[ < malformed (0008,1110) @16"},
    {"a fragment past the end of the item around it", kJpeg,
     "8800 0002 'SQ' 0000 20000000 FEFF00E0 18000000 E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 "
     "06000000 00*32",
     "SQ(0088,0200)[ < OB(7FE0,0010)| malformed (fffe,e000) @32"},
    {"an undelimited item in a defined one", kImplicit,
     "0800 1011 10000000 FEFF00E0 FFFFFFFF 0800 0500 00000000  0800 0500 00000000",
     "SQ(0008,1110)[ ~< CS(0008,0005)=0 malformed (0008,1110) @24"},
    {"a stray item", kExplicit, "FEFF00E0 00000000", "malformed (fffe,e000) @0"},
    {"a stray item delimiter", kExplicit, "FEFF0DE0 00000000", "malformed (fffe,e00d) @0"},
    {"a stray sequence delimiter", kExplicit, "FEFFDDE0 00000000", "malformed (fffe,e0dd) @0"},
    {"an element where an item is expected", kImplicit, "0800 1011 08000000 0800 0500 00000000",
     "SQ(0008,1110)[ malformed (0008,0005) @8"},
    {"an item of undefined length as fragment", kJpeg,
     "E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 FFFFFFFF", "OB(7FE0,0010)| malformed (fffe,e000) @12"},
    {"undefined length with another VR", kExplicit, "0800 1900 'UT' 0000 FFFFFFFF",
     "malformed (0008,0019) @0"},
    {"undefined length with another VR, implicit", kImplicit, "1000 1000 FFFFFFFF",
     "malformed (0010,0010) @0"},
};

TEST(TokenScanner, SaysWhatBytesHold) {
  for (const Case& one : kCases) {
    EXPECT_EQ(trace(b(one.bytes), one.syntax), one.tokens) << one.what;
  }
}

TEST(TokenScanner, SaysTheSameOfBytesThatComeOneAtATime) {
  for (const Case& one : kCases) {
    for (const std::size_t piece : {1, 3, 8}) {
      EXPECT_EQ(trace(b(one.bytes), one.syntax, piece), one.tokens) << one.what;
    }
  }
}

TEST(TokenScanner, GivesLongValuesInChunks) {
  const ScanOptions options{.whole_value_max = 4};
  const Bytes bytes = b("1000 1000 'PN' 0500 'Doe^J'  1000 2000 'LO' 0400 '1234'");
  EXPECT_EQ(trace(bytes, kExplicit, 0, options), "PN(0010,0010)=5.. LO(0010,0020)=4");
  EXPECT_EQ(trace(bytes, kExplicit, 1, options), "PN(0010,0010)=5.. LO(0010,0020)=4");
  const Bytes fragments =
      b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFF00E0 06000000 FFD8FFD90000 FEFFDDE0 "
        "00000000");
  EXPECT_EQ(trace(fragments, kJpeg, 1, options), "OB(7FE0,0010)| 0 6.. |");
  EXPECT_EQ(trace(b("1000 1000 'PN' 0500 'Doe'"), kExplicit, 1, options),
            "PN(0010,0010)=5.. truncated (0010,0010) @11");
}

TEST(TokenScanner, TellsWhereTokensAndValuesLie) {
  const Bytes bytes =
      b("0800 0500 'CS' 0200 'AB'  E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 04000000 00000000"
        "FEFFDDE0 00000000");
  TokenScanner scanner{kJpeg};
  ByteView rest{bytes};
  Token token;
  const auto next = [&] {
    EXPECT_EQ(scanner.next(rest, token), TokenScanner::Found::Token);
    return std::pair{token.offset, token.value_offset};
  };
  EXPECT_EQ(next(), std::pair(0UL, 8UL));
  EXPECT_EQ(next(), std::pair(10UL, 22UL));
  EXPECT_EQ(next(), std::pair(22UL, 30UL));
  EXPECT_EQ(next(), std::pair(34UL, 42UL));
  EXPECT_EQ(scanner.next(rest, token), TokenScanner::Found::NeedMore);
  EXPECT_EQ(scanner.offset(), bytes.size());
}

TEST(TokenScanner, StopsBeforeATagOfTheTopLevelOnly) {
  const Bytes bytes =
      b("0800 1011 FFFFFFFF FEFF00E0 0A000000 E07F 1000 02000000 0102 FEFFDDE0 00000000"
        "E07F 1000 02000000 0102");
  EXPECT_EQ(trace(bytes, kImplicit, 0, {.stop_before = kPixelData}),
            "~SQ(0008,1110)[ < OW(7FE0,0010)=2 > ] stop");
}

TEST(TokenScanner, RefusesNestingBeyondTheLimit) {
  const auto nested = [](std::size_t depth) {
    Bytes bytes;
    for (std::size_t i = 0; i < depth; ++i)
      append(bytes, b("0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF"));
    for (std::size_t i = 0; i < depth; ++i) append(bytes, b("FEFF0DE0 00000000 FEFFDDE0 00000000"));
    return bytes;
  };
  const std::string limit_exceeded = "limit exceeded (0008,1110) @" + std::to_string(512 * 16);
  EXPECT_EQ(trace(nested(512), kImplicit).find("limit"), std::string::npos);
  EXPECT_TRUE(trace(nested(513), kImplicit).ends_with(limit_exceeded));
  EXPECT_TRUE(trace(nested(100'000), kImplicit).ends_with(limit_exceeded));
}

TEST(TokenScanner, RefusesMoreElementsThanTheLimit) {
  Limits limits;
  limits.elements_max = 2;
  EXPECT_EQ(trace(b("0800 0500 00000000 0800 0600 FFFFFFFF FEFF00E0 00000000"), kImplicit, 0,
                  {.limits = limits}),
            "CS(0008,0005)=0 ~SQ(0008,0006)[ limit exceeded (0008,0006) @16");
}

TEST(TokenScanner, NotesWhatItTolerates) {
  const auto departures = [](const char* description, const TransferSyntax& syntax) {
    const Bytes bytes = b(description);
    TokenScanner scanner{syntax};
    scanner.input_ends();
    ByteView rest{bytes};
    Token token;
    while (scanner.next(rest, token) == TokenScanner::Found::Token) {
    }
    EXPECT_TRUE(scanner.finish(rest)) << description;
    return scanner.departures().to_string();
  };
  EXPECT_EQ(departures("0800 1900 'UT' 0000 00000000", kExplicit), "");
  EXPECT_EQ(departures("0800 1900 'UT' 0100 00000000", kExplicit), "reserved_bytes");
  EXPECT_EQ(departures("0800 1900 '--' 0000", kExplicit), "unknown_vr");
  EXPECT_EQ(departures("0800 1011 FFFFFFFF FEFFDDE0 01000000", kImplicit), "delimiter_length");
  EXPECT_EQ(departures("E07F 1000 'OB' 0000 FFFFFFFF FEFFDDE0 00000000", kJpeg),
            "no_basic_offset_table");
}

TEST(TokenScanner, ReadsEverySampleInPiecesAsItReadsItWhole) {
  for (const auto& path : test::good_sample_files()) {
    const auto sample = test::sample_data_set(path);
    if (sample.syntax->deflated || sample.bytes.view.size() > 50'000) continue;
    const std::string whole = trace(sample.bytes.view, *sample.syntax);
    EXPECT_EQ(trace(sample.bytes.view, *sample.syntax, 1, {.whole_value_max = 0xFFFFFFFF}), whole)
        << path;
    EXPECT_EQ(trace(sample.bytes.view, *sample.syntax, 1000), whole) << path;
  }
}

TEST(TokenScanner, SaysTruncatedOfASampleCutAtAnyByteThatIsNoEndOfAnElement) {
  const auto sample = test::sample_data_set(test::sample("reportsi.dcm"));
  std::size_t whole = 0;
  for (std::size_t size = 0; size < sample.bytes.view.size(); ++size) {
    const std::string tokens = trace(sample.bytes.view.first(size), *sample.syntax);
    EXPECT_EQ(tokens.find("malformed"), std::string::npos) << size << tokens;
    whole += tokens.find("truncated") == std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(whole, read_data_set(sample.bytes, *sample.syntax)->size());
}

}  // namespace
}  // namespace pacs
