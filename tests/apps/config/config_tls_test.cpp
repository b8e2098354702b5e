// What is wrong with the files of [dicom.tls] is said before the server starts.
#include <gmock/gmock.h>

#include "tests/apps/config/certificates.h"
#include "tests/apps/config/config_fixture.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ConfigTls : public ConfigTest {
 protected:
  std::string problem_with(const std::string& certificate, const std::string& its_key) {
    return problem(
        with_settings({"dicom.tls.certificate=" + certificate, "dicom.tls.key=" + its_key}));
  }
  const Certificates& made = Certificates::get();
  const std::string cert = made.file("cert.pem"), key = made.file("key.pem");
};

TEST_F(ConfigTls, AKeyOfAnotherCertificateIsFound) {
  made.make("rsa:2048", "other.pem", "other.key");
  EXPECT_THAT(problem_with(cert, made.file("other.key")),
              StartsWith("dicom.tls.key: " + made.file("other.key") +
                         ": TLS private key cannot be used: key values mismatch"));
}

TEST_F(ConfigTls, ACertificateInThePlaceOfTheKeyIsFound) {
  EXPECT_THAT(problem_with(key, cert),
              StartsWith("dicom.tls.certificate: " + key + ": TLS certificate cannot be used: "));
  EXPECT_THAT(problem_with(cert, cert),
              StartsWith("dicom.tls.key: " + cert + ": TLS private key cannot be used: "));
}

TEST_F(ConfigTls, AKeyThatIsTooSmallIsFound) {
  made.make("rsa:1024", "small.pem", "small.key");
  EXPECT_THAT(problem_with(made.file("small.pem"), made.file("small.key")),
              HasSubstr("key too small"));
}

TEST_F(ConfigTls, AnEncryptedKeyIsFoundAndNobodyIsAskedForItsPassphrase) {
  const std::string encrypted = made.file("encrypted.key");
  Certificates::openssl("pkey -aes128 -passout pass:secret -in " + key + " -out " + encrypted);
  EXPECT_THAT(problem_with(cert, encrypted),
              StartsWith("dicom.tls.key: " + encrypted + ": TLS private key is encrypted"));
  const Ran check = pacs("config check --set dicom.tls.certificate=" + cert +
                         " --set dicom.tls.key=" + encrypted);
  EXPECT_EQ(check.exit_code, 2);
  EXPECT_THAT(check.output, HasSubstr("is encrypted"));
}

TEST_F(ConfigTls, AnExpiredCertificateFailsTheCheckAndDoesNotKeepOthersFromTheArchive) {
  made.make_expired("expired.pem", "expired.key");
  const std::string options = " --set dicom.tls.certificate=" + made.file("expired.pem") +
                              " --set dicom.tls.key=" + made.file("expired.key");
  const Ran check = pacs("config check" + options);
  EXPECT_EQ(check.exit_code, 2);
  EXPECT_THAT(check.output, HasSubstr("dicom.tls.certificate: " + made.file("expired.pem") +
                                      ": the certificate expired at "));
  EXPECT_EQ(pacs("config print" + options).exit_code, 0);
  EXPECT_EQ(pacs("config check --set dicom.tls.certificate=" + cert + " --set dicom.tls.key=" + key)
                .exit_code,
            0);
}

TEST_F(ConfigTls, AFileOfTrustWithoutACertificateIsFound) {
  made.make("rsa:2048", "other.pem", "other.key");
  const std::string trusted = made.file("other.key");
  for (const bool with_port : {true, false}) {
    std::vector<std::string> settings{"dicom.tls.ca=" + trusted};
    if (with_port) {
      settings.push_back("dicom.tls.certificate=" + cert);
      settings.push_back("dicom.tls.key=" + key);
    }
    EXPECT_THAT(problem(with_settings(settings)),
                StartsWith("dicom.tls.ca: " + trusted + ": TLS CA"))
        << with_port;
  }
  EXPECT_TRUE(with_settings({"dicom.tls.ca=" + cert}).problems.empty())
      << "associations that we open trust it";
}

}  // namespace
}  // namespace pacs::apps
