#include "apps/config/config_keys.h"
#include "tests/apps/config/config_fixture.h"

namespace pacs::apps {
namespace {

void expect_same(const Config& a, const Config& b) {
  for (const ConfigKey& key : config_keys()) EXPECT_EQ(key.get(a), key.get(b)) << key.name;
  EXPECT_EQ(a.remote_ae, b.remote_ae);
}

TEST_F(ConfigTest, TheCommentedExampleReadsBackToTheDefaults) {
  const std::string example = print_config(load_config({}), {.explain = true});
  const LoadedConfig back = load(example);
  EXPECT_TRUE(back.problems.empty());
  expect_same(back.config, Config{});
  for (const ConfigKey& key : config_keys()) {
    EXPECT_NE(example.find(key.variable()), std::string::npos) << key.name;
  }
  EXPECT_NE(example.find("# [[remote_ae]]"), std::string::npos);
}

TEST_F(ConfigTest, WhatIsInEffectReadsBackWhateverItsValues) {
  LoadedConfig loaded = load("[dicom]\nport = 1\n");
  loaded.config.storage.path = "C:\\data \"x\"\t\x7f\n가";
  loaded.config.http.server_names = {"a", "b\"c"};
  loaded.config.remote_ae = {{"A \"B\"", "h", 1, true}, {"C", "::1", 2, false, "\\ISO 2022 IR 87"}};
  loaded.config.remote_ae[1].lossy_jpeg_quality = 80;
  loaded.config.storage.durability = storage::Durability::Os;
  const LoadedConfig back = load(print_config(loaded, {.explain = false, .origins = true}));
  EXPECT_TRUE(back.problems.empty());
  expect_same(back.config, loaded.config);
}

TEST_F(ConfigTest, OriginsStandBehindTheValues) {
  const LoadedConfig loaded = with_settings({"dicom.port=104"});
  const std::string text = print_config(loaded, {.explain = false, .origins = true});
  EXPECT_NE(text.find("\nport = 104  # --set\n"), std::string::npos);
  EXPECT_NE(text.find("\nae_title = \"PACS\"  # default\n"), std::string::npos);
}

}  // namespace
}  // namespace pacs::apps
