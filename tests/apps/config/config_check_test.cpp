#include "tests/apps/config/certificates.h"
#include "tests/apps/config/config_fixture.h"

namespace pacs::apps {
namespace {

class ConfigCheck : public ConfigTest {
 protected:
  /// A key when its name begins with k, else a certificate.
  std::string file(std::string_view name) {
    const auto copy = folder_ / name;
    std::filesystem::copy_file(
        Certificates::get().file(name.starts_with('k') ? "key.pem" : "cert.pem"), copy,
        std::filesystem::copy_options::overwrite_existing);
    return copy.string();
  }
  std::vector<std::string> tls(std::vector<std::string> more = {}) {
    more.push_back("dicom.tls.certificate=" + file("cert.pem"));
    more.push_back("dicom.tls.key=" + file("key.pem"));
    return more;
  }
};

TEST_F(ConfigCheck, ListeningBeyondThisMachineMustBeSaid) {
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1"}) {
    const std::string open = std::string{"dicom.listen="} + address;
    EXPECT_NE(problem(with_settings({open})).find("dicom.allow_unauthenticated_remote = true"),
              std::string::npos);
    EXPECT_TRUE(with_settings({open, "dicom.allow_unauthenticated_remote=true"}).problems.empty());
    const std::string web = std::string{"http.listen="} + address;
    EXPECT_NE(problem(with_settings({web})).find("http.allow_unauthenticated_remote = true"),
              std::string::npos);
    EXPECT_TRUE(with_settings({web, "http.allow_unauthenticated_remote=true"}).problems.empty());
  }
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_TRUE(with_settings({std::string{"dicom.listen="} + address}).problems.empty())
        << address;
  }
}

TEST_F(ConfigCheck, ALogFileThatCannotBeWrittenFailsTheCheck) {
  const auto check = [](const std::string& file) {
    return pacs("config check --set logging.file=" + file);
  };
  for (const std::string& file : {std::string{"/nowhere/pacs.log"}, folder_.string()}) {
    const Ran run = check(file);
    EXPECT_EQ(run.exit_code, 2) << file;
    EXPECT_NE(run.output.find("logging.file: " + file + " cannot be written: "), std::string::npos)
        << run.output;
  }
  const auto log = folder_ / "pacs.log";
  EXPECT_EQ(check(log).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(log)) << "a check makes nothing";
  write("a line\n", "pacs.log");
  EXPECT_EQ(check(log).exit_code, 0);
}

TEST_F(ConfigCheck, AnAddressThatIsNoneIsNamed) {
  EXPECT_NE(problem(with_settings({"http.listen=localhost"})).find("not an IP address"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"dicom.listen="})).find("no modality could connect"),
            std::string::npos);
}

TEST_F(ConfigCheck, TlsNeedsCertificateAndKeyTogether) {
  EXPECT_TRUE(with_settings(tls()).problems.empty());
  EXPECT_NE(problem(with_settings({"dicom.tls.certificate=" + file("c.pem")}))
                .find("needs dicom.tls.key"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"dicom.tls.key=" + file("k.pem")}))
                .find("needs dicom.tls.certificate"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"dicom.tls.client_certificate=required"}))
                .find("needs dicom.tls.certificate"),
            std::string::npos);
  EXPECT_NE(problem(with_settings(tls({"dicom.tls.client_certificate=optional"})))
                .find("needs dicom.tls.ca"),
            std::string::npos);
  EXPECT_NE(problem(with_settings(
                        {"dicom.tls.certificate=/nowhere/c.pem", "dicom.tls.key=" + file("k.pem")}))
                .find("/nowhere/c.pem cannot be read"),
            std::string::npos);
}

TEST_F(ConfigCheck, TlsWithClientCertificatesMayListenEverywhere) {
  EXPECT_FALSE(with_settings(tls({"dicom.tls.listen=0.0.0.0"})).problems.empty());
  EXPECT_FALSE(
      with_settings(tls({"dicom.tls.listen=0.0.0.0", "dicom.tls.client_certificate=optional",
                         "dicom.tls.ca=" + file("ca.pem")}))
          .problems.empty());
  EXPECT_TRUE(
      with_settings(tls({"dicom.tls.listen=0.0.0.0", "dicom.tls.client_certificate=required",
                         "dicom.tls.ca=" + file("ca.pem")}))
          .problems.empty());
  EXPECT_TRUE(with_settings(tls({"dicom.listen="})).problems.empty()) << "TLS alone";
}

TEST_F(ConfigCheck, TwoListenersDoNotShareAPort) {
  EXPECT_NE(problem(with_settings({"http.port=11112"})).find("http.port 11112 is also the port"),
            std::string::npos);
  EXPECT_TRUE(with_settings({"http.port=0", "dicom.port=0"}).problems.empty())
      << "free ports differ";
  EXPECT_TRUE(with_settings({"http.port=2762"}).problems.empty()) << "TLS is off";
}

TEST_F(ConfigCheck, AeTitlesFollowTheStandard) {
  for (const char* title : {"", "   ", "SEVENTEEN LETTERS", "A\\B", "Ä", "A\tB"}) {
    EXPECT_FALSE(with_settings({std::string{"dicom.ae_title="} + title}).problems.empty()) << title;
  }
  EXPECT_TRUE(with_settings({"dicom.ae_title=SIXTEEN LETTERS!"}).problems.empty());
  EXPECT_NE(problem(with_settings({"dicom.other_ae_titles=OLD,A\\B"}))
                .find("dicom.other_ae_titles \"A\\B\" is not an AE title"),
            std::string::npos);
}

TEST_F(ConfigCheck, RemoteAesAreThereOnceAndWhole) {
  EXPECT_NE(problem(with_settings({"remote_ae=A@h:1,A@h:2"})).find("A is defined twice"),
            std::string::npos);
  EXPECT_NE(
      problem(load("[[remote_ae]]\nae_title = \"A\"\nhost = \"\"\nport = 1\n")).find("empty host"),
      std::string::npos);
}

TEST_F(ConfigCheck, CharacterSetsAreKnown) {
  for (const char* terms : {"", "ISO_IR 100", "iso-8859-1", "\\ISO 2022 IR 87", "GBK", "Shift_JIS",
                            "ISO 2022 IR 13\\ISO 2022 IR 87"}) {
    EXPECT_TRUE(
        with_settings({std::string{"dicom.default_character_set="} + terms}).problems.empty())
        << terms;
  }
  EXPECT_NE(problem(with_settings({"dicom.default_character_set=KLINGON"}))
                .find("dicom.default_character_set \"KLINGON\" is not a Specific Character Set"),
            std::string::npos);
  EXPECT_NE(problem(load("[[remote_ae]]\nae_title = \"A\"\nhost = \"h\"\nport = 1\n"
                         "character_set = \"KLINGON\"\n"))
                .find("remote_ae A: character_set \"KLINGON\""),
            std::string::npos);
}

TEST_F(ConfigCheck, OtherThingsThatCannotWorkAreNamed) {
  EXPECT_NE(problem(with_settings({"storage.additional_sop_classes=1.2.x"}))
                .find("\"1.2.x\" is not a UID"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"worklist.shown_statuses=SCHEDULED,MAYBE"}))
                .find("\"MAYBE\" is not one of"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"worklist.folder=/no/such/folder"})).find("is not a folder"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"jobs.retry_seconds_min=5000"}))
                .find("is above jobs.retry_seconds_max = 3600"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"index.url=mysql://x"})).find("not supported"),
            std::string::npos);
  EXPECT_NE(problem(with_settings({"storage.path="})).find("storage.path is empty"),
            std::string::npos);
}

}  // namespace
}  // namespace pacs::apps
