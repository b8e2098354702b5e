#include "web/api/tokens.h"

#include <gmock/gmock.h>

#include "tests/web/api/archive_api.h"
#include "web/auth/authenticator.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class TokensApiTest : public ArchiveApiTest {
 protected:
  TokensApiTest() {
    Router router;
    add_tokens(router, tokens);
    HttpOptions options;
    options.authenticate = Authenticator(tokens, {});
    server = std::make_unique<TestServer>(std::move(router), std::move(options));
  }
  static std::string with(const Tokens::Created& token) {
    return "Content-Type: application/json\r\nAuthorization: Bearer " + token.secret + "\r\n";
  }

  Tokens tokens{folder.path() / "tokens.json"};
};

TEST_F(TokensApiTest, AskerIsToldWhoHeIs) {
  const auto reader = *tokens.create("reading room", Role::Viewer);
  const std::string me = send("GET", "/api/me", "", with(reader)).body;
  EXPECT_THAT(me, HasSubstr("reading room"));
  EXPECT_THAT(me, HasSubstr(R"("role":"viewer")"));
  EXPECT_THAT(send("GET", "/api/me", "", "Authorization: Bearer pacs_wrong\r\n").body,
              HasSubstr(R"("role":"anybody")"));
}

TEST_F(TokensApiTest, ATokenIsShownOnceAndWorksUntilItIsRevokedByName) {
  const Answer made = send("POST", "/api/tokens", R"({"name":"a/b","role":"uploader"})");
  EXPECT_EQ(made.status(), 201);
  EXPECT_THAT(made.body, HasSubstr(R"("role":"uploader")"));
  EXPECT_THAT(made.body, HasSubstr(R"("token":"pacs_)"));
  EXPECT_EQ(made.header("Cache-Control"), "no-store");
  const Answer listed = get("/api/tokens");
  EXPECT_THAT(listed.body, HasSubstr(R"("name":"a/b")"));
  EXPECT_THAT(listed.body, Not(HasSubstr("pacs_")));
  EXPECT_EQ(send("DELETE", "/api/tokens/a~1b").status(), 204);
  EXPECT_EQ(send("DELETE", "/api/tokens/a~1b").status(), 404);
  EXPECT_EQ(get("/api/tokens").body, "{\"tokens\":[]}\n");
}

TEST_F(TokensApiTest, TokensOfOneNameGoTogetherAndOneGoesByItsId) {
  const auto first = *tokens.create("same", Role::Viewer);
  static_cast<void>(*tokens.create("same", Role::Viewer));
  static_cast<void>(*tokens.create("same", Role::Viewer));
  EXPECT_EQ(send("DELETE", "/api/tokens/" + first.token.id).status(), 204);
  EXPECT_EQ(tokens.list()->size(), 2U);
  EXPECT_EQ(send("DELETE", "/api/tokens/same").status(), 204);
  EXPECT_TRUE(tokens.list()->empty());
}

TEST_F(TokensApiTest, OnlyAdministratorsSeeTokens) {
  const auto viewer = *tokens.create("v", Role::Viewer);
  const auto administrator = *tokens.create("a", Role::Administrator);
  EXPECT_EQ(send("GET", "/api/tokens", "", with(viewer)).status(), 403);
  EXPECT_EQ(send("POST", "/api/tokens", R"({"name":"x","role":"viewer"})", with(viewer)).status(),
            403);
  EXPECT_EQ(send("DELETE", "/api/tokens/a", "", with(viewer)).status(), 403);
  EXPECT_EQ(send("GET", "/api/tokens", "", with(administrator)).status(), 200);
  EXPECT_EQ(tokens.list()->size(), 2U);
}

TEST_F(TokensApiTest, ABodyThatIsNoTokenIsAnswered400) {
  for (const std::string_view body :
       {R"({"name":"x"})", R"({"role":"viewer"})", R"({"name":"x","role":"king"})",
        R"({"name":"x","role":"anybody"})", R"({"name":7,"role":"viewer"})",
        R"({"name":"x","role":"viewer","more":1})", R"({"name":"","role":"viewer"})", "[]", "{"}) {
    EXPECT_EQ(send("POST", "/api/tokens", body).status(), 400) << body;
  }
  EXPECT_TRUE(tokens.list()->empty());
}

}  // namespace
}  // namespace pacs::web
