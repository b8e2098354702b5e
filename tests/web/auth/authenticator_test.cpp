#include "web/auth/authenticator.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/storage/temporary_folder.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class AuthenticatorTest : public testing::Test {
 protected:
  Principal who(Request request, AuthOptions options = {}) {
    return Authenticator(tokens_, std::move(options))(request);
  }
  static Request from(std::string address, Fields headers = {}) {
    Request request;
    request.peer_address = std::move(address);
    request.headers = std::move(headers);
    return request;
  }
  static AuthOptions open_to_all() {
    AuthOptions options;
    options.open = true;
    return options;
  }
  std::string file() const {
    std::ostringstream text;
    text << std::ifstream(folder_.path() / "tokens.json").rdbuf();
    return text.str();
  }

  storage::test::TemporaryFolder folder_;
  Tokens tokens_{folder_.path() / "tokens.json"};
};

TEST_F(AuthenticatorTest, ATokenIsShownOnceAndKeptAsAHash) {
  const auto created = tokens_.create("reading room", Role::Viewer);
  ASSERT_TRUE(created.has_value()) << created.error().to_string();
  EXPECT_THAT(created->secret, testing::StartsWith("pacs_"));
  EXPECT_THAT(created->secret, SizeIs(48));
  EXPECT_THAT(file(), HasSubstr("reading room"));
  EXPECT_THAT(file(), Not(HasSubstr(created->secret.substr(5, 20))));
  Tokens another(folder_.path() / "tokens.json");
  const auto found = another.find(created->secret);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, created->token.id);
  EXPECT_EQ(found->role, Role::Viewer);
}

TEST_F(AuthenticatorTest, ATokenThatIsRevokedByAnotherProcessIsKnownNoMore) {
  const auto kept = tokens_.create("a", Role::Viewer);
  const auto revoked = tokens_.create("b", Role::Administrator);
  EXPECT_TRUE(tokens_.find(revoked->secret).has_value());
  Tokens another(folder_.path() / "tokens.json");
  ASSERT_TRUE(another.revoke(revoked->token.id).has_value());
  EXPECT_FALSE(tokens_.find(revoked->secret).has_value());
  EXPECT_TRUE(tokens_.find(kept->secret).has_value());
  EXPECT_EQ(another.revoke(revoked->token.id).error().kind, ErrorKind::NotFound);
  EXPECT_THAT(*another.list(), SizeIs(1));
}

TEST_F(AuthenticatorTest, AFileThatIsDamagedLetsNobodyIn) {
  const auto created = tokens_.create("a", Role::Administrator);
  for (const char* damage : {"", "[", "{}", "[{}]", "[{\"role\":\"viewer\"}]", "[1]"}) {
    std::ofstream(folder_.path() / "tokens.json") << damage;
    Tokens tokens(folder_.path() / "tokens.json");
    EXPECT_FALSE(tokens.find(created->secret).has_value()) << damage;
    EXPECT_EQ(tokens.list().error().kind, ErrorKind::Corrupt) << damage;
    EXPECT_EQ(tokens.create("b", Role::Viewer).error().kind, ErrorKind::Corrupt) << damage;
  }
}

TEST_F(AuthenticatorTest, NamesThatAreNoneAreRefused) {
  for (const std::string& name : {std::string(), std::string(65, 'x'), std::string("a\nb")}) {
    EXPECT_EQ(tokens_.create(name, Role::Viewer).error().kind, ErrorKind::InvalidArgument) << name;
  }
  EXPECT_THAT(*tokens_.list(), IsEmpty());
}

TEST_F(AuthenticatorTest, ThisMachineAdministersUnlessAProxyAsksForSomebody) {
  for (const char* local : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(who(from(local)).role, Role::Administrator) << local;
    for (const char* header : {"Forwarded", "x-forwarded-for", "X-Real-IP", "Via"}) {
      EXPECT_EQ(who(from(local, {{header, "10.0.0.1"}})).role, Role::Anybody) << header;
    }
  }
  for (const char* remote : {"10.0.0.1", "192.168.1.5", "2001:db8::1", "::ffff:10.0.0.1", ""}) {
    EXPECT_EQ(who(from(remote)).role, Role::Anybody) << remote;
    EXPECT_EQ(who(from(remote), open_to_all()).role, Role::Administrator);
  }
}

TEST_F(AuthenticatorTest, AListedProxyIsNeverThisMachineWhateverItLeavesOut) {
  AuthOptions options;
  options.proxies = *TrustedProxies::create({"127.0.0.0/8"});
  EXPECT_EQ(who(from("127.0.0.1"), options).role, Role::Anybody);
  EXPECT_EQ(who(from("::1"), options).role, Role::Administrator);
}

TEST_F(AuthenticatorTest, ATokenCountsBeforeEverythingElseAlsoAWrongOne) {
  const std::string secret = tokens_.create("a", Role::Uploader)->secret;
  for (const Fields& headers : {Fields{{"Authorization", "Bearer " + secret}},
                                Fields{{"authorization", "bearer " + secret}},
                                Fields{{"Cookie", "a=b; pacs_token=" + secret + "; c=d"}}}) {
    EXPECT_EQ(who(from("10.0.0.1", headers)).role, Role::Uploader);
    EXPECT_EQ(who(from("127.0.0.1", headers)).role, Role::Uploader);
  }
  const Fields wrong{{"Authorization", "Bearer " + secret + "x"}};
  EXPECT_EQ(who(from("127.0.0.1", wrong)).role, Role::Anybody);
  EXPECT_EQ(who(from("10.0.0.1", wrong), open_to_all()).role, Role::Anybody);
}

TEST_F(AuthenticatorTest, ACertificateIsKnownByItsWholeSubject) {
  AuthOptions options;
  options.clients = {{"CN=a,O=H", Role::Viewer}};
  Request request = from("10.0.0.1");
  request.peer_subject = "CN=a,O=H";
  EXPECT_EQ(who(request, options).role, Role::Viewer);
  for (const char* other : {"CN=a", "CN=a,O=Other", "O=H", ""}) {
    request.peer_subject = other;
    EXPECT_EQ(who(request, options).role, Role::Anybody) << other;
  }
}

}  // namespace
}  // namespace pacs::web
