// A certificate and its key for tests of the configuration, made once by openssl.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/apps/program.h"

namespace pacs::apps {

class Certificates {
 public:
  Certificates() {
    std::string name =
        (std::filesystem::temp_directory_path() / "pacs-certificates-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    make("rsa:2048", "cert.pem", "key.pem");
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  static const Certificates& get() {
    static const Certificates kCertificates;
    return kCertificates;
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_ / name; }
  void make(const std::string& algorithm, const std::string& certificate,
            const std::string& key) const {
    openssl("req -x509 -newkey " + algorithm + " -nodes -days 2 -subj /CN=pacs -keyout " +
            file(key) + " -out " + file(certificate));
  }
  /// A certificate whose time was over yesterday.
  void make_expired(const std::string& certificate, const std::string& key) const {
    openssl("req -newkey rsa:2048 -nodes -subj /CN=pacs -keyout " + file(key) + " -out " +
            file("expired.csr"));
    openssl("x509 -req -days -1 -in " + file("expired.csr") + " -signkey " + file(key) + " -out " +
            file(certificate));
  }
  static void openssl(const std::string& arguments) {
    const Ran ran = run_shell("openssl " + arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace pacs::apps
