#include "apps/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>

#include "tests/apps/config/config_fixture.h"
#include "tests/apps/program.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(CommandLine, SaysItsVersion) {
  const Ran run = pacs("--version");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.output, StartsWith("pacs "));
}

TEST(CommandLine, WithoutArgumentsItExplainsItselfAndFails) {
  const Ran run = pacs("");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("Subcommands:"));
  EXPECT_THAT(run.output, HasSubstr("pacs serve"));
}

TEST(CommandLine, AMistypedCommandOrOptionIsWrongUsage) {
  const Ran command = pacs("dmup x.dcm");
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_EQ(command.output, "pacs: there is no command \"dmup\"; did you mean dump?\n");
  EXPECT_EQ(pacs("dump --no-such-option x.dcm").exit_code, 2);
  EXPECT_EQ(pacs("dump").exit_code, 2);
  EXPECT_EQ(pacs("dump --pretty x.dcm").exit_code, 2) << "--pretty needs --json";
}

TEST_F(ConfigTest, OutputThatCannotBeWrittenIsAFailure) {
  const std::string file = write("[http]\nport = 1002\n").string();
  for (const std::string& arguments : {std::string{"completion bash"}, "config check " + file,
                                       std::string{"config print --defaults"},
                                       std::string{"import --help"}, std::string{"--version"}}) {
    const Ran run = run_shell("{ '" PACS_BINARY_DIR "/pacs' " + arguments + " >/dev/full; }");
    EXPECT_EQ(run.exit_code, 1) << arguments;
    EXPECT_EQ(run.output, "pacs: standard output cannot be written\n") << arguments;
  }
  const Ran wrong = run_shell("{ '" PACS_BINARY_DIR "/pacs' dump --no-such-option >/dev/full; }");
  EXPECT_EQ(wrong.exit_code, 2);
}

TEST(CommandLine, EveryCommandHasHelpWithExamples) {
  CLI::App app;
  int exit_code = 0;
  build_command_line(app, exit_code);
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    names.push_back(command->get_name());
    EXPECT_THAT(command->get_footer(), HasSubstr("Examples:\n")) << command->get_name();
    EXPECT_FALSE(command->get_description().empty()) << command->get_name();
    const Ran run = pacs(command->get_name() + " --help");
    EXPECT_EQ(run.exit_code, 0) << command->get_name();
    EXPECT_THAT(run.output, HasSubstr("pacs " + command->get_name())) << "an example of its own";
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"serve", "echo", "store", "dump", "import", "verify",
                                            "config", "completion"}));
}

void expect_one_value_each_time(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) continue;
    EXPECT_FALSE(option->get_allow_extra_args())
        << command.get_name() << " " << option->get_name() << " swallows what follows it";
  }
  for (const CLI::App* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    expect_one_value_each_time(*inner);
  }
}

TEST(CommandLine, NoOptionSwallowsTheFilesThatFollowIt) {
  CLI::App app;
  int exit_code = 0;
  build_command_line(app, exit_code);
  expect_one_value_each_time(app);
}

TEST_F(ConfigTest, ASettingMayStandBeforeTheFileAndBeRepeated) {
  const auto file = write("[http]\nport = 1002\n");
  const Ran check =
      pacs("config check --set dicom.port=5 --set dicom.ae_title=OURS " + file.string());
  EXPECT_EQ(check.exit_code, 0) << check.output;
  EXPECT_THAT(check.output, HasSubstr("DICOM OURS at 127.0.0.1:5, HTTP at 127.0.0.1:1002"));
}

TEST_F(ConfigTest, ImportTakesAllFilesBehindASetting) {
  const auto a = write("no image", "a.txt");
  const auto b = write("no image", "b.txt");
  const Ran run = pacs("import --set storage.path=" + (folder_ / "data").string() + " " +
                       a.string() + " " + b.string());
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("imported 0 of 2 files"));
}

TEST_F(ConfigTest, ImportNamesWhatAFolderHoldsThatIsNoFile) {
  const auto study = folder_ / "study";
  std::filesystem::create_directory(study);
  std::filesystem::create_symlink("nowhere", study / "dangling");
  ASSERT_EQ(mkfifo((study / "pipe").c_str(), 0600), 0);
  const std::string import = "import --set storage.path=" + (folder_ / "data").string() + " ";
  const Ran run = pacs(import + study.string());
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("skipped: " + (study / "dangling").string() +
                                    ": a link that leads nowhere"));
  EXPECT_THAT(run.output,
              HasSubstr("skipped: " + (study / "pipe").string() + ": neither a file nor a folder"));
  EXPECT_THAT(run.output, HasSubstr(", 2 skipped"));
  EXPECT_THAT(pacs(import + "--json " + study.string()).output, HasSubstr("\"skipped\":2"));
}

TEST_F(ConfigTest, ImportAndStoreNameAPathThatIsNotThereAndTheCause) {
  const std::string missing = (folder_ / "missing").string();
  const std::string failed =
      R"("failed":[{"file":")" + missing + R"(","reason":"No such file or directory"}])";
  const std::string import = "import --set storage.path=" + (folder_ / "data").string() + " ";
  for (const std::string& command : {import, std::string{"store PACS@127.0.0.1:1 "}}) {
    const Ran run = pacs(command + "--json " + missing);
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.output, HasSubstr(failed));
    EXPECT_THAT(pacs(command + missing).output,
                StartsWith("failed: " + missing + ": No such file or directory\n"));
  }
}

TEST(CommandLine, TheExampleOfAListReachesTheProgramWithOneBackslash) {
  EXPECT_THAT(pacs("get --help").output, HasSubstr(R"(StudyInstanceUID='1.2.3\1.2.4')"));
}

TEST_F(ConfigTest, ADamagedIndexIsSaidWithWhatCanBeDone) {
  const auto data = folder_ / "data";
  const std::string setting = " --set storage.path=" + data.string();
  ASSERT_EQ(pacs("import" + setting + " " + write("no image", "a.txt").string()).exit_code, 0);
  std::filesystem::remove(data / "index.sqlite-wal");
  std::ofstream{data / "index.sqlite", std::ios::binary} << std::string(8192, 'x');
  for (const char* command : {"verify", "serve --set dicom.port=0 --set http.port=0"}) {
    const Ran run = pacs(command + setting);
    EXPECT_EQ(run.exit_code, 1) << run.output;
    EXPECT_THAT(run.output, HasSubstr("corrupt: index: ")) << command;
    EXPECT_THAT(run.output, HasSubstr("index.sqlite-shm out of " + data.string())) << command;
    EXPECT_THAT(run.output, HasSubstr("reads every image")) << command;
  }
}

TEST_F(ConfigTest, TheProgramPrintsDefaultsThatItTakes) {
  const Ran run = pacs("config print --defaults");
  EXPECT_EQ(run.exit_code, 0);
  const auto file = write(run.output);
  const Ran check = pacs("config check " + file.string());
  EXPECT_EQ(check.exit_code, 0);
  EXPECT_THAT(check.output, HasSubstr("DICOM PACS at 127.0.0.1:11112, HTTP at 127.0.0.1:8080"));
}

TEST_F(ConfigTest, WhatTheProgramPrintsExplainsEveryKeyUnlessToldToBeBrief) {
  const Ran run = pacs("config print --set dicom.port=104");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.output, HasSubstr("PACS_DICOM_PORT\nport = 104  # --set\n"));
  EXPECT_THAT(run.output, HasSubstr("# Our AE title"));
  const Ran check = pacs("config check " + write(run.output).string());
  EXPECT_EQ(check.exit_code, 0) << check.output;
  EXPECT_THAT(check.output, HasSubstr("DICOM PACS at 127.0.0.1:104"));
  EXPECT_THAT(pacs("config print --brief").output, Not(HasSubstr("# Our AE title")));
}

TEST_F(ConfigTest, AFolderIsNoConfigurationFile) {
  const std::string folder = folder_.string();
  const std::string said = folder + ": is a folder: name the file in it\n";
  for (const char* command : {"serve", "config check", "config print"}) {
    const Ran named = pacs(std::string{command} + " --config " + folder);
    EXPECT_EQ(named.exit_code, 2) << command;
    EXPECT_THAT(named.output, HasSubstr(said)) << command;
  }
  const Ran variable =
      run_shell("PACS_CONFIG=" + folder + " '" PACS_BINARY_DIR "/pacs' config check");
  EXPECT_EQ(variable.exit_code, 2);
  EXPECT_THAT(variable.output, HasSubstr(said));
  std::filesystem::create_directory(folder_ / "pacs.toml");
  const Ran found = run_shell("cd " + folder + " && '" PACS_BINARY_DIR "/pacs' config check");
  EXPECT_EQ(found.exit_code, 2);
  EXPECT_THAT(found.output, HasSubstr("pacs.toml: is a folder"));
}

TEST_F(ConfigTest, TheProgramExplainsAWrongFile) {
  const auto file = write("[dicom]\nprot = 1\n[http]\nport = 70000\n");
  const Ran check = pacs("config check " + file.string());
  EXPECT_EQ(check.exit_code, 2);
  EXPECT_THAT(
      check.output,
      HasSubstr("pacs.toml:2:1: the key dicom.prot is unknown; did you mean dicom.port?\n"));
  EXPECT_THAT(check.output, HasSubstr("pacs.toml:4:8: http.port must be 0 to 65535, not 70000\n"));
  EXPECT_THAT(check.output, HasSubstr("2 problems\n"));
}

TEST_F(ConfigTest, TheProgramTakesFileEnvironmentAndFlags) {
  const auto file = write("[dicom]\nport = 1001\n[http]\nport = 1002\n");
  const Ran run =
      run_shell("PACS_CONFIG=" + file.string() +
                " PACS_HTTP_PORT=2002 '" PACS_BINARY_DIR
                "/pacs' config print --set logging.level=debug --set logging.format=json");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.output, HasSubstr("port = 1001  # " + file.string() + ":2\n"));
  EXPECT_THAT(run.output, HasSubstr("port = 2002  # PACS_HTTP_PORT\n"));
  EXPECT_THAT(run.output, HasSubstr("level = \"debug\"  # --set\n"));
  EXPECT_THAT(run.output, HasSubstr("format = \"json\"  # --set\n"));
}

/// What bash offers behind these words.
Ran completed(const std::string& words) {
  return run_shell("bash -c 'source <(\"" PACS_BINARY_DIR "/pacs\" completion bash); COMP_WORDS=(" +
                   words +
                   "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); compopt() { :; }; _pacs; "
                   "printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
}

TEST(Completion, BashOffersCommandsOptionsAndKeys) {
  EXPECT_THAT(completed("pacs \"\"").output, HasSubstr("dump\n"));
  EXPECT_EQ(completed("pacs comp").output, "completion\n");
  EXPECT_THAT(completed("pacs config \"\"").output, HasSubstr("check\n"));
  EXPECT_THAT(completed("pacs dump --j").output, HasSubstr("--json\n"));
  EXPECT_THAT(completed("pacs config print --d").output, HasSubstr("--defaults\n"));
  EXPECT_EQ(completed("pacs config print --set dicom.por").output, "dicom.port=\n");
  EXPECT_EQ(completed("pacs find --model pat").output, "patient\npatient-study\n");
  EXPECT_THAT(completed("pacs dump file").output, Not(HasSubstr("--json")));
}

TEST(Completion, OtherShellsGetTheSameWords) {
  for (const char* shell : {"zsh", "fish"}) {
    const Ran run = pacs(std::string{"completion "} + shell);
    EXPECT_EQ(run.exit_code, 0);
    for (const char* word : {"dump", "json", "defaults", "dicom.port=", "patient-study",
                             "Show what DICOM files hold"}) {
      EXPECT_THAT(run.output, HasSubstr(word)) << shell;
    }
  }
  EXPECT_EQ(pacs("completion tcsh").exit_code, 2);
}

}  // namespace
}  // namespace pacs::apps
