#include "services/worklist/worklist_folder.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <system_error>

#include <gmock/gmock.h>

#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"
#include "tests/storage/worklist/worklist_language.h"

namespace pacs::services {
namespace {

namespace fs = std::filesystem;
using storage::test::order_of;
using testing::HasSubstr;

/// As long as it lives this process can open one file more at a time.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    // UBSan looks at an object's type through descriptors, the first time it meets it.
    (void)std::error_code{EMFILE, std::generic_category()}.message();
    (void)std::error_code{EMFILE, std::system_category()}.message();
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    const rlimit limit{static_cast<rlim_t>(next) + 1, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~OneDescriptorLeft() { setrlimit(RLIMIT_NOFILE, &before_); }
  OneDescriptorLeft(const OneDescriptorLeft&) = delete;
  OneDescriptorLeft& operator=(const OneDescriptorLeft&) = delete;

 private:
  rlimit before_{};
};

class WorklistFolderTest : public testing::Test {
 protected:
  enum class Form { Part10, BareImplicit, BareExplicit };

  static Bytes bytes_of(const DataSet& order, Form form = Form::Part10) {
    const bool implicit = form == Form::BareImplicit;
    const TransferSyntax& syntax = *find_transfer_syntax(implicit ? uids::ImplicitVRLittleEndian
                                                                  : uids::ExplicitVRLittleEndian);
    Bytes bytes;
    if (form == Form::Part10) {
      bytes =
          make_file_meta("1.2.276.0.7230010.3.1.0.1", "1.2.3.4", uids::ExplicitVRLittleEndian, "");
    }
    append(bytes, *write_data_set(order, syntax));
    return bytes;
  }
  void writes(const std::string& name, ByteView bytes) {
    const fs::path path = folder / name;
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    // Time stamps of files may be as coarse as a clock tick.
    fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::seconds(++writes_));
  }
  void writes(const std::string& name, const DataSet& order, Form form = Form::Part10) {
    writes(name, bytes_of(order, form));
  }
  /// Two looks: at the first one a new file may still be written.
  void looks() {
    watched.look();
    watched.look();
  }
  std::string reason(const std::string& name) {
    std::ifstream file(folder / ("failed/" + name + ".reason.txt"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string content_of(const fs::path& path) {
    std::ifstream file(folder / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string log_text() {
    log.flush();
    std::ifstream file(logs / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Lines of the log with `text` in them.
  std::size_t logged(std::string_view text) {
    std::istringstream lines(log_text());
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) count += line.find(text) != line.npos;
    return count;
  }

  storage::test::TemporaryFolder folder, logs;
  integration::Logger log = *integration::Logger::create({.file = (logs / "log").string()});
  storage::test::TestWorklist worklist;
  WorklistFolder watched{*worklist, folder.path(), log};
  const storage::StepId first{"1.2.3", "S1"}, second{"1.2.3", "S2"};

 private:
  int writes_ = 0;
};

TEST_F(WorklistFolderTest, FilesOfEveryFormAreTaken) {
  writes("a.wl", order_of({{tags::StudyInstanceUID, "1.1"}}, {}));
  writes("b.wl", order_of({{tags::StudyInstanceUID, "1.2"}}, {}), Form::BareImplicit);
  writes("OFFIS/c.wl", order_of({{tags::StudyInstanceUID, "1.3"}}, {}), Form::BareExplicit);
  DataSet latin =
      order_of({{tags::StudyInstanceUID, "1.4"}, {tags::SpecificCharacterSet, "ISO_IR 100"}}, {});
  latin.set_text(tags::PatientName, "M\xFCller^J\xFCrgen");
  writes("d.wl", latin);
  writes("lockfile", Bytes{});
  looks();
  EXPECT_EQ(worklist.steps({}, {}), "S1 S1 S1 S1");
  EXPECT_EQ(worklist.steps({{tags::PatientName, "müller*"}}, {}), "S1");
  EXPECT_FALSE(fs::exists(folder / "failed"));
}

TEST_F(WorklistFolderTest, AFileIsLeftAloneWhileItGrows) {
  const Bytes whole = bytes_of(order_of({}, {}));
  writes("a.wl", ByteView(whole).first(whole.size() / 2));
  watched.look();
  writes("a.wl", whole);
  watched.look();
  EXPECT_EQ(worklist.steps({}, {}), "");
  EXPECT_FALSE(fs::exists(folder / "failed"));
  watched.look();
  EXPECT_EQ(worklist.steps({}, {}), "S1");
}

TEST_F(WorklistFolderTest, AReplacedFileUpdatesItsStep) {
  writes("a.wl", order_of({}, {}));
  looks();
  writes("a.wl", order_of({{tags::PatientName, "New^Name"}}, {}));
  looks();
  EXPECT_EQ(worklist->get(first)->data_set.text(tags::PatientName), "New^Name");
  EXPECT_EQ(worklist.steps({}, {}), "S1");
}

TEST_F(WorklistFolderTest, ARemovedFileCancelsItsStepIfItWasNotBegun) {
  writes("a.wl", order_of({}, {}));
  writes("b.wl", order_of({{tags::StudyInstanceUID, "1.2.4"}},
                          {{tags::ScheduledProcedureStepStatus, "STARTED"}}));
  looks();
  fs::remove(folder / "a.wl");
  fs::remove(folder / "b.wl");
  watched.look();
  EXPECT_EQ(worklist.status(first), "SCHEDULED") << "maybe it is being replaced";
  watched.look();
  EXPECT_EQ(worklist.status(first), "CANCELED");
  EXPECT_EQ(worklist.status({"1.2.4", "S1"}), "STARTED");
}

TEST_F(WorklistFolderTest, WhatWentWhileNobodyLookedIsCanceledAtTheNextStart) {
  writes("a.wl", order_of({}, {}));
  looks();
  fs::remove(folder / "a.wl");
  WorklistFolder again{*worklist, folder.path(), integration::Logger{}};
  again.look();
  again.look();
  EXPECT_EQ(worklist.status(first), "CANCELED");
}

TEST_F(WorklistFolderTest, AFolderThatCannotBeReadCancelsNothing) {
  writes("a.wl", order_of({}, {}));
  looks();
  fs::rename(folder.path(), folder.path().string() + "-away");
  looks();
  looks();
  EXPECT_EQ(worklist.status(first), "SCHEDULED");
  fs::rename(folder.path().string() + "-away", folder.path());
}

TEST_F(WorklistFolderTest, AFolderThatCannotBeListedWholeCancelsNothingAndSaysSo) {
  writes("a.wl", order_of({}, {}));
  writes("CT1/b.wl", order_of({}, {{tags::ScheduledProcedureStepID, "S2"}}));
  looks();
  ASSERT_EQ(worklist.status(second), "SCHEDULED");
  {
    // The folder can be opened and none below it: what a disk that fails does, also for root.
    const OneDescriptorLeft limit;
    looks();
    looks();
  }
  EXPECT_EQ(worklist.status(first), "SCHEDULED");
  EXPECT_EQ(worklist.status(second), "SCHEDULED");
  EXPECT_EQ(logged("the worklist folder cannot be followed"), 1U) << log_text();
  EXPECT_THAT(log_text(), HasSubstr("CT1"));
  // What is gone is gone once it can be seen.
  fs::remove(folder / "CT1/b.wl");
  looks();
  looks();
  EXPECT_EQ(worklist.status(first), "SCHEDULED");
  EXPECT_EQ(worklist.status(second), "CANCELED");
}

TEST_F(WorklistFolderTest, AFileThatCannotBeLookedAtIsNotGone) {
  writes("a.wl", order_of({}, {}));
  writes("b.wl", order_of({}, {{tags::ScheduledProcedureStepID, "S2"}}));
  looks();
  fs::remove(folder / "a.wl");
  fs::create_symlink("a.wl", folder / "a.wl");  // a loop: neither there nor gone
  looks();
  looks();
  EXPECT_EQ(worklist.status(first), "SCHEDULED");
  EXPECT_EQ(logged("the worklist folder cannot be followed"), 1U) << log_text();
  fs::remove(folder / "a.wl");
  fs::create_symlink("nowhere.wl", folder / "a.wl");  // as good as none
  fs::create_symlink("loop", folder / "loop");        // nothing of ours
  looks();
  looks();
  EXPECT_EQ(worklist.status(first), "CANCELED");
  EXPECT_EQ(worklist.status(second), "SCHEDULED");
}

TEST_F(WorklistFolderTest, ACutFileIsSetAsideWithItsReason) {
  const Bytes whole = bytes_of(order_of({}, {}), Form::BareExplicit);
  writes("cut.wl", ByteView(whole).first(whole.size() - 20));
  writes("sub/no.wl", as_bytes("this is no DICOM"));
  writes("no_name.wl", order_of({{tags::PatientName, ""}}, {}));
  looks();
  EXPECT_EQ(worklist.steps({}, {}), "");
  EXPECT_TRUE(fs::exists(folder / "failed/cut.wl"));
  EXPECT_FALSE(fs::exists(folder / "cut.wl"));
  EXPECT_NE(reason("cut.wl"), "");
  EXPECT_TRUE(fs::exists(folder / "failed/sub/no.wl"));
  EXPECT_THAT(reason("no_name.wl"), HasSubstr("PatientName is missing"));
}

TEST_F(WorklistFolderTest, ASecondBadFileOfOneNameIsKeptBesideTheFirst) {
  for (const char* content : {"first", "second", "third"}) {
    writes("sub/a.wl", as_bytes(content));
    looks();
  }
  EXPECT_EQ(content_of("failed/sub/a.wl"), "first");
  EXPECT_EQ(content_of("failed/sub/a.2.wl"), "second");
  EXPECT_EQ(content_of("failed/sub/a.3.wl"), "third");
  EXPECT_NE(reason("sub/a.2.wl"), "");
}

TEST_F(WorklistFolderTest, WhatIsSetAsideIsLoggedWithItsPlace) {
  writes("a.wl", as_bytes("garbage"));
  looks();
  EXPECT_EQ(logged("worklist file set aside"), 1U);
  EXPECT_EQ(logged("failed/a.wl"), 1U);
}

TEST_F(WorklistFolderTest, AFileThatCannotBeSetAsideIsSaidToStayOnceForEachFile) {
  std::ofstream(folder / "failed") << "no folder";
  writes("a.wl", as_bytes("garbage"));
  writes("b.wl", order_of({{tags::PatientName, ""}}, {}));
  for (int i = 0; i < 4; ++i) looks();
  EXPECT_TRUE(fs::exists(folder / "a.wl"));
  EXPECT_EQ(logged("worklist file set aside"), 0U);
  EXPECT_EQ(logged("cannot be set aside and stays"), 2U) << log_text();
  EXPECT_EQ(logged("file=a.wl"), 1U);
  EXPECT_EQ(logged("PatientName is missing"), 1U) << "with what is wrong with it";
  fs::remove(folder / "failed");
  looks();
  EXPECT_TRUE(fs::exists(folder / "failed/a.wl"));
  EXPECT_EQ(logged("worklist file set aside"), 2U);
}

TEST_F(WorklistFolderTest, ABadFileInPlaceOfAGoodOneCancelsNothing) {
  writes("a.wl", order_of({}, {}));
  looks();
  writes("a.wl", as_bytes("garbage"));
  looks();
  looks();
  EXPECT_TRUE(fs::exists(folder / "failed/a.wl"));
  EXPECT_EQ(worklist.status(first), "SCHEDULED");
  writes("a.wl", order_of({{tags::PatientName, "New^Name"}}, {}));
  looks();
  EXPECT_EQ(worklist->get(first)->data_set.text(tags::PatientName), "New^Name");
}

TEST_F(WorklistFolderTest, AnOrderWithoutIdentifiersIsOneStepHoweverOftenItIsRead) {
  writes("a.wl", order_of({{tags::StudyInstanceUID, ""}}, {{tags::ScheduledProcedureStepID, ""}}));
  looks();
  WorklistFolder again{*worklist, folder.path(), integration::Logger{}};
  again.look();
  again.look();
  EXPECT_EQ(
      worklist->list(*storage::parse_query({}, storage::test::TestWorklist::rules()), {})->size(),
      1U);
}

TEST_F(WorklistFolderTest, AHugeFileIsNotRead) {
  writes("huge.wl", Bytes(kWorklistFileBytesMax + 1));
  looks();
  EXPECT_THAT(reason("huge.wl"), HasSubstr("worklist_file_bytes_max"));
}

TEST_F(WorklistFolderTest, AWatchLooksByItself) {
  writes("a.wl", order_of({}, {}));
  {
    const WorklistFolderWatch watch{WorklistFolder{*worklist, folder.path(), {}},
                                    std::chrono::milliseconds{5}};
    for (int i = 0; i < 2000 && !worklist->get(first); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }
  EXPECT_EQ(worklist.status(first), "SCHEDULED");
}

TEST_F(WorklistFolderTest, AFileWhoseTextNobodyCanReadIsSetAsideWithTheElement) {
  DataSet order = order_of({}, {});
  order.set_text(tags::PatientAddress, "L\xF6rrach");
  writes("a.wl", order);
  looks();
  EXPECT_EQ(worklist.steps({}, {}), "");
  EXPECT_THAT(reason("a.wl"), testing::HasSubstr("PatientAddress needs a SpecificCharacterSet"));
  EXPECT_THAT(reason("a.wl"), testing::HasSubstr("(0010,1040)"));
}

}  // namespace
}  // namespace pacs::services
