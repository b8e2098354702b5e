#include "services/retrieve/object_sink.h"

#include <gtest/gtest.h>

#include "encoding/data_sets/dicom_file.h"
#include "tests/services/temporary_folder.h"

namespace pacs::services {
namespace {

namespace fs = std::filesystem;

class ObjectSinkTest : public testing::Test {
 protected:
  static IncomingObject incoming(const TestObject& object) {
    return {.sop_class_uid = object.sop_class_uid,
            .sop_instance_uid = object.sop_instance_uid,
            .transfer_syntax_uid = object.transfer_syntax_uid,
            .source_ae = "PEER"};
  }
  static Result<> commit(ObjectSink& sink) {
    boost::asio::io_context io{1};
    auto done = boost::asio::co_spawn(io, sink.commit(), boost::asio::use_future);
    io.run();
    return done.get();
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
  }
  TemporaryFolder folder;
};

TEST_F(ObjectSinkTest, AFileIsThereWithItsNameWhenItIsWhole) {
  const TestObject object = ct("1.2.3", 5000);
  auto sink = folder_sink(folder.path())(incoming(object));
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->append(ByteView{object.data_set}.first(100)));
  EXPECT_FALSE(fs::exists(folder / "1.2.3.dcm"));
  ASSERT_TRUE((*sink)->append(ByteView{object.data_set}.subspan(100)));
  ASSERT_TRUE(commit(**sink));
  sink->reset();
  EXPECT_EQ(files(), 1U);
  const auto content = map_file(folder / "1.2.3.dcm");
  ASSERT_TRUE(content);
  const auto header = read_file_header(*content);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->transfer_syntax_uid, object.transfer_syntax_uid);
  EXPECT_EQ(header->meta.text(tags::MediaStorageSOPInstanceUID), "1.2.3");
  EXPECT_EQ(header->meta.text(tags::SourceApplicationEntityTitle), "PEER");
  EXPECT_TRUE(std::ranges::equal(content->view.subspan(header->data_set_offset), object.data_set));
}

TEST_F(ObjectSinkTest, WhatIsDroppedLeavesNothing) {
  {
    auto sink = folder_sink(folder.path())(incoming(ct("1.2.3")));
    ASSERT_TRUE(sink);
    ASSERT_TRUE((*sink)->append(ct("1.2.3").data_set));
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(ObjectSinkTest, NoFileIsOverwritten) {
  const auto receives = [this](std::size_t bytes) {
    const TestObject object = ct("1.2.3", bytes);
    auto sink = folder_sink(folder.path())(incoming(object));
    ASSERT_TRUE(sink);
    ASSERT_TRUE((*sink)->append(object.data_set));
    ASSERT_TRUE(commit(**sink));
  };
  const auto size = [this](const std::string& name) { return fs::file_size(folder / name); };
  receives(5000);
  const auto first = size("1.2.3.dcm");
  receives(5000);
  EXPECT_EQ(files(), 1U) << "the same once more";
  receives(6000);
  receives(6000);
  EXPECT_EQ(files(), 2U);
  EXPECT_EQ(size("1.2.3.dcm"), first);
  EXPECT_EQ(size("1.2.3.2.dcm"), first + 1000);
  receives(7000);
  EXPECT_EQ(size("1.2.3.3.dcm"), first + 2000);
  // Also what is no file of ours.
  fs::create_symlink("nowhere", folder / "1.2.4.dcm");
  auto sink = folder_sink(folder.path())(incoming(ct("1.2.4")));
  ASSERT_TRUE((*sink)->append(ct("1.2.4").data_set));
  ASSERT_TRUE(commit(**sink));
  EXPECT_TRUE(fs::is_symlink(folder / "1.2.4.dcm"));
  EXPECT_TRUE(fs::exists(folder / "1.2.4.2.dcm"));
}

TEST_F(ObjectSinkTest, AUidThatIsNoneNeverBecomesAPath) {
  for (const std::string_view uid : {"../1.2.3", "1.2/3", "", "/etc/passwd", "1.2.3\n"}) {
    IncomingObject object = incoming(ct("1.2.3"));
    object.sop_instance_uid = uid;
    const auto sink = folder_sink(folder.path())(object);
    ASSERT_FALSE(sink) << uid;
    EXPECT_EQ(sink.error().kind, ErrorKind::InvalidArgument);
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(ObjectSinkTest, AFolderThatIsNotThereIsSaid) {
  const auto sink = folder_sink(folder / "nowhere")(incoming(ct("1.2.3")));
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::Io);
  EXPECT_NE(sink.error().to_string().find("nowhere"), std::string::npos);
}

TEST_F(ObjectSinkTest, AFullDiskIsOutOfResources) {
  fs::create_symlink("/dev/full", folder / ".1.2.3.part");
  auto sink = folder_sink(folder.path())(incoming(ct("1.2.3")));
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::OutOfResources);
}

}  // namespace
}  // namespace pacs::services
