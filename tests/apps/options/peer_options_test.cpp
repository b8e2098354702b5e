#include "apps/options/peer_options.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

#include "tests/apps/program.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PeerOptionsTest, TakesHostAndPortAndLeavesTheRest) {
  std::vector<std::string> arguments{"pacs.example", "11112", "file.dcm"};
  const auto peer = take_peer(arguments, {});
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->host, "pacs.example");
  EXPECT_EQ(peer->port, 11112);
  EXPECT_EQ(peer->called_ae, "ANY-SCP");
  EXPECT_THAT(arguments, ElementsAre("file.dcm"));
}

TEST(PeerOptionsTest, TakesTitleHostAndPortInOneWord) {
  std::vector<std::string> arguments{"ORTHANC@192.0.2.7:4242", "104"};
  const auto peer = take_peer(arguments, {});
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->called_ae, "ORTHANC");
  EXPECT_EQ(peer->host, "192.0.2.7");
  EXPECT_EQ(peer->port, 4242);
  EXPECT_THAT(arguments, ElementsAre("104"));
}

TEST(PeerOptionsTest, TakesNumericAddressesOfVersionSix) {
  std::vector<std::string> bracketed{"AE@[2001:db8::7]:104"};
  EXPECT_EQ(take_peer(bracketed, {})->host, "2001:db8::7");
  std::vector<std::string> bare{"::1", "104"};
  EXPECT_EQ(take_peer(bare, {})->host, "::1");
  EXPECT_THAT(bare, IsEmpty());
}

TEST(PeerOptionsTest, AFlagNamesTheCalledTitleBeforeTheAddressDoes) {
  std::vector<std::string> arguments{"A@host:104"};
  PeerOptions options;
  options.called_ae = "B";
  EXPECT_EQ(take_peer(arguments, options)->called_ae, "B");
}

TEST(PeerOptionsTest, SaysWhatIsWrongWithAnAddress) {
  for (const char* bad : {"host", "host:0", "host:65536", "host:port", ":104", "AE@:104"}) {
    std::vector<std::string> arguments{bad};
    const auto peer = take_peer(arguments, {});
    ASSERT_FALSE(peer) << bad;
    EXPECT_EQ(peer.error().kind, ErrorKind::InvalidArgument);
  }
  std::vector<std::string> none;
  EXPECT_FALSE(take_peer(none, {}));
}

TEST(PeerOptionsTest, AnAeTitleThatIsNoneIsWrongUsage) {
  std::vector<std::string> called{"SEVENTEEN-LETTERS@host:104"};
  EXPECT_EQ(take_peer(called, {}).error().kind, ErrorKind::InvalidArgument);
  PeerOptions options;
  options.calling_ae = "A\\B";
  std::vector<std::string> calling{"host:104"};
  EXPECT_EQ(take_peer(calling, options).error().message,
            "'A\\B' is not an AE title: 1 to 16 printable characters, no backslash");
  EXPECT_EQ(pacs("echo SEVENTEEN-LETTERS@127.0.0.1:1").exit_code, 2);
}

TEST(PeerOptionsTest, TlsIsOnWhenAnythingAboutItIsSaid) {
  PeerOptions options;
  std::vector<std::string> arguments{"host:104"};
  EXPECT_FALSE(take_peer(arguments, options)->tls);
  options.tls_files.ca_file = "ca.pem";
  arguments = {"host:104"};
  const auto peer = take_peer(arguments, options);
  ASSERT_TRUE(peer->tls);
  EXPECT_TRUE(peer->tls->verify_peer);
}

Result<network::RequestOptions> peer_with(const PeerOptions& options) {
  std::vector<std::string> arguments{"host:104"};
  return take_peer(arguments, options);
}

TEST(PeerOptionsTest, ACertificateWithoutTlsOrWithoutItsOtherHalfIsRefused) {
  PeerOptions clear;
  clear.tls_files.certificate_file = "client.pem";
  EXPECT_THAT(peer_with(clear).error().message, HasSubstr("add --tls"));
  clear.tls_files.private_key_file = "client.key";
  EXPECT_THAT(peer_with(clear).error().message, HasSubstr("add --tls"));
  PeerOptions secure = clear;
  secure.tls = true;
  EXPECT_EQ(peer_with(secure)->tls->certificate_file, "client.pem");
  secure.tls_files.private_key_file.clear();
  EXPECT_THAT(peer_with(secure).error().message, HasSubstr("belong together"));
  secure = clear;
  secure.anonymous_peer = true;  // says TLS as well
  EXPECT_TRUE(peer_with(secure)->tls);
  const auto ran = pacs("echo 127.0.0.1:1 --tls-cert a.pem --tls-key a.key");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.output, HasSubstr("add --tls"));
}

TEST(PeerOptionsTest, ThePasscodeComesFromAFileOrTheEnvironmentToo) {
  const storage::test::TemporaryFolder folder;
  PeerOptions options;
  options.user = "doctor";
  EXPECT_EQ(peer_with(options)->user.user_identity->type, 1);
  options.passcode_file = folder / "passcode";
  EXPECT_THAT(peer_with(options).error().message, HasSubstr(options.passcode_file));
  for (const std::string text : {"secret\nand more\n", "secret", "secret\r\n"}) {
    std::ofstream(options.passcode_file) << text;
    const auto peer = peer_with(options);
    ASSERT_TRUE(peer) << peer.error().message;
    EXPECT_EQ(peer->user.user_identity->type, 2);
    EXPECT_EQ(peer->user.user_identity->secondary, "secret");
  }
  for (const std::string& text : {std::string{"\nsecret"}, std::string(5000, 'x')}) {
    std::ofstream(options.passcode_file) << text;
    EXPECT_FALSE(peer_with(options));
  }
  options.user.clear();
  EXPECT_THAT(peer_with(options).error().message, HasSubstr("--user"));

  CLI::App command;
  PeerOptions from_environment;
  add_peer_options(command, from_environment);
  ::setenv("PACS_PASSCODE", "hidden", 1);
  command.parse("--user doctor");
  ::unsetenv("PACS_PASSCODE");
  EXPECT_EQ(peer_with(from_environment)->user.user_identity->secondary, "hidden");
}

TEST(PeerOptionsTest, KnowsDcmtksFlagsWithOneDash) {
  const char* const line[] = {"pacs", "echo", "-aet", "A", "-aec", "B", "-j", "--aet", "-x"};
  EXPECT_THAT(with_long_flags(9, line),
              ElementsAre("pacs", "echo", "--aet", "A", "--aec", "B", "-j", "--aet", "-x"));
}

}  // namespace
}  // namespace pacs::apps
