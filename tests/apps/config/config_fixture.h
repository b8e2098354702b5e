// The language of the configuration tests: files that live as long as the test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "apps/config/config.h"

namespace pacs::apps {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path{testing::TempDir()} /
              (std::string{"pacs_"} + test->test_suite_name() + "_" + test->name());
    std::filesystem::create_directories(folder_);
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(std::string_view content, const char* name = "pacs.toml") {
    const auto path = folder_ / name;
    std::ofstream{path, std::ios::binary} << content;
    return path;
  }
  LoadedConfig load(std::string_view content) {
    return load_config({.file = write(content), .environment = {}, .settings = {}});
  }
  static LoadedConfig with_settings(std::vector<std::string> settings) {
    return load_config({.file = {}, .environment = {}, .settings = std::move(settings)});
  }
  static LoadedConfig with_environment(std::vector<std::pair<std::string, std::string>> variables) {
    return load_config({.file = {}, .environment = std::move(variables), .settings = {}});
  }
  /// The only problem of a configuration, with the name of the file taken off its place.
  std::string problem(const LoadedConfig& loaded) {
    EXPECT_EQ(loaded.problems.size(), 1U);
    if (loaded.problems.empty()) return {};
    std::string where = loaded.problems[0].where;
    const std::string folder = folder_.string() + "/";
    if (where.starts_with(folder)) where.erase(0, folder.size());
    return where.empty() ? loaded.problems[0].message : where + ": " + loaded.problems[0].message;
  }

  std::filesystem::path folder_;
};

}  // namespace pacs::apps
