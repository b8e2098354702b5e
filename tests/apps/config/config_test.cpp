#include "apps/config/config.h"

#include "apps/config/config_keys.h"
#include "tests/apps/config/config_fixture.h"

namespace pacs::apps {
namespace {

TEST_F(ConfigTest, DefaultsAreThoseOfTheDocumentation) {
  const LoadedConfig loaded = load_config({});
  EXPECT_TRUE(loaded.problems.empty());
  EXPECT_EQ(loaded.config.dicom.ae_title, "PACS");
  EXPECT_EQ(loaded.config.dicom.other_ae_titles, std::vector<std::string>{"ANY-SCP"});
  EXPECT_FALSE(loaded.config.dicom.accept_any_called_ae_title);
  EXPECT_EQ(loaded.config.dicom.listen, "127.0.0.1");
  EXPECT_EQ(loaded.config.dicom.port, 11112);
  EXPECT_EQ(loaded.config.dicom.artim_seconds, 30U);
  EXPECT_EQ(loaded.config.http.port, 8080);
  EXPECT_EQ(loaded.config.storage.path, "./pacs-data");
  EXPECT_EQ(loaded.config.storage.durability, storage::Durability::Full);
  EXPECT_EQ(loaded.config.storage.on_duplicate, storage::DuplicatePolicy::Keep);
  EXPECT_EQ(loaded.config.index.url, "sqlite:");
  EXPECT_FALSE(loaded.config.dicom.tls.enabled());
  EXPECT_EQ(loaded.config.dicom.tls.port, 2762);
}

TEST_F(ConfigTest, ReadsEveryKindOfValue) {
  const LoadedConfig loaded = load(R"(
[dicom]
ae_title = "ARCHIVE"
accept_any_called_ae_title = true
port = 104
[storage]
durability = "os"
on_duplicate = "reject"
additional_sop_classes = ["1.2.3", "1.2.4"]
[logging]
format = "json"
[limits]
nesting_depth_max = 100
[[remote_ae]]
ae_title = "MOVEDST"
host = "127.0.0.1"
port = 11190
[[remote_ae]]
ae_title = "SECURE"
host = "pacs.example.org"
port = 2762
tls = true
character_set = "ISO_IR 100"
lossy_jpeg_quality = 80
)");
  EXPECT_TRUE(loaded.problems.empty());
  const Config& config = loaded.config;
  EXPECT_EQ(config.dicom.ae_title, "ARCHIVE");
  EXPECT_TRUE(config.dicom.accept_any_called_ae_title);
  EXPECT_EQ(config.dicom.port, 104);
  EXPECT_EQ(config.storage.durability, storage::Durability::Os);
  EXPECT_EQ(config.storage.on_duplicate, storage::DuplicatePolicy::Reject);
  EXPECT_EQ(config.storage.additional_sop_classes, (std::vector<std::string>{"1.2.3", "1.2.4"}));
  EXPECT_EQ(config.logging.format, integration::LogFormat::Json);
  EXPECT_EQ(config.limits.nesting_depth_max, 100U);
  EXPECT_EQ(config.remote_ae, (std::vector<RemoteAe>{{"MOVEDST", "127.0.0.1", 11190, false},
                                                     {.ae_title = "SECURE",
                                                      .host = "pacs.example.org",
                                                      .port = 2762,
                                                      .tls = true,
                                                      .character_set = "ISO_IR 100",
                                                      .lossy_jpeg_quality = 80}}));
}

TEST_F(ConfigTest, AnUnknownKeyIsAnErrorWithPlaceAndNearestKey) {
  EXPECT_EQ(problem(load("[dicom]\nprot = 104\n")),
            "pacs.toml:2:1: the key dicom.prot is unknown; did you mean dicom.port?");
  EXPECT_EQ(problem(load("[dicon]\nport = 104\n")).substr(0, 46),
            "pacs.toml:1:2: the table dicon is unknown; pac");
  EXPECT_EQ(problem(load("[http]\n  ae_title = \"X\"\n")),
            "pacs.toml:2:3: the key http.ae_title is unknown; did you mean dicom.ae_title?");
  EXPECT_EQ(problem(load("durability = \"os\"\n")),
            "pacs.toml:1:1: the key durability is unknown; did you mean storage.durability?");
  EXPECT_EQ(problem(load("[[remote_ae]]\nae_title = \"A\"\nhost = \"h\"\nport = 1\nprot = 2\n")),
            "pacs.toml:5:1: the key remote_ae.prot is unknown; did you mean port?");
}

TEST_F(ConfigTest, AWrongValueIsAnErrorWithPlaceAndRange) {
  EXPECT_EQ(problem(load("[dicom]\nport = 70000\n")),
            "pacs.toml:2:8: dicom.port must be 0 to 65535, not 70000");
  EXPECT_EQ(problem(load("[dicom]\nport = \"104\"\n")),
            "pacs.toml:2:8: dicom.port must be 0 to 65535, not \"104\"");
  EXPECT_EQ(problem(load("[dicom]\nport = -1\n")),
            "pacs.toml:2:8: dicom.port must be 0 to 65535, not -1");
  EXPECT_EQ(problem(load("[dicom]\nport = 10.5\n")),
            "pacs.toml:2:8: dicom.port must be 0 to 65535");
  EXPECT_EQ(problem(load("[storage]\non_duplicate = \"merge\"\n")),
            "pacs.toml:2:16: storage.on_duplicate must be \"keep\", \"replace\" or \"reject\", not "
            "\"merge\"");
  EXPECT_EQ(problem(load("[dicom]\naccept_any_called_ae_title = 1\n")),
            "pacs.toml:2:30: dicom.accept_any_called_ae_title must be true or false, not 1");
  EXPECT_EQ(problem(load("[http]\nserver_names = [1]\n")),
            "pacs.toml:2:17: http.server_names must be a list of strings");
  EXPECT_EQ(problem(load("[dicom]\nport = [1]\n")),
            "pacs.toml:2:8: dicom.port must be 0 to 65535, not a list");
  EXPECT_EQ(problem(load("[dicom]\nae_title = [\"A\"]\n")),
            "pacs.toml:2:12: dicom.ae_title must be a string, not a list");
  EXPECT_EQ(problem(load("dicom = 1\n")), "pacs.toml:1:9: dicom is a table: write [dicom]");
  EXPECT_EQ(problem(load("[remote_ae]\nport = 1\n")),
            "pacs.toml:1:1: remote_ae is a list of tables: write [[remote_ae]]");
  EXPECT_EQ(problem(load("[[remote_ae]]\nae_title = \"A\"\nhost = \"h\"\nport = 0\n")),
            "pacs.toml:4:8: remote_ae.port must be 1 to 65535");
  EXPECT_EQ(problem(load("[[remote_ae]]\nae_title = \"A\"\nhost = \"h\"\nport = 1\n"
                         "lossy_jpeg_quality = 101\n")),
            "pacs.toml:5:22: remote_ae.lossy_jpeg_quality must be 1 to 100");
  EXPECT_EQ(problem(load("[[remote_ae]]\nae_title = \"A\"\nport = 1\n")),
            "pacs.toml:1:1: a remote_ae lacks host");
}

TEST_F(ConfigTest, BrokenTomlIsAnErrorWithItsPlace) {
  EXPECT_EQ(problem(load("[dicom]\nport 104\n")).substr(0, 12), "pacs.toml:2:");
  EXPECT_EQ(problem(load("[dicom]\nport = 1\nport = 2\n")).substr(0, 12), "pacs.toml:3:");
  EXPECT_EQ(problem(load(std::string_view{"\0\xff\xfe", 3})).substr(0, 10), "pacs.toml:");
}

TEST_F(ConfigTest, AFileThatIsNotThereIsAnError) {
  const LoadedConfig loaded =
      load_config({.file = folder_ / "none.toml", .environment = {}, .settings = {}});
  EXPECT_EQ(problem(loaded), "none.toml: cannot be read");
}

TEST_F(ConfigTest, EveryProblemIsNamedNotOnlyTheFirst) {
  const LoadedConfig loaded = load("[dicom]\nport = 70000\nfoo = 1\n[http]\nport = \"x\"\n");
  EXPECT_EQ(loaded.problems.size(), 3U);
}

TEST_F(ConfigTest, EnvironmentGoesBeforeTheFileAndSettingsBeforeBoth) {
  const auto file = write("[dicom]\nport = 1001\nartim_seconds = 7\n[http]\nport = 1002\n");
  const LoadedConfig loaded = load_config(
      {.file = file,
       .environment = {{"PACS_DICOM_PORT", "2001"}, {"PACS_HTTP_PORT", "2002"}, {"HOME", "/root"}},
       .settings = {"http.port=3002"}});
  EXPECT_TRUE(loaded.problems.empty());
  EXPECT_TRUE(loaded.warnings.empty());
  EXPECT_EQ(loaded.config.dicom.artim_seconds, 7U);
  EXPECT_EQ(loaded.config.dicom.port, 2001);
  EXPECT_EQ(loaded.config.http.port, 3002);
  const auto origin = [&](std::string_view name) {
    return loaded.origins[static_cast<std::size_t>(find_config_key(name) - config_keys().data())];
  };
  EXPECT_EQ(origin("dicom.artim_seconds"), file.string() + ":3");
  EXPECT_EQ(origin("dicom.port"), "PACS_DICOM_PORT");
  EXPECT_EQ(origin("http.port"), "--set");
  EXPECT_EQ(origin("storage.path"), "default");
}

TEST_F(ConfigTest, WrongVariablesAndSettingsSayWhichTheyAre) {
  EXPECT_EQ(problem(with_environment({{"PACS_DICOM_PORT", "tcp://10.0.0.1:104"}})),
            "PACS_DICOM_PORT: dicom.port must be 0 to 65535, not \"tcp://10.0.0.1:104\"");
  EXPECT_EQ(problem(with_settings({"dicom.port"})), "--set: write KEY=VALUE, not \"dicom.port\"");
  EXPECT_EQ(problem(with_settings({"dicom.prot=1"})),
            "--set: the key dicom.prot is unknown; did you mean dicom.port?");
  EXPECT_EQ(problem(with_settings({"dicom.port= 1"})),
            "--set: dicom.port must be 0 to 65535, not \" 1\"");
}

TEST_F(ConfigTest, AMistypedVariableIsAWarningSinceOthersUseThePrefixToo) {
  const LoadedConfig loaded =
      with_environment({{"PACS_DICOM_PROT", "1"}, {"PACS_SERVICE_HOST_OF_SOMEBODY", "10.0.0.1"}});
  EXPECT_TRUE(loaded.problems.empty());
  EXPECT_EQ(loaded.warnings,
            (std::vector<std::string>{
                "the variable PACS_DICOM_PROT is unknown; did you mean PACS_DICOM_PORT?"}));
}

TEST_F(ConfigTest, RemoteAesComeFromTheEnvironmentToo) {
  const LoadedConfig loaded = with_environment(
      {{"PACS_REMOTE_AE", "A@127.0.0.1:104,B@host.example.org:2762+tls,C@[::1]:11112"}});
  EXPECT_TRUE(loaded.problems.empty());
  EXPECT_EQ(loaded.config.remote_ae, (std::vector<RemoteAe>{{"A", "127.0.0.1", 104, false},
                                                            {"B", "host.example.org", 2762, true},
                                                            {"C", "::1", 11112, false}}));
  for (const char* wrong :
       {"A", "A@h", "A@h:", "A@h:0", "A@h:x", "@h:1", "A@:1", "A@h:99999", ":1@h"}) {
    EXPECT_FALSE(with_settings({std::string{"remote_ae="} + wrong}).problems.empty()) << wrong;
  }
}

TEST_F(ConfigTest, ListsMayBeWrittenAsInTheFile) {
  EXPECT_EQ(with_settings({R"(http.cors_origins=["https://a.example", 'https://b.example'])"})
                .config.http.cors_origins,
            (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_EQ(
      with_settings({R"(http.clients=["viewer CN=reading-room,O=Hospital"])"}).config.http.clients,
      (std::vector<std::string>{"viewer CN=reading-room,O=Hospital"}));
  EXPECT_TRUE(with_settings({"http.cors_origins=[]"}).config.http.cors_origins.empty());
  for (const char* wrong : {"[", "[https://a.example]", "[1]", "[[\"a\"]]", "[\"a\"]\nx = 1"}) {
    const LoadedConfig loaded = with_settings({std::string("http.cors_origins=") + wrong});
    ASSERT_EQ(loaded.problems.size(), 1U) << wrong;
    const std::string said = loaded.problems[0].to_string();
    EXPECT_NE(said.find("http.cors_origins must be a list of strings"), std::string::npos) << said;
  }
}

TEST_F(ConfigTest, ListsComeFromTheEnvironmentSeparatedByCommas) {
  const LoadedConfig loaded = with_settings({"http.server_names=pacs.example.org, archive ,"});
  EXPECT_EQ(loaded.config.http.server_names,
            (std::vector<std::string>{"pacs.example.org", "archive"}));
}

}  // namespace
}  // namespace pacs::apps
