// The tables that are checked in equal the generator's output.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pacs {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(GeneratedTables, EqualWhatTheGeneratorWrites) {
  const std::filesystem::path source{PACS_SOURCE_DIR};
  const auto output = std::filesystem::path{testing::TempDir()} / "pacs_generated_tables";
  std::filesystem::create_directories(output);
  const std::string command = "/usr/bin/python3 '" +
                              (source / "scripts/generate_dictionary.py").string() +
                              "' --output '" + output.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const char* name : {"dicom_tags.h", "dicom_dictionary_data.inc",
                           "private_dictionary_data.inc", "uids.h", "uid_registry_data.inc"}) {
    const std::string generated = content(output / name);
    ASSERT_FALSE(generated.empty()) << name;
    EXPECT_TRUE(generated == content(source / "core" / name))
        << name << " differs: run scripts/generate_dictionary.py";
  }
  std::filesystem::remove_all(output);
}

}  // namespace
}  // namespace pacs
