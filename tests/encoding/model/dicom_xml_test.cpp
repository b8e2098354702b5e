#include "encoding/model/dicom_xml.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/model/dicom_json.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;

std::string xml(const DataSet& data_set, const ModelOptions& options = {}) {
  std::string text;
  EXPECT_TRUE(write_xml(data_set, text, options));
  return text;
}

std::string json(const DataSet& data_set) {
  std::string text;
  EXPECT_TRUE(write_json(data_set, text));
  return text;
}

const std::string kHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel xml:space=\"preserve\">\n";
const std::string kTail = "</NativeDicomModel>\n";

DataSet read_explicit(const char* bytes) {
  auto data_set = read_data_set(share(b(bytes)), explicit_vr_little_endian());
  EXPECT_TRUE(data_set) << bytes;
  return data_set.value_or(DataSet{});
}

struct Case {
  const char* what;
  const char* bytes;  // Explicit VR Little Endian
  const char* xml;
};

// PS3.19 §A.1.5.
const Case kCases[] = {
    {"an empty data set", "", ""},
    {"text", "1000 2000 'LO' 0600 'A<&>\" '",
     "<DicomAttribute tag=\"00100020\" vr=\"LO\" keyword=\"PatientID\">\n"
     "<Value number=\"1\">A&lt;&amp;&gt;&quot;</Value>\n</DicomAttribute>\n"},
    {"an empty value", "1000 2000 'LO' 0000",
     "<DicomAttribute tag=\"00100020\" vr=\"LO\" keyword=\"PatientID\">\n</DicomAttribute>\n"},
    {"several values, one empty", "0800 0800 'CS' 0400 'A\\\\B'",
     "<DicomAttribute tag=\"00080008\" vr=\"CS\" keyword=\"ImageType\">\n"
     "<Value number=\"1\">A</Value>\n<Value number=\"3\">B</Value>\n</DicomAttribute>\n"},
    {"a person name", "1000 1000 'PN' 1000 'Doe^John^^Dr=I^J'",
     "<DicomAttribute tag=\"00100010\" vr=\"PN\" keyword=\"PatientName\">\n<PersonName "
     "number=\"1\">\n"
     "<Alphabetic>\n<FamilyName>Doe</FamilyName>\n<GivenName>John</GivenName>\n<NamePrefix>Dr</"
     "NamePrefix>\n"
     "</Alphabetic>\n<Ideographic>\n<FamilyName>I</FamilyName>\n<GivenName>J</GivenName>\n</"
     "Ideographic>\n"
     "</PersonName>\n</DicomAttribute>\n"},
    {"numbers", "2800 1000 'US' 0400 0002FFFF 2800 0900 'AT' 0400 18006310",
     "<DicomAttribute tag=\"00280009\" vr=\"AT\" keyword=\"FrameIncrementPointer\">\n"
     "<Value number=\"1\">00181063</Value>\n</DicomAttribute>\n"
     "<DicomAttribute tag=\"00280010\" vr=\"US\" keyword=\"Rows\">\n"
     "<Value number=\"1\">512</Value>\n<Value number=\"2\">65535</Value>\n</DicomAttribute>\n"},
    {"a private element", "0900 1000 'LO' 0400 'ACME' 0900 0110 'OB' 0000 02000000 0102",
     "<DicomAttribute tag=\"00090010\" vr=\"LO\">\n<Value "
     "number=\"1\">ACME</Value>\n</DicomAttribute>\n"
     "<DicomAttribute tag=\"00090001\" vr=\"OB\" privateCreator=\"ACME\">\n"
     "<InlineBinary>AQI=</InlineBinary>\n</DicomAttribute>\n"},
    {"a sequence", "0800 1011 'SQ' 0000 08000000 FEFF00E0 00000000",
     "<DicomAttribute tag=\"00081110\" vr=\"SQ\" keyword=\"ReferencedStudySequence\">\n"
     "<Item number=\"1\">\n</Item>\n</DicomAttribute>\n"},
    {"line ends", "1000 0040 'LT' 0400 'a' 0D0A 'b'",
     "<DicomAttribute tag=\"00104000\" vr=\"LT\" keyword=\"PatientComments\">\n"
     "<Value number=\"1\">a&#13;\nb</Value>\n</DicomAttribute>\n"},
};

TEST(DicomXml, WritesTheModelOfTheStandard) {
  for (const Case& one : kCases) {
    DataSet sorted;
    const DataSet read = read_explicit(one.bytes);
    for (const Element& element : read) sorted.adopt(element);
    EXPECT_EQ(xml(sorted), kHead + one.xml + kTail) << one.what;
  }
}

TEST(DicomXml, ReadsWhatItWrites) {
  for (const Case& one : kCases) {
    const auto data_set = read_xml(kHead + one.xml + kTail);
    ASSERT_TRUE(data_set) << one.what << data_set.error().to_string();
    EXPECT_EQ(xml(*data_set), kHead + one.xml + kTail) << one.what;
  }
}

TEST(DicomXml, ReplacesTheControlCharactersThatXmlCannotHold) {
  const std::string text = xml(read_explicit("1000 0040 'LT' 0400 'a' 01 1B 'b'"));
  EXPECT_NE(text.find(">a\xEF\xBF\xBD\xEF\xBF\xBD"
                      "b<"),
            std::string::npos);
}

TEST(DicomXml, GivesBulkByUri) {
  DataSet data_set;
  data_set.set(Element::bulk(kPixelData, VR::OW, {100, 200}, false));
  ModelOptions options;
  options.bulk_data_uri = [](const Element&, std::string_view) { return "/bulk?a=1&b=2"; };
  const std::string text = xml(data_set, options);
  EXPECT_NE(text.find("<BulkData uri=\"/bulk?a=1&amp;b=2\"/>"), std::string::npos);
  EXPECT_EQ(read_xml(text).error().kind, ErrorKind::Unsupported);
  ModelReadOptions resolving;
  resolving.resolve_bulk = [](std::string_view uri, Tag, VR) -> Result<Bytes> {
    EXPECT_EQ(uri, "/bulk?a=1&b=2");
    return Bytes(4);
  };
  EXPECT_EQ(read_xml(text, resolving)->find(kPixelData)->value().size(), 4U);
}

TEST(DicomXml, EverySampleComesBackFromItsXml) {
  for (const auto& path : test::good_sample_files()) {
    const auto file = read_file(path);
    ASSERT_TRUE(file);
    const auto in_utf8 = read_json(json(file->data_set));
    ASSERT_TRUE(in_utf8);
    const std::string text = xml(*in_utf8);
    const auto again = read_xml(text);
    ASSERT_TRUE(again) << path << again.error().to_string();
    EXPECT_EQ(xml(*again), text) << path;
    // The model has no empty components at the end of a name.
    const bool has_empty_components = json(*in_utf8).find("^\"") != std::string::npos;
    if (!has_empty_components) {
      EXPECT_EQ(json(*again), json(*in_utf8)) << path;
    }
  }
}

TEST(DicomXml, ReadsWhatDcmtkWrites) {
  for (const char* name : {"rtplan.dcm", "reportsi.dcm", "nested_priv_SQ.dcm"}) {
    const std::string command = "dcm2xml -q -nat +Eb " + test::sample(name).string();
    FILE* pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string text;
    std::array<char, 4096> piece{};
    for (std::size_t got; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;)
      text.append(piece.data(), got);
    EXPECT_EQ(pclose(pipe), 0);
    const auto data_set = read_xml(text);
    ASSERT_TRUE(data_set) << name << data_set.error().to_string();
    const auto by_json = read_json(json(read_file(test::sample(name))->data_set));
    EXPECT_EQ(json(*data_set), json(*by_json)) << name;
  }
}

TEST(DicomXml, IsInOrderAndUniqueWhateverTheDataSetIs) {
  const DataSet data_set = read_explicit(
      "1000 2000 'LO' 0200 'P1' 0800 6000 'CS' 0200 'CT' 1000 2000 'LO' 0200 'P2' 0200 1000 'UI' "
      "0200 '1.'");
  const std::string text = xml(data_set);
  EXPECT_LT(text.find("00080060"), text.find("00100020"));
  EXPECT_NE(text.find("P1"), std::string::npos);
  EXPECT_EQ(text.find("P2"), std::string::npos);
  EXPECT_EQ(text.find("00020010"), std::string::npos);
}

TEST(DicomXml, RefusesWhatIsNotTheModel) {
  const auto refused = [](const std::string& content) {
    const auto data_set = read_xml("<NativeDicomModel>" + content + "</NativeDicomModel>");
    return data_set ? std::string{"read"} : std::string{to_string(data_set.error().kind)};
  };
  EXPECT_EQ(read_xml("").error().kind, ErrorKind::Malformed);
  EXPECT_EQ(read_xml("<NativeDicomModel>").error().kind, ErrorKind::Malformed);
  EXPECT_EQ(read_xml("<other/>").error().kind, ErrorKind::Malformed);
  EXPECT_EQ(refused("<DicomAttribute/>"), "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"FFFEE000\"/>"), "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"00100010\" vr=\"XX\"/>"), "malformed");
  EXPECT_EQ(
      refused("<DicomAttribute tag=\"00280010\" vr=\"US\"><Value>65536</Value></DicomAttribute>"),
      "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"00280010\" vr=\"US\"><Value "
                    "number=\"2\">1</Value></DicomAttribute>"),
            "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"00100020\" vr=\"LO\"><Value "
                    "number=\"9999999\">1</Value></DicomAttribute>"),
            "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"00091001\" "
                    "vr=\"OB\"><InlineBinary>%</InlineBinary></DicomAttribute>"),
            "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"00091001\" vr=\"OB\"><Value>1</Value></DicomAttribute>"),
            "malformed");
  EXPECT_EQ(refused("<DicomAttribute tag=\"00090001\" vr=\"OB\" privateCreator=\"ACME\"/>"),
            "malformed");
  for (const char* vr : {"SQ", "LO", "PN", "US", "FD", "AT"}) {
    EXPECT_EQ(refused(fmt::format("<DicomAttribute tag=\"00091001\" "
                                  "vr=\"{}\"><InlineBinary>AAECAwQFBgc=</InlineBinary>"
                                  "</DicomAttribute>",
                                  vr)),
              "malformed")
        << vr;
  }
  const auto nested = [](int depth, const std::string& inmost) {
    std::string deep;
    for (int i = 0; i < depth; ++i) deep += "<DicomAttribute tag=\"00081110\" vr=\"SQ\"><Item>";
    deep += inmost;
    for (int i = 0; i < depth; ++i) deep += "</Item></DicomAttribute>";
    return deep;
  };
  EXPECT_EQ(refused(nested(512, "")), "read");
  EXPECT_EQ(refused(nested(513, "")), "limit exceeded");
  EXPECT_EQ(refused(nested(512, "<DicomAttribute tag=\"00081110\" vr=\"SQ\"/>")), "limit exceeded");
}

}  // namespace
}  // namespace pacs
