#include "encoding/data_sets/dicom_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/dicom_tags.h"
#include "core/uid_registry.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/scan/inflate.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;
using test::sample;
using test::sample_files;

// What is no DICOM file, or broken on purpose, and what we answer.
const std::map<std::string, ErrorKind> kRefused{
    {"FileInfo.txt", ErrorKind::Malformed},
    {"README.txt", ErrorKind::Malformed},
    {"README", ErrorKind::Malformed},
    {"rtplan.dump", ErrorKind::Malformed},
    {"rtstruct.dump", ErrorKind::Malformed},
    {"test1.json", ErrorKind::Malformed},
    {"test_PN.json", ErrorKind::Malformed},
    {"zipMR.gz", ErrorKind::Malformed},
    {"MR_truncated.dcm", ErrorKind::Truncated},
    {"rtplan_truncated.dcm", ErrorKind::Truncated},
    {"DICOMDIR-nooffset", ErrorKind::Malformed},  // its last item is longer than its sequence
    {"no_meta.dcm", ErrorKind::Malformed},        // a stray byte before its first element
};

TEST(DicomFile, EverySampleIsReadOrRefusedAsExpected) {
  std::size_t read = 0;
  for (const auto& path : sample_files()) {
    const auto file = read_file(path);
    const auto refused = kRefused.find(path.filename());
    if (refused == kRefused.end()) {
      EXPECT_TRUE(file) << file.error().to_string();
      ++read;
    } else {
      ASSERT_FALSE(file) << path;
      EXPECT_EQ(file.error().kind, refused->second) << file.error().to_string();
      EXPECT_EQ(file.error().where, path.string());
    }
  }
  EXPECT_GT(read, 150U);
}

TEST(DicomFile, WritingWhatWasReadGivesTheSameBytes) {
  for (const auto& path : test::good_sample_files()) {
    const auto content = map_file(path);
    ASSERT_TRUE(content);
    const auto file = read_file(*content);
    ASSERT_TRUE(file) << file.error().to_string();
    // Implicit VR under JPEG Baseline, which writing puts right.
    if (std::filesystem::path{path}.filename() == "SC_rgb_jpeg.dcm") continue;
    const auto written = write_file(*file);
    ASSERT_TRUE(written) << path << written.error().to_string();
    if (!file->header.syntax->deflated) {
      HeaderReader header{*file->header.syntax};
      ASSERT_TRUE(header.feed(content->view.subspan(file->header.data_set_offset)));
      const bool departs = !header.finish()->departures.empty();
      EXPECT_TRUE(departs || std::ranges::equal(*written, content->view)) << path;
      continue;
    }
    const auto offset = file->header.data_set_offset;
    EXPECT_EQ(as_text(ByteView{*written}.first(offset)), as_text(content->view.first(offset)));
    const auto before = inflate_all(content->view.subspan(offset), {});
    const auto after = inflate_all(ByteView{*written}.subspan(offset), {});
    ASSERT_TRUE(before && after);
    EXPECT_EQ(*before, *after) << path;
  }
}

// DCMTK does not read it either; pydicom, when forced, takes it for one value of 173 million bytes.
TEST(DicomFile, NoMetaIsADataSetBehindOneByteThatIsNotOfIt) {
  auto content = map_file(sample("no_meta.dcm"));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->view[0], std::byte{' '});
  content->view = content->view.subspan(1);
  const auto file = read_file(*content);
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->header.transfer_syntax_uid, "1.2.840.10008.1.2.1");
  EXPECT_EQ(file->data_set.text(tags::SOPClassUID), "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_EQ(file->data_set.integer(tags::Rows), 128);
}

constexpr const char* kMeta =
    "0200 0000 'UL' 0400 1A000000  0200 1000 'UI' 1200 '1.2.840.10008.1.2' 00";
constexpr const char* kImplicitDataSet = "1000 1000 04000000 'Doe '";

Bytes with_preamble(const Bytes& rest) {
  Bytes bytes = b("00*128 'DICM'");
  append(bytes, rest);
  return bytes;
}
Bytes joined(Bytes first, const Bytes& second) {
  append(first, second);
  return first;
}

void expect_patient(const Bytes& bytes, std::string_view keyword, const char* what) {
  const auto file = read_file(share(bytes));
  ASSERT_TRUE(file) << what << ": " << file.error().to_string();
  EXPECT_EQ(file->data_set.text(tags::PatientName), "Doe") << what;
  EXPECT_EQ(file->header.syntax->keyword, keyword) << what;
  EXPECT_EQ(write_file(*file), bytes) << what;
}

TEST(DicomFile, IsReadWithAndWithoutWhatItShouldBeginWith) {
  const Bytes meta = b(kMeta);
  const Bytes data = b(kImplicitDataSet);
  const std::string_view implicit = "ImplicitVRLittleEndian";
  expect_patient(with_preamble(joined(meta, data)), implicit, "as it should be");
  expect_patient(joined(meta, data), implicit, "without preamble");
  expect_patient(with_preamble(data), implicit, "without meta group");
  expect_patient(data, implicit, "a bare data set in implicit VR");
  expect_patient(b("1000 1000 'PN' 0400 'Doe '"), "ExplicitVRLittleEndian", "bare in explicit VR");
  expect_patient(b("0010 0010 'PN' 0004 'Doe '"), "ExplicitVRBigEndian", "bare in big endian");
  const Bytes without_length(meta.begin() + 12, meta.end());
  expect_patient(with_preamble(joined(without_length, data)), implicit, "without group length");
  const Bytes without_syntax = b("0200 0200 'UI' 0200 '1.'");
  expect_patient(with_preamble(joined(without_syntax, data)), implicit, "without transfer syntax");
}

TEST(DicomFile, AWrongGroupLengthDoesNoHarmAndIsRightedOnWriting) {
  const Bytes right = with_preamble(joined(b(kMeta), b(kImplicitDataSet)));
  for (const unsigned length : {0U, 12U, 30U, 255U}) {
    Bytes wrong = right;
    wrong[132 + 8] = static_cast<std::byte>(length);
    const auto file = read_file(share(wrong));
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_EQ(file->data_set.text(tags::PatientName), "Doe");
    EXPECT_EQ(write_file(*file), right);
  }
}

TEST(DicomFile, AMetaGroupInImplicitVRIsRead) {
  const auto file = read_file(share(
      with_preamble(joined(b("0200 1000 12000000 '1.2.840.10008.1.2' 00"), b(kImplicitDataSet)))));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->header.transfer_syntax_uid, "1.2.840.10008.1.2");
  EXPECT_EQ(file->data_set.text(tags::PatientName), "Doe");
}

TEST(DicomFile, APrivateTransferSyntaxIsFoundByLooking) {
  const Bytes bytes =
      with_preamble(b("0200 1000 'UI' 0800 '1.2.3.4' 00 1000 1000 'PN' 0400 'Doe '"
                      "E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFFDDE0 00000000"));
  const auto file = read_file(share(bytes));
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->header.transfer_syntax_uid, "1.2.3.4");
  EXPECT_TRUE(file->header.syntax->explicit_vr);
  EXPECT_EQ(write_file(*file), bytes);
}

TEST(FieldFile, ADataSetInAnotherFormThanTheFileNamesIsReadAsItIs) {
  const auto expect_class = [](const char* syntax, const char* data_set) {
    const auto file = read_file(share(with_preamble(joined(b(syntax), b(data_set)))));
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_EQ(file->data_set.text(tags::SOPClassUID), "1.") << data_set;
  };
  constexpr const char* kNamesExplicit = "0200 1000 'UI' 1400 '1.2.840.10008.1.2.1' 00";
  constexpr const char* kNamesImplicit = "0200 1000 'UI' 1200 '1.2.840.10008.1.2' 00";
  constexpr const char* kNamesBigEndian = "0200 1000 'UI' 1400 '1.2.840.10008.1.2.2' 00";
  constexpr const char* kNamesJpeg = "0200 1000 'UI' 1600 '1.2.840.10008.1.2.4.50'";
  for (const char* named : {kNamesExplicit, kNamesImplicit, kNamesBigEndian, kNamesJpeg}) {
    expect_class(named, "0800 1600 02000000 '1.'");
    expect_class(named, "0800 1600 'UI' 0200 '1.'");
    expect_class(named, "0008 0016 'UI' 0002 '1.'");
  }
}

TEST(FieldFile, NulsAndDelimitersBehindTheDataSetAreIgnored) {
  for (const char* tail :
       {"00*2", "00*8", "00*512", "00", "FEFFDDE0 00000000", "FEFF0DE0 00000000"}) {
    const auto file =
        read_file(share(with_preamble(joined(joined(b(kMeta), b(kImplicitDataSet)), b(tail)))));
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_EQ(write_file(*file), with_preamble(joined(b(kMeta), b(kImplicitDataSet))));
  }
}

TEST(FieldFile, EncapsulatedPixelDataThatIsCutIsRefused) {
  const auto file = read_file(share(
      with_preamble(b("0200 1000 'UI' 1600 '1.2.840.10008.1.2.4.50'"
                      "E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFF00E0 02000000 FFD8"))));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::Truncated);
}

TEST(FieldFile, DicmAtByte128OfAFileWithoutPreambleIsAValue) {
  const std::string implicit = "0800 1600 02000000 '1.' 0800 8100 80000000";
  const std::string explicit_vr = "0800 1600 'UI' 0200 '1.' 0800 8100 'ST' 8000";
  const std::string meta = std::string{kMeta} + implicit;
  for (const std::string& front : {implicit, explicit_vr, meta}) {
    Bytes bytes = b(front);
    bytes.resize(bytes.size() + 0x80, std::byte{' '});
    std::ranges::copy(as_bytes("DICM"), bytes.begin() + 128);
    append(bytes, b(front == explicit_vr ? "1000 1000 'PN' 0400 'Doe '" : kImplicitDataSet));
    expect_patient(bytes,
                   front == explicit_vr ? "ExplicitVRLittleEndian" : "ImplicitVRLittleEndian",
                   front.c_str());
  }
}

TEST(FieldFile, DicmAtByte128BeforeTheMetaGroupEndsAPreambleWhateverItHolds) {
  Bytes bytes = with_preamble(joined(b(kMeta), b(kImplicitDataSet)));
  std::ranges::copy(b("0800 1600 'UI' 0200 '1.'"), bytes.begin());
  expect_patient(bytes, "ImplicitVRLittleEndian", "a preamble that begins as a data set");
}

TEST(FieldFile, DicmAtTheBeginningStandsForAPreambleThatIsMissing) {
  expect_patient(joined(joined(b("'DICM'"), b(kMeta)), b(kImplicitDataSet)),
                 "ImplicitVRLittleEndian", "DICM first");
}

TEST(DicomFile, ErrorsTellTheOffsetInTheFile) {
  const Bytes bytes = with_preamble(joined(b(kMeta), b("1000 1000 08000000 'Doe '")));
  const auto file = read_file(share(bytes));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::Truncated);
  EXPECT_EQ(file.error().offset, bytes.size());
  EXPECT_EQ(file.error().tag, tags::PatientName);
}

TEST(DicomFile, AFileCutAtAnyByteIsNeverTakenForMoreThanItHolds) {
  const auto path = sample("nested_priv_SQ.dcm");
  const auto content = map_file(path);
  ASSERT_TRUE(content);
  const auto whole = read_file(*content);
  ASSERT_TRUE(whole);
  for (std::size_t size = 0; size < content->view.size(); ++size) {
    const auto cut = read_file(SharedBytes{content->keeper, content->view.first(size)});
    if (cut) {
      EXPECT_LT(cut->data_set.size(), whole->data_set.size()) << size;
    } else {
      EXPECT_TRUE(cut.error().kind == ErrorKind::Truncated ||
                  cut.error().kind == ErrorKind::Malformed);
      EXPECT_TRUE(cut.error().offset);
    }
  }
}

TEST(DicomFile, TheMetaGroupWeMakeIsThatOfTheStandard) {
  Bytes bytes =
      make_file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2.1", "MODALITY");
  EXPECT_EQ(as_text(ByteView{bytes}.subspan(128, 4)), "DICM");
  append(bytes, b("1000 1000 'PN' 0400 'Doe '"));
  const auto file = read_file(share(bytes));
  ASSERT_TRUE(file) << file.error().to_string();
  const DataSet& meta = file->header.meta;
  EXPECT_EQ(meta.integer(tags::FileMetaInformationGroupLength), bytes.size() - 12 - 132 - 12);
  EXPECT_EQ(meta.text(tags::MediaStorageSOPClassUID), "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_EQ(meta.text(tags::MediaStorageSOPInstanceUID), "1.2.3");
  EXPECT_EQ(meta.text(tags::TransferSyntaxUID), "1.2.840.10008.1.2.1");
  EXPECT_EQ(meta.text(tags::SourceApplicationEntityTitle), "MODALITY");
  EXPECT_TRUE(is_valid_uid(meta.text(tags::ImplementationClassUID)));
  EXPECT_LE(meta.text(tags::ImplementationVersionName).size(), 16U);
  for (const Element& element : meta) EXPECT_EQ(element.value().size() % 2, 0U);
  EXPECT_EQ(write_file(*file), bytes);
}

TEST(DicomFile, AMissingFileIsNotFoundAndAFolderCannotBeRead) {
  EXPECT_EQ(read_file("/nonexistent/file.dcm").error().kind, ErrorKind::NotFound);
  const auto folder = read_file("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().kind, ErrorKind::Io);
  EXPECT_EQ(folder.error().where, "/tmp");
}

TEST(DicomFile, AFileIsGivenByteForByte) {
  const auto path = std::filesystem::temp_directory_path() / "pacs_map_file_test.bin";
  const Bytes bytes(300'000, std::byte{7});
  {
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  const auto mapped = map_file(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(as_text(mapped->view), as_text(bytes));
}

}  // namespace
}  // namespace pacs
