#include "storage/index/remote_ae.h"

#include <gtest/gtest.h>

#include "tests/storage/archive_language.h"

namespace pacs::storage::test {
namespace {

TEST(RemoteAes, TheyOutliveTheArchive) {
  const TemporaryFolder folder;
  const RemoteAe first{"MOVEDST", "127.0.0.1", 11190, false, "workstation in room 3"};
  RemoteAe second{"ARCHIVE2", "pacs.example", 104, true, ""};
  {
    auto archive = open_archive(options_for(folder.path()));
    EXPECT_TRUE(archive->remote_aes()->empty());
    EXPECT_TRUE(archive->put_remote_ae(first));
    EXPECT_TRUE(archive->put_remote_ae(second));
    second.port = 11112;
    EXPECT_TRUE(archive->put_remote_ae(second)) << "takes the place of the one with its title";
  }
  auto archive = open_archive(options_for(folder.path()));
  EXPECT_EQ(*archive->remote_aes(), (std::vector<RemoteAe>{second, first}));
  EXPECT_TRUE(archive->remove_remote_ae("ARCHIVE2"));
  EXPECT_EQ(archive->remove_remote_ae("ARCHIVE2").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(*archive->remote_aes(), std::vector<RemoteAe>{first});
}

TEST(RemoteAes, WhatCannotBeCalledIsRefused) {
  const RemoteAe good{"DST", "host", 104};
  EXPECT_TRUE(check(good));
  const auto refused = [&](auto change) {
    RemoteAe bad = good;
    change(bad);
    const Result<> checked = check(bad);
    return !checked && checked.error().kind == ErrorKind::InvalidArgument;
  };
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.ae_title = ""; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.ae_title = "SEVENTEEN LETTERS"; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.ae_title = "A\\B"; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.ae_title = "\xC3\x84"; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.host = ""; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.host = "a b"; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.host = std::string(254, 'a'); }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.port = 0; }));
  EXPECT_TRUE(refused([](RemoteAe& ae) { ae.comment = std::string(1025, 'a'); }));
}

}  // namespace
}  // namespace pacs::storage::test
