#include "apps/config/config_shown.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "apps/config/config_keys.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::apps {
namespace {

TEST(ConfigShown, EachKeyHasItsValueAndWhereItComesFrom) {
  const storage::test::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "pacs.toml";
  std::ofstream(file) << "[dicom]\nport = 104\nother_ae_titles = [\"A\", \"B\"]\n";
  const LoadedConfig loaded = load_config({.file = file,
                                           .environment = {{"PACS_HTTP_PORT", "81"}},
                                           .settings = {"logging.level=debug"}});
  const auto keys = configuration_keys(loaded);
  EXPECT_EQ(keys.size(), config_keys().size());
  const auto key = [&](std::string_view name) {
    return *std::ranges::find(keys, name, &web::ConfigurationKey::key);
  };
  EXPECT_EQ(key("dicom.port").value, boost::json::value(104));
  EXPECT_EQ(key("dicom.port").from, "file");
  EXPECT_TRUE(key("dicom.port").where.starts_with(file.string() + ":2"));
  EXPECT_EQ(key("dicom.other_ae_titles").value, (boost::json::array{"A", "B"}));
  EXPECT_EQ(key("http.port").from, "environment");
  EXPECT_EQ(key("http.port").where, "PACS_HTTP_PORT");
  EXPECT_EQ(key("logging.level").from, "command line");
  EXPECT_EQ(key("dicom.idle_seconds").from, "default");
  EXPECT_EQ(key("dicom.idle_seconds").where, "");
}

TEST(ConfigShown, PasswordsOfUrlsAreHidden) {
  EXPECT_EQ(without_password("postgresql://me:secret@host:5432/pacs"),
            "postgresql://me:***@host:5432/pacs");
  EXPECT_EQ(without_password("postgresql://me:se:cr@et@host/pacs"),
            "postgresql://me:***@host/pacs");
  for (const char* const as_it_is : {"sqlite:", "postgresql://me@host:5432/pacs", "127.0.0.1",
                                     "http://host:80/a@b", "viewer CN=a:b@c", ""}) {
    EXPECT_EQ(without_password(as_it_is), as_it_is);
  }
}

}  // namespace
}  // namespace pacs::apps
