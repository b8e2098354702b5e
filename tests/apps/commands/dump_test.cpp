// pacs dump, run as a person runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/model/dicom_json.h"
#include "tests/apps/program.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DumpTest : public testing::Test {
 protected:
  DumpTest() { std::filesystem::create_directories(folder_); }
  ~DumpTest() override { std::filesystem::remove_all(folder_); }

  static DataSet data_set() {
    DataSet ds;
    ds.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
    ds.set_text(tags::SOPClassUID, uids::CTImageStorage);
    ds.set_text(tags::SOPInstanceUID, "1.2.3");
    ds.set_text(tags::PatientName, "M\xfcller^Eva");
    ds.set_text(tags::ImageComments, std::string(100, 'x'));
    Item item;
    item.data_set.set_text(tags::PatientName, "\xc4rger");
    ds.set_items(tags::ReferencedPatientSequence, {item});
    ds.set_bytes(tags::PixelData, VR::OW, Bytes(8, std::byte{7}));
    return ds;
  }
  static Bytes object() {
    Bytes file = make_file_meta(uids::CTImageStorage, "1.2.3", uids::ExplicitVRLittleEndian, "");
    append(file, write_data_set(data_set(), explicit_vr_little_endian()).value());
    return file;
  }
  std::string write(const char* name, ByteView bytes) {
    const auto path = folder_ / name;
    std::ofstream{path, std::ios::binary}.write(as_text(bytes).data(),
                                                static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }

  std::filesystem::path folder_ =
      std::filesystem::path{testing::TempDir()} /
      (std::string{"pacs_dump_"} + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(DumpTest, ShowsMetaInformationAndDataSetWithTextDecoded) {
  const Ran run = pacs("dump " + write("a.dcm", object()));
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.output, StartsWith("# File Meta Information\n(0002,0000) UL "));
  EXPECT_THAT(run.output,
              HasSubstr("# Data Set, Explicit VR Little Endian\n(0008,0005) CS [ISO_IR 100]"));
  EXPECT_THAT(run.output, HasSubstr("(0008,0016) UI =CTImageStorage "));
  EXPECT_THAT(run.output, HasSubstr("(0010,0010) PN [Müller^Eva] "));
  EXPECT_THAT(run.output, HasSubstr("    (0010,0010) PN [Ärger] "));
  EXPECT_THAT(run.output, HasSubstr("(0020,4000) LT [" + std::string(64, 'x') + "..."));
  EXPECT_THAT(run.output, HasSubstr("(7fe0,0010) OW 0707\\0707\\0707\\0707 "));
}

TEST_F(DumpTest, OptionsChooseWhatIsShown) {
  const std::string file = write("a.dcm", object());
  EXPECT_THAT(pacs("dump --full " + file).output, HasSubstr("[" + std::string(100, 'x') + "]"));
  EXPECT_THAT(pacs("dump --no-uid-names " + file).output,
              HasSubstr("UI [1.2.840.10008.5.1.4.1.1.2]"));
  EXPECT_THAT(pacs("dump --no-pixels " + file).output, Not(HasSubstr("7fe0,0010")));
  const Ran names = pacs("dump --tag PatientName --tag 0008,0018 " + file);
  EXPECT_EQ(names.exit_code, 0);
  EXPECT_EQ(std::count(names.output.begin(), names.output.end(), '\n'), 3);
  const Ran two = pacs("dump --tag PatientName " + file + " " + write("b.dcm", object()));
  EXPECT_EQ(two.exit_code, 0);
  EXPECT_THAT(two.output, HasSubstr("a.dcm\n"));
  EXPECT_THAT(two.output, HasSubstr("b.dcm\n"));
  EXPECT_THAT(names.output, HasSubstr("[Ärger]")) << "decoded by the character set around the item";
}

TEST_F(DumpTest, JsonHoldsTheWholeDataSet) {
  const Ran run = pacs("dump --json " + write("a.dcm", object()));
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(std::count(run.output.begin(), run.output.end(), '\n'), 1);
  const auto back = read_json(run.output);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(tags::PatientName), "Müller^Eva");
  EXPECT_EQ(back->find(tags::PixelData)->value().size(), 8U);
  EXPECT_EQ(back->items(tags::ReferencedPatientSequence).size(), 1U);
  EXPECT_FALSE(back->contains(tags::TransferSyntaxUID));
  const auto with_meta =
      read_json(pacs("dump --json --meta --no-pixels " + (folder_ / "a.dcm").string()).output);
  ASSERT_TRUE(with_meta);
  EXPECT_TRUE(with_meta->contains(tags::TransferSyntaxUID));
  EXPECT_FALSE(with_meta->contains(tags::PixelData));
  const auto chosen =
      read_json(pacs("dump --json --tag PatientName " + (folder_ / "a.dcm").string()).output);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->text(tags::PatientName), "Müller^Eva");
  EXPECT_FALSE(chosen->contains(tags::SOPInstanceUID));
}

TEST_F(DumpTest, AFolderGivesOneJsonObjectOnEachLine) {
  write("a.dcm", object());
  write("b.dcm", object());
  const Ran run = pacs("dump --json " + folder_.string());
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(std::count(run.output.begin(), run.output.end(), '\n'), 2);
  EXPECT_THAT(pacs("dump " + folder_.string()).output,
              HasSubstr("# " + (folder_ / "b.dcm").string() + "\n"));
}

TEST_F(DumpTest, OfADamagedFileItShowsWhatThereIsAndFails) {
  const Bytes whole = object();
  const std::string cut = write("cut.dcm", ByteView{whole}.first(whole.size() - 4));
  const Ran run = pacs("dump " + cut);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.output, HasSubstr("[Müller^Eva]"));
  EXPECT_THAT(run.output, HasSubstr("pacs dump: truncated: "));
  EXPECT_THAT(run.output, HasSubstr("(7fe0,0010) at offset "));
  EXPECT_THAT(run.output, HasSubstr(" in " + cut + "\n"));
  const Ran json = pacs("dump --json " + cut);
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.output, Not(HasSubstr("{"))) << "a part is not given for the whole";
}

TEST_F(DumpTest, OneBadFileDoesNotHideTheOthers) {
  write("a.dcm", as_bytes("this is no DICOM file at all"));
  write("b.dcm", object());
  const Ran run = pacs("dump " + folder_.string() + " /nowhere/c.dcm");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.output, HasSubstr("[Müller^Eva]"));
  EXPECT_THAT(run.output, HasSubstr("not a DICOM file"));
  EXPECT_THAT(run.output, HasSubstr("/nowhere/c.dcm"));
}

TEST_F(DumpTest, AFolderWithoutAFileIsNamed) {
  const Ran run = pacs("dump " + folder_.string());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.output, "pacs dump: there is no file in " + folder_.string() + "\n");
}

TEST_F(DumpTest, NamesOfFilesDoNotMoveTheTerminal) {
  write("\x1b[2J.dcm", as_bytes("this is no DICOM file at all"));
  const Ran run = pacs("dump " + folder_.string());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.output, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run.output, HasSubstr("/\\x1b[2J.dcm"));
}

TEST_F(DumpTest, AMistypedKeywordIsWrongUsage) {
  const Ran run = pacs("dump --tag PatientNmae " + write("a.dcm", object()));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(
      run.output,
      "pacs dump: \"PatientNmae\" is neither a tag nor a keyword; did you mean PatientName?\n");
}

}  // namespace
}  // namespace pacs::apps
