// Who may call what, and from which pages: each role against each row, over real connections.
#include "web/http/guard.h"

#include <array>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/web/http/http_peer.h"

namespace pacs::web {
namespace {

constexpr std::array kRoles{Role::Anybody, Role::Viewer, Role::Uploader, Role::Administrator};

Router one_row_for_each_role() {
  Router router;
  for (const Role role : kRoles) {
    const auto done = [](const Request&) { return Response::text(200, "done"); };
    const std::string path = "/" + std::string(to_string(role));
    router.add({"GET", path, role, done});
    router.add({"POST", path, role, done, RequestBody::Json});
    router.add({"PUT", path, role,
                [](Request&) -> boost::asio::awaitable<Response> {
                  co_return Response::text(200, "done");
                },
                RequestBody::Streamed});
  }
  return router;
}

/// Whoever names a role has it.
HttpOptions named_roles() {
  HttpOptions options;
  options.authenticate = [](const Request& request) {
    const auto role = parse_role(request.header("X-Role"));
    return Principal{"the test", role.value_or(Role::Anybody)};
  };
  return options;
}

TEST(Guard, EachRoleMayWhatTheRowsUpToItAllow) {
  TestServer server(one_row_for_each_role(), named_roles());
  for (const Role needed : kRoles) {
    for (const Role role : kRoles) {
      for (const char* method : {"GET", "HEAD", "POST", "PUT"}) {
        const unsigned expected = role >= needed ? 200 : role == Role::Anybody ? 401 : 403;
        Peer peer(server);
        peer.sends(
            fmt::format("{} /{} HTTP/1.1\r\nHost: localhost\r\nX-Role: {}\r\nContent-Type: "
                        "application/json\r\nContent-Length: 2\r\n\r\n{{}}",
                        method, to_string(needed), to_string(role)));
        const Answer answer = peer.receives(method == std::string_view("HEAD"));
        EXPECT_EQ(answer.status(), static_cast<int>(expected))
            << method << " " << to_string(needed) << " by " << to_string(role);
        EXPECT_EQ(answer.header("WWW-Authenticate").empty(), expected != 401);
      }
    }
  }
}

TEST(Guard, APageOfAnotherOriginMayNotChangeAnything) {
  HttpOptions options = named_roles();
  options.cors_origins = {"https://viewer.example"};
  TestServer server(one_row_for_each_role(), options);
  const auto post = [&](std::string_view origin) {
    return Peer(server).asks(
        fmt::format("POST /viewer HTTP/1.1\r\nHost: localhost:8080\r\nX-Role: viewer\r\nOrigin: "
                    "{}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
                    origin));
  };
  EXPECT_EQ(post("http://localhost:8080").status(), 200);
  EXPECT_EQ(post("https://LOCALHOST:8080").status(), 200) << "a proxy may speak HTTPS for us";
  const Answer allowed = post("https://viewer.example");
  EXPECT_EQ(allowed.status(), 200);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://viewer.example");
  for (const char* foreign : {"https://evil.example", "null", "http://localhost:9090",
                              "https://viewer.example.evil.example"}) {
    const Answer answer = post(foreign);
    EXPECT_EQ(answer.status(), 403) << foreign;
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "") << foreign;
  }
}

TEST(Guard, ABrowserIsToldWhatAPageElsewhereMaySend) {
  HttpOptions options = named_roles();
  options.cors_origins = {"https://viewer.example"};
  TestServer server(one_row_for_each_role(), options);
  const auto preflight = [&](std::string_view origin) {
    return Peer(server).asks(fmt::format(
        "OPTIONS /viewer HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\nAccess-Control-Request-"
        "Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n",
        origin));
  };
  const Answer allowed = preflight("https://viewer.example");
  EXPECT_EQ(allowed.status(), 204);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://viewer.example");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Methods"), "GET, HEAD, POST, PUT, OPTIONS");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Headers"), "authorization");
  EXPECT_EQ(preflight("https://evil.example").header("Access-Control-Allow-Origin"), "");
}

TEST(Guard, AFormIsNoJson) {
  TestServer server(one_row_for_each_role(), named_roles());
  Peer peer(server);
  EXPECT_EQ(peer.asks("POST /anybody HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      "text/plain\r\nContent-Length: 2\r\n\r\n{}")
                .status(),
            415);
}

TEST(Guard, ABodyThatIsCodedIsRefusedAndNeverTakenForWhatItIsNot) {
  TestServer server(one_row_for_each_role(), named_roles());
  const auto put = [&](const char* coding) {
    return Peer(server).asks(
        fmt::format("PUT /anybody HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: {}\r\n"
                    "Content-Length: 2\r\n\r\n{{}}",
                    coding));
  };
  EXPECT_EQ(put("identity").status(), 200);
  for (const char* coding : {"gzip", "identity, gzip"}) {
    const Answer answer = put(coding);
    EXPECT_EQ(answer.status(), 415) << coding;
    EXPECT_EQ(answer.header("Accept-Encoding"), "identity");
    EXPECT_NE(answer.body.find("gzip is not decoded here"), std::string::npos) << answer.body;
  }
}

TEST(Guard, WhoMayNotStoreIsToldBeforeHisImagesAreRead) {
  TestServer server(one_row_for_each_role(), named_roles());
  Peer peer(server);
  peer.sends(
      "PUT /uploader HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\nfirst");
  EXPECT_EQ(peer.receives().status(), 401);
}

}  // namespace
}  // namespace pacs::web
