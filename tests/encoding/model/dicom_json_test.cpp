#include "encoding/model/dicom_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;

std::string json(const DataSet& data_set, const ModelOptions& options = {}) {
  std::string text;
  EXPECT_TRUE(write_json(data_set, text, options));
  return text;
}

std::string json_of(const char* bytes, const char* syntax = "1.2.840.10008.1.2.1") {
  const auto data_set = read_data_set(share(b(bytes)), *find_transfer_syntax(syntax));
  EXPECT_TRUE(data_set) << bytes;
  return data_set ? json(*data_set) : "";
}

struct Case {
  const char* what;
  const char* bytes;  // Explicit VR Little Endian
  const char* json;
};

// PS3.18 §F.2.
const Case kCases[] = {
    {"an empty data set", "", "{}"},
    {"text", "1000 2000 'LO' 0400 'PID '", R"({"00100020":{"vr":"LO","Value":["PID"]}})"},
    {"an empty value", "1000 2000 'LO' 0000", R"({"00100020":{"vr":"LO"}})"},
    {"nothing but padding", "1000 2000 'LO' 0200 '  '", R"({"00100020":{"vr":"LO"}})"},
    {"several values, one empty", "0800 0800 'CS' 0400 'A\\\\B'",
     R"({"00080008":{"vr":"CS","Value":["A",null,"B"]}})"},
    {"a backslash in a VR of one value", "1000 0040 'LT' 0400 'A\\B '",
     R"({"00104000":{"vr":"LT","Value":["A\\B"]}})"},
    {"leading spaces that count", "1000 0040 'LT' 0400 '  A '",
     R"({"00104000":{"vr":"LT","Value":["  A"]}})"},
    {"what JSON escapes", "1000 0040 'LT' 0800 '\"' 0A 0D 09 01 7F 'x '",
     R"({"00104000":{"vr":"LT","Value":["\"\n\r\t\u0001)"
     "\x7F"
     R"(x"]}})"},
    {"a person name", "1000 1000 'PN' 0C00 'Doe^John=I=P'",
     R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^John","Ideographic":"I","Phonetic":"P"}]}})"},
    {"a person name without alphabetic group", "1000 1000 'PN' 0400 '==P '",
     R"({"00100010":{"vr":"PN","Value":[{"Phonetic":"P"}]}})"},
    {"decimal strings keep their digits", "2800 3000 'DS' 0A00 '1.50\\-2e3 '",
     R"({"00280030":{"vr":"DS","Value":[1.50,-2e3]}})"},
    {"decimal strings that are no JSON numbers", "2800 3000 'DS' 1200 '+1\\.5\\007\\x\\2.\\+x '",
     R"({"00280030":{"vr":"DS","Value":[1,0.5,7,"x",2,"+x"]}})"},
    {"integer strings", "2000 1300 'IS' 0600 ' 12\\-3'",
     R"({"00200013":{"vr":"IS","Value":[12,-3]}})"},
    {"US and SS", "2800 1000 'US' 0400 0002FFFF 2800 0601 'SS' 0200 FFFF",
     R"({"00280010":{"vr":"US","Value":[512,65535]},"00280106":{"vr":"SS","Value":[-1]}})"},
    {"FL in the shortest digits", "1800 9391 'FL' 0800 CDCCCC3D 00000080",
     R"({"00189193":{"vr":"FL","Value":[0.1,-0.0]}})"},
    {"FD without number", "1800 8790 'FD' 1800 000000000000F87F 000000000000F07F 000000000000F0FF",
     R"({"00189087":{"vr":"FD","Value":["NaN","inf","-inf"]}})"},
    {"64-bit integers",
     "0900 0110 'UV' 0000 18000000 0000000000002000 0100000000002000 FFFFFFFFFFFFFFFF",
     R"({"00091001":{"vr":"UV","Value":[9007199254740992,"9007199254740993","18446744073709551615"]}})"},
    {"signed 64-bit integers", "0900 0110 'SV' 0000 10000000 FFFFFFFFFFFFFFFF 0000000000000080",
     R"({"00091001":{"vr":"SV","Value":[-1,"-9223372036854775808"]}})"},
    {"AT", "2800 0900 'AT' 0400 18006310", R"({"00280009":{"vr":"AT","Value":["00181063"]}})"},
    {"bytes", "0900 0110 'OB' 0000 04000000 00010203",
     R"({"00091001":{"vr":"OB","InlineBinary":"AAECAw=="}})"},
    {"no bytes", "0900 0110 'OB' 0000 00000000", R"({"00091001":{"vr":"OB"}})"},
    {"a sequence",
     "0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.' FEFF00E0 00000000"
     "FEFFDDE0 00000000",
     R"({"00081110":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1."]}},{}]}})"},
    {"an empty sequence", "0800 1011 'SQ' 0000 00000000", R"({"00081110":{"vr":"SQ"}})"},
    {"UN that holds items is a sequence",
     "0900 0110 'UN' 0000 FFFFFFFF FEFF00E0 00000000 FEFFDDE0 00000000",
     R"({"00091001":{"vr":"SQ","Value":[{}]}})"},
    {"group lengths are left out", "0800 0000 'UL' 0400 00000000", "{}"},
    {"text in its character set",
     "0800 0500 'CS' 0A00 'ISO_IR 100' 1000 1000 'PN' 0400 'J' E9 'r '",
     R"({"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Jér"}]}})"},
    {"items inherit the character set or have their own",
     "0800 0500 'CS' 0A00 'ISO_IR 100' 0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 0A000000 1000 2000 "
     "'LO' 0200 E9E9"
     "FEFF00E0 1C000000 0800 0500 'CS' 0A00 'ISO_IR 144' 1000 2000 'LO' 0200 B1B1 FEFFDDE0 "
     "00000000",
     R"({"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00081110":{"vr":"SQ","Value":[)"
     R"({"00100020":{"vr":"LO","Value":["éé"]}},)"
     R"({"00080005":{"vr":"CS","Value":["ISO_IR 144"]},"00100020":{"vr":"LO","Value":["ББ"]}}]}})"},
};

TEST(DicomJson, WritesTheModelOfTheStandard) {
  for (const Case& one : kCases) EXPECT_EQ(json_of(one.bytes), one.json) << one.what;
}

TEST(DicomJson, GivesBigEndianBytesInLittleEndian) {
  EXPECT_EQ(json_of("7FE0 0010 'OW' 0000 00000004 00010203", "1.2.840.10008.1.2.2"),
            R"({"7FE00010":{"vr":"OW","InlineBinary":"AQADAg=="}})");
}

TEST(DicomJson, GivesBulkByUriWhenAskedAndElseInline) {
  DataSet data_set;
  data_set.set_bytes(tags::EncapsulatedDocument, VR::OB, Bytes(100));
  data_set.set(Element::bulk(kPixelData, VR::OW, {100, 200}, false));
  ModelOptions options;
  options.bulk_data_uri = [](const Element& element, std::string_view path) {
    EXPECT_TRUE(path == "00420011" || path == "7FE00010") << path;
    return "/" + std::to_string(element.tag().element());
  };
  options.inline_bytes_max = 99;
  const std::string with_uris =
      R"({"00420011":{"vr":"OB","BulkDataURI":"/17"},"7FE00010":{"vr":"OW","BulkDataURI":"/16"}})";
  EXPECT_EQ(json(data_set, options), with_uris);
  const std::string without = R"("7FE00010":{"vr":"OW"}})";
  EXPECT_TRUE(json(data_set).ends_with(without));
}

TEST(DicomJson, TellsTheUriOfBulkInWhichItemItLies) {
  DataSet icon;
  icon.set(Element::bulk(kPixelData, VR::OW, {100, 200}, false));
  DataSet middle;
  middle.set_items(tags::IconImageSequence, {Item{icon, true}});
  DataSet data_set;
  data_set.set_items(tags::ReferencedStudySequence, {Item{{}, true}, Item{middle, true}});
  data_set.set(Element::bulk(kPixelData, VR::OW, {400, 200}, false));
  std::vector<std::string> paths;
  ModelOptions options;
  options.bulk_data_uri = [&paths](const Element&, std::string_view path) {
    return paths.emplace_back(path);
  };
  (void)json(data_set, options);
  EXPECT_EQ(paths, (std::vector<std::string>{"00081110.2.00880200.1.7FE00010", "7FE00010"}));
}

TEST(DicomJson, IndentsForPeople) {
  DataSet item;
  item.set_text(tags::PatientID, "1");
  DataSet data_set;
  data_set.set_items(tags::ReferencedStudySequence, {Item{item, true}});
  const std::string expected = R"({
  "00081110": {"vr": "SQ", "Value": [
    {
      "00100020": {"vr": "LO", "Value": ["1"]}
    }
  ]}
})";
  EXPECT_EQ(json(data_set, {.pretty = true}), expected);
}

/// What JSON cannot carry: how text was padded, forms of lengths, byte order, group lengths, UN
/// sequences. Written once more, the JSON must be the same.
TEST(DicomJson, EverySampleComesBackFromItsJson) {
  for (const auto& path : test::good_sample_files()) {
    const auto file = read_file(path);
    ASSERT_TRUE(file);
    const std::string first = json(file->data_set);
    const auto again = read_json(first);
    ASSERT_TRUE(again) << path << again.error().to_string();
    const bool has_own_charset = first.find(R"("00080005")") != std::string::npos;
    const bool has_odd_bytes = first.find("TmVzdGVkIFNR\"") != std::string::npos;  // "Nested SQ"
    if (!has_own_charset && !has_odd_bytes) {
      EXPECT_EQ(json(*again), first) << path;
    }
    const std::string second = json(*again);
    EXPECT_EQ(json(read_json(second).value()), second) << path;
  }
}

TEST(DicomJson, ReadsTheModelOfAnotherArchive) {
  std::ifstream file{test::sample("test1.json")};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  text.erase(0, text.find('{'));  // a byte order mark
  const ModelReadOptions options{
      .resolve_bulk = [](auto, Tag, VR) -> Result<Bytes> { return Bytes(4); }};
  const auto refused = read_json(text, options);
  ASSERT_FALSE(refused);  // it holds a null among numbers of two bytes, where nothing can be empty
  EXPECT_EQ(refused.error().tag, tags::AcquisitionMatrix);
  text.erase(text.rfind(',', text.find("null")), 1);
  text.erase(text.find("null"), 4);
  const auto data_set = read_json(text, options);
  ASSERT_TRUE(data_set) << data_set.error().to_string();
  EXPECT_EQ(data_set->text(tags::StudyInstanceUID),
            "1.3.6.1.4.1.5962.99.1.1516012269.2092621929.1509049565933.1720.0");
  EXPECT_EQ(data_set->find(tags::AcquisitionMatrix)->value_count(), 4U);
}

TEST(DicomJson, ReadTextIsUtf8AndSaysSo) {
  const auto data_set = read_json(
      R"({"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Jér"},null,{"Phonetic":"P"}]}})");
  ASSERT_TRUE(data_set);
  EXPECT_EQ(data_set->text(tags::SpecificCharacterSet), "ISO_IR 192");
  EXPECT_EQ(data_set->text(tags::PatientName), "Jér\\\\==P");
  const auto without = read_json(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Jér"}]}})");
  EXPECT_EQ(without->text(tags::SpecificCharacterSet), "ISO_IR 192");
  const auto plain = read_json(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe"}]}})");
  EXPECT_FALSE(plain->contains(tags::SpecificCharacterSet));
}

TEST(DicomJson, NumbersKeepTheirDigits) {
  const char* text =
      R"({"00091001":{"vr":"UV","Value":["18446744073709551615",1]},"00091002":{"vr":"FD","Value":[2.2250738585072011e-308,0.1]},"00280030":{"vr":"DS","Value":[0.30000000000000004,1.50]}})";
  const auto data_set = read_json(text);
  ASSERT_TRUE(data_set) << data_set.error().to_string();
  EXPECT_EQ(data_set->text(tags::PixelSpacing), "0.30000000000000004\\1.50");
  EXPECT_EQ(data_set->number(Tag{0x0009, 0x1002}), 2.2250738585072011e-308);
  EXPECT_EQ(
      load<std::uint64_t>(data_set->find(Tag{0x0009, 0x1001})->value().data(), ByteOrder::Little),
      UINT64_MAX);
  EXPECT_TRUE(std::isnan(
      *read_json(R"({"00091002":{"vr":"FD","Value":["NaN"]}})")->number(Tag{0x0009, 0x1002})));
  EXPECT_EQ(read_json(R"({"00280010":{"vr":"US","Value":[512.0]}})")->integer(tags::Rows), 512);
}

// PS3.18 §F.2.2: by tag, each tag once. What belongs to commands and files is not of the data set.
TEST(DicomJson, IsInOrderAndUniqueWhateverTheDataSetIs) {
  EXPECT_EQ(json_of("1000 2000 'LO' 0200 'P1' 1000 1000 'PN' 0200 'A ' 1000 2000 'LO' 0200 'P2' "
                    "0800 1011 'SQ' "
                    "0000 26000000 FEFF00E0 1E000000 0800 5511 'UI' 0200 '2.' 0800 5011 'UI' 0200 "
                    "'1.' 0800 5511 "
                    "'UI' 0200 '3.' 0200 1000 'UI' 0200 '1.' 0000 0001 'US' 0200 0100"),
            R"({"00081110":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1."]},)"
            R"("00081155":{"vr":"UI","Value":["2."]}}]},)"
            R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"A"}]},)"
            R"("00100020":{"vr":"LO","Value":["P1"]}})");
}

TEST(DicomJson, KnownAttributesThatCameAsUnHaveTheirVr) {
  EXPECT_EQ(json_of("1000 1000 'UN' 0000 04000000 'Doe '"),
            R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe"}]}})");
  EXPECT_EQ(json_of("0800 1011 'UN' 0000 12000000 FEFF00E0 0A000000 0800 5011 02000000 '1.'"),
            R"({"00081110":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1."]}}]}})");
}

TEST(DicomJson, RefusesWhatIsNotTheModel) {
  const std::pair<const char*, ErrorKind> cases[] = {
      {"", ErrorKind::Truncated},
      {"{", ErrorKind::Truncated},
      {"{}x", ErrorKind::Malformed},
      {"[]", ErrorKind::Malformed},
      {"1", ErrorKind::Malformed},
      {R"({"PatientName":{}})", ErrorKind::Malformed},
      {R"({"FFFEE000":{"vr":"UN"}})", ErrorKind::Malformed},
      {R"({"00100010":[]})", ErrorKind::Malformed},
      {R"({"00100010":{"vr":"XX"}})", ErrorKind::Malformed},
      {R"({"00100010":{"vr":7}})", ErrorKind::Malformed},
      {R"({"00100010":{"vr":"PN","Value":"Doe"}})", ErrorKind::Malformed},
      {R"({"00100020":{"vr":"LO","Value":[1]}})", ErrorKind::Malformed},
      {R"({"00100020":{"vr":"LO","Value":[{}]}})", ErrorKind::Malformed},
      {R"({"00280010":{"vr":"US","Value":[65536]}})", ErrorKind::Malformed},
      {R"({"00280010":{"vr":"US","Value":[-1]}})", ErrorKind::Malformed},
      {R"({"00280010":{"vr":"US","Value":[1.5]}})", ErrorKind::Malformed},
      {R"({"00280009":{"vr":"AT","Value":["zz"]}})", ErrorKind::Malformed},
      {R"({"00091001":{"vr":"OB","InlineBinary":"%"}})", ErrorKind::Malformed},
      {R"({"00091001":{"vr":"OB","Value":[1]}})", ErrorKind::Malformed},
      {R"({"00091001":{"vr":"OB","Value":[]}})", ErrorKind::Malformed},
      {R"({"00091001":{"vr":"OB","InlineBinary":"","BulkDataURI":""}})", ErrorKind::Malformed},
      {R"({"00091001":{"vr":"OB","BulkDataURI":"http://x"}})", ErrorKind::Unsupported},
      {R"({"00081110":{"vr":"SQ","Value":[1]}})", ErrorKind::Malformed},
  };
  for (const auto& [text, kind] : cases) {
    const auto data_set = read_json(text);
    ASSERT_FALSE(data_set) << text;
    EXPECT_EQ(data_set.error().kind, kind) << text;
  }
}

// PS3.18 §F.2.7: only OB, OD, OF, OL, OV, OW and UN have InlineBinary. In another VR the bytes
// would be what no scanner can read again.
TEST(DicomJson, RefusesBytesWhereTheVrHasNone) {
  for (const VRInfo& row : vr_table()) {
    const auto read = read_json(
        fmt::format(R"({{"00091001":{{"vr":"{}","InlineBinary":"AAECAwQFBgc="}}}})", row.name));
    const bool has_bytes = row.kind == VRKind::Bytes;
    ASSERT_EQ(read.has_value(), has_bytes) << row.name;
    if (has_bytes) continue;
    EXPECT_EQ(read.error().kind, ErrorKind::Malformed) << row.name;
    EXPECT_EQ(read.error().tag, (Tag{0x0009, 0x1001})) << row.name;
  }
  ModelReadOptions options;
  options.resolve_bulk = [](std::string_view, Tag, VR) -> Result<Bytes> { return Bytes(6); };
  // A sequence, and 6 bytes as numbers of 4 and 8.
  for (const char* vr : {"SQ", "FL", "FD", "UL", "AT"}) {
    const auto read =
        read_json(fmt::format(R"({{"00091001":{{"vr":"{}","BulkDataURI":"x"}}}})", vr), options);
    ASSERT_FALSE(read) << vr;
    EXPECT_EQ(read.error().tag, (Tag{0x0009, 0x1001})) << vr;
  }
  for (const char* vr : {"LT", "US", "OW", "OB", "OF"}) {
    EXPECT_TRUE(
        read_json(fmt::format(R"({{"00091001":{{"vr":"{}","BulkDataURI":"x"}}}})", vr), options))
        << vr;
  }
}

TEST(DicomJson, RefusesAGroupOfANameThatIsNoString) {
  for (const char* group : {"Alphabetic", "Ideographic", "Phonetic"}) {
    for (const char* value : {"5", "true", "null", "[]", "{}", R"(["Doe"])"}) {
      const std::string name = fmt::format(R"({{"{}":{}}})", group, value);
      const auto data_set =
          read_json(fmt::format(R"({{"00100010":{{"vr":"PN","Value":[{}]}}}})", name));
      ASSERT_FALSE(data_set) << name;
      EXPECT_EQ(data_set.error().kind, ErrorKind::Malformed) << name;
      EXPECT_EQ(data_set.error().tag, tags::PatientName) << name;
      EXPECT_NE(data_set.error().message.find(group), std::string::npos) << name;
    }
  }
  EXPECT_TRUE(read_json(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":""},{},null]}})"));
}

TEST(DicomJson, RefusesNestingBeyondTheLimit) {
  const auto nested = [](std::size_t depth, const std::string& inmost = "{}") {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += R"({"00081110":{"vr":"SQ","Value":[)";
    text += inmost;
    for (std::size_t i = 0; i < depth; ++i) text += "]}}";
    return text;
  };
  const auto deep = read_json(nested(512));
  ASSERT_TRUE(deep) << deep.error().to_string();
  EXPECT_EQ(json(*deep), nested(512));
  // As the scanner counts, so that what is read here can be read again there.
  EXPECT_TRUE(read_json(nested(512, R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"A"}]}})")));
  EXPECT_EQ(read_json(nested(513)).error().kind, ErrorKind::LimitExceeded);
  EXPECT_EQ(read_json(nested(512, R"({"00081110":{"vr":"SQ"}})")).error().kind,
            ErrorKind::LimitExceeded);
  EXPECT_EQ(read_json(nested(513)).error().tag, tags::ReferencedStudySequence);
  EXPECT_EQ(read_json(nested(100'000)).error().kind, ErrorKind::LimitExceeded);
}

TEST(DicomJson, MoreValuesThanAllowedAreRefusedBeforeTheyTakeMemory) {
  ModelReadOptions options;
  options.nodes_max = 6;  // the data set, the element, its vr, its values and two of them
  const auto with = [](std::string_view values) {
    return fmt::format(R"({{"00081030":{{"vr":"LO","Value":[{}]}}}})", values);
  };
  EXPECT_TRUE(read_json(with(R"("a","b")"), options));
  for (const char* values : {R"("a","b","c")", "null,null,null", "[],[],[]"}) {
    const auto refused = read_json(with(values), options);
    ASSERT_FALSE(refused) << values;
    EXPECT_EQ(refused.error().kind, ErrorKind::LimitExceeded) << refused.error().to_string();
  }
}

}  // namespace
}  // namespace pacs
