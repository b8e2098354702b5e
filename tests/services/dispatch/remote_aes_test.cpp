#include "services/dispatch/remote_aes.h"

#include <gmock/gmock.h>

#include "tests/services/test_archive.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;

class RemoteAesTest : public testing::Test {
 protected:
  static network::RequestOptions how() {
    network::RequestOptions options;
    options.calling_ae = "PACS";
    options.tls.emplace();
    return options;
  }
  [[nodiscard]] std::vector<std::string> titles() const {
    std::vector<std::string> titles;
    const auto known = remotes.list();  // named: the range would not keep it
    for (const KnownAe& ae : *known) titles.push_back(ae.remote.ae_title);
    return titles;
  }
  TestArchive archive;
  RemoteAes remotes{archive, {{"FIXED", "10.0.0.1", 104, true}}, how()};
};

TEST_F(RemoteAesTest, TheConfigurationAndTheRunTimeTableAreOneList) {
  EXPECT_THAT(titles(), ElementsAre("FIXED"));
  EXPECT_EQ(remotes.put({"ADDED", "host", 11112, false, "second floor"}), true);
  EXPECT_THAT(titles(), ElementsAre("ADDED", "FIXED"));
  EXPECT_EQ(remotes.put({"ADDED", "other", 11113, false, ""}), false);
  const auto added = remotes.find("ADDED");
  ASSERT_TRUE(added);
  EXPECT_EQ(added->remote.host, "other");
  EXPECT_FALSE(added->configured);
  EXPECT_TRUE(remotes.find("FIXED")->configured);
  EXPECT_TRUE(remotes.remove("ADDED"));
  EXPECT_THAT(titles(), ElementsAre("FIXED"));
}

TEST_F(RemoteAesTest, WhatTheConfigurationNamesIsNotChangedAtRunTime) {
  const auto put = remotes.put({"FIXED", "elsewhere", 104});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::Duplicate);
  EXPECT_EQ(remotes.remove("FIXED").error().kind, ErrorKind::Duplicate);
}

TEST_F(RemoteAesTest, TheConfigurationWinsOverAnOlderEntry) {
  ASSERT_TRUE(archive.put_remote_ae({"FIXED", "older", 104}));
  const auto fixed = remotes.find("FIXED");
  ASSERT_TRUE(fixed);
  EXPECT_EQ(fixed->remote.host, "10.0.0.1");
  EXPECT_THAT(titles(), ElementsAre("FIXED"));
}

TEST_F(RemoteAesTest, UnknownAndWrongOnesAreErrors) {
  EXPECT_EQ(remotes.find("NOBODY").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(remotes.remove("NOBODY").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(remotes.put({"BAD\\TITLE", "host", 104}).error().kind, ErrorKind::InvalidArgument);
}

TEST_F(RemoteAesTest, AnAssociationUsesTlsOnlyWhereTheAeWantsIt) {
  const auto fixed = remotes.reach(remotes.find("FIXED")->remote);
  EXPECT_EQ(fixed.called_ae, "FIXED");
  EXPECT_EQ(fixed.calling_ae, "PACS");
  EXPECT_EQ(fixed.host, "10.0.0.1");
  EXPECT_EQ(fixed.port, 104);
  EXPECT_TRUE(fixed.tls);
  EXPECT_FALSE(remotes.reach({"ADDED", "host", 11112}).tls);
}

}  // namespace
}  // namespace pacs::services
