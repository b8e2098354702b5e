#include "web/api/remote_aes.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network/association.h"
#include "network/server.h"
#include "services/dispatch/remote_aes.h"
#include "services/dispatch/responder.h"
#include "services/verification/verification_scp.h"
#include "tests/web/api/archive_api.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;

class RemoteAesApiTest : public ArchiveApiTest {
 protected:
  RemoteAesApiTest() {
    remotes = std::make_unique<services::RemoteAes>(
        *archive, std::vector<storage::RemoteAe>{{"FIXED", "10.0.0.1", 104}},
        network::RequestOptions{});
    Router router;
    add_remote_aes(router, *remotes, workers, [this](std::string_view title) { entered += title; });
    serve(std::move(router));
  }

  integration::WorkPool workers{1};
  std::unique_ptr<services::RemoteAes> remotes;
  std::string entered;
};

/// A host that takes connections and never says a word.
class MuteHost {
 public:
  MuteHost() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(socket_, 5);
    socklen_t length = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~MuteHost() { goes(); }
  MuteHost(const MuteHost&) = delete;
  MuteHost& operator=(const MuteHost&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] bool is_called() const {
    pollfd ready{socket_, POLLIN, 0};
    return ::poll(&ready, 1, 10'000) == 1;
  }
  /// Whoever waits is told.
  void goes() {
    if (const int socket = std::exchange(socket_, -1); socket >= 0) ::close(socket);
  }

 private:
  int socket_, port_ = 0;
};

constexpr std::string_view kSink = R"({"ae_title":"SINK","host":"127.0.0.1","port":11112})";

TEST_F(RemoteAesApiTest, EntriesAreMadeShownReplacedAndRemoved) {
  const Answer made = send("POST", "/api/remote-aes", kSink);
  EXPECT_EQ(made.status(), 201);
  EXPECT_EQ(made.header("Location"), "/api/remote-aes/SINK");
  EXPECT_EQ(get("/api/remote-aes/SINK").body,
            R"({"ae_title":"SINK","host":"127.0.0.1","port":11112,"tls":false,"comment":"",)"
            R"("configured":false})"
            "\n");
  EXPECT_EQ(
      send("PUT", "/api/remote-aes/SINK", R"({"host":"other","port":104,"tls":true})").status(),
      200);
  EXPECT_THAT(get("/api/remote-aes").body, HasSubstr(R"("host":"other")"));
  EXPECT_EQ(send("DELETE", "/api/remote-aes/SINK", "").status(), 204);
  EXPECT_EQ(get("/api/remote-aes/SINK").status(), 404);
  EXPECT_EQ(send("DELETE", "/api/remote-aes/SINK", "").status(), 404);
}

TEST_F(RemoteAesApiTest, WhoeverIsEnteredOrReplacedIsTold) {
  send("POST", "/api/remote-aes", kSink);
  EXPECT_EQ(entered, "SINK");
  send("PUT", "/api/remote-aes/SINK", R"({"host":"other","port":104})");
  EXPECT_EQ(entered, "SINKSINK");
  send("PUT", "/api/remote-aes/FIXED", R"({"host":"x","port":1})");
  send("POST", "/api/remote-aes", "{}");
  send("DELETE", "/api/remote-aes/SINK", "");
  EXPECT_EQ(entered, "SINKSINK") << "refused, or gone";
}

TEST_F(RemoteAesApiTest, ATitleThatNoPathMayHoldIsWrittenOtherwise) {
  for (const auto& [title, place] : {std::pair{"A/B", "A~1B"}, std::pair{"..", "~2."}}) {
    const Answer made =
        send("POST", "/api/remote-aes",
             R"({"host":"127.0.0.1","port":104,"ae_title":")" + std::string(title) + R"("})");
    EXPECT_EQ(made.status(), 201) << made.body;
    const std::string path = "/api/remote-aes/" + std::string(place);
    EXPECT_EQ(made.header("Location"), path);
    EXPECT_EQ(get(path).status(), 200);
    EXPECT_EQ(send("DELETE", path, "").status(), 204);
  }
}

TEST_F(RemoteAesApiTest, WhatAnEntryGivesCanBePutBack) {
  send("POST", "/api/remote-aes", kSink);
  const std::string shown = get("/api/remote-aes/SINK").body;
  EXPECT_EQ(send("PUT", "/api/remote-aes/SINK", shown).status(), 200);
  EXPECT_EQ(get("/api/remote-aes/SINK").body, shown);
}

TEST_F(RemoteAesApiTest, ANameThatIsNoUtf8IsAnsweredInUtf8) {
  const Answer answer = get("/api/remote-aes/%ff");
  EXPECT_EQ(answer.status(), 404);
  EXPECT_THAT(answer.body, HasSubstr("\xEF\xBF\xBD"));
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("\xFF")));
}

TEST_F(RemoteAesApiTest, TheConfigurationIsShownAndNotChanged) {
  EXPECT_THAT(get("/api/remote-aes").body, HasSubstr(R"("configured":true)"));
  const Answer answer = send("PUT", "/api/remote-aes/FIXED", R"({"host":"x","port":1})");
  EXPECT_EQ(answer.status(), 409);
  EXPECT_THAT(answer.body, HasSubstr("[[remote_ae]]"));
  EXPECT_EQ(send("DELETE", "/api/remote-aes/FIXED", "").status(), 409);
}

TEST_F(RemoteAesApiTest, WrongBodiesAreAnswered400WithWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "not JSON"},
      {"[]", "one JSON object"},
      {R"({"host":"h","port":104})", "ae_title"},
      {R"({"ae_title":"A","port":104})", "host"},
      {R"({"ae_title":"A","host":"h"})", "port"},
      {R"({"ae_title":"A","host":"h","port":0})", "port must be a number from 1 to 65535"},
      {R"({"ae_title":"A","host":"h","port":"104"})", "port must be a number"},
      {R"({"ae_title":7,"host":"h","port":104})", "ae_title must be a string"},
      {R"({"ae_title":"A","host":"h","port":104,"tls":1})", "tls must be true or false"},
      {R"({"ae_title":"A","host":"h","port":104,"prot":2})", "prot is unknown"},
      {R"({"ae_title":"ABCDEFGHIJKLMNOPQ","host":"h","port":104})", "ae_title"}};
  for (const auto& [body, what] : rows) {
    const Answer answer = send("POST", "/api/remote-aes", body);
    EXPECT_EQ(answer.status(), 400) << body;
    EXPECT_THAT(answer.body, HasSubstr(what)) << body;
  }
  const Answer other = send("PUT", "/api/remote-aes/OTHER", kSink);
  EXPECT_EQ(other.status(), 400);
  EXPECT_THAT(other.body, HasSubstr("differs"));
}

TEST_F(RemoteAesApiTest, OtherOriginsAndFormsChangeNothing) {
  EXPECT_EQ(send("POST", "/api/remote-aes", kSink,
                 "Content-Type: application/json\r\nOrigin: http://evil.example\r\n")
                .status(),
            403);
  EXPECT_EQ(
      send("POST", "/api/remote-aes", kSink, "Content-Type: application/json\r\nOrigin: null\r\n")
          .status(),
      403);
  EXPECT_EQ(send("DELETE", "/api/remote-aes/SINK", "", "Origin: http://evil.example\r\n").status(),
            403);
  EXPECT_EQ(send("POST", "/api/remote-aes", kSink, "Content-Type: text/plain\r\n").status(), 415);
  EXPECT_EQ(send("POST", "/api/remote-aes", kSink, "").status(), 415);
  EXPECT_EQ(get("/api/remote-aes/SINK").status(), 404);
  EXPECT_EQ(send("POST", "/api/remote-aes", kSink,
                 "Content-Type: application/json; charset=utf-8\r\nOrigin: http://LOCALHOST\r\n")
                .status(),
            201);
}

TEST_F(RemoteAesApiTest, EchoesToHostsThatDoNotAnswerHoldNobodyUp) {
  MuteHost mute;
  send("POST", "/api/remote-aes",
       fmt::format(R"({{"ae_title":"MUTE","host":"127.0.0.1","port":{}}})", mute.port()));
  std::vector<std::unique_ptr<Peer>> askers;
  for (int i = 0; i < 4; ++i) {  // there are two handler threads
    askers.push_back(std::make_unique<Peer>(*server));
    askers.back()->sends(
        "POST /api/remote-aes/MUTE/echo HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n");
  }
  EXPECT_TRUE(mute.is_called());
  EXPECT_EQ(get("/api/remote-aes").status(), 200);
  for (const auto& asker : askers) EXPECT_TRUE(asker->has_nothing());
  mute.goes();
  for (const auto& asker : askers) EXPECT_THAT(asker->receives().body, HasSubstr(R"("ok":false)"));
}

TEST_F(RemoteAesApiTest, AnEchoSaysWhetherThePeerIsThereAndWhyNot) {
  services::Responder responder{integration::Logger{}, nullptr};
  responder.add(std::make_unique<services::VerificationScp>());
  network::AcceptorPolicy policy = responder.policy({});
  policy.ae_title = "SINK";
  network::ServerOptions options;
  options.port = 0;
  auto peer = network::Server::start(
      server->pool, options, std::move(policy),
      [&](auto association) { return responder.serve(std::move(association)); }, {}, nullptr);
  ASSERT_TRUE(peer);
  const std::string port = std::to_string((*peer)->port());
  send("POST", "/api/remote-aes", R"({"ae_title":"SINK","host":"127.0.0.1","port":)" + port + "}");
  send("POST", "/api/remote-aes", R"({"ae_title":"WRONG","host":"127.0.0.1","port":)" + port + "}");

  const Answer good = send("POST", "/api/remote-aes/SINK/echo", "");
  EXPECT_EQ(good.status(), 200);
  EXPECT_THAT(good.body, HasSubstr(R"("ok":true)"));
  EXPECT_THAT(good.body, HasSubstr(R"("milliseconds":)"));
  const Answer rejected = send("POST", "/api/remote-aes/WRONG/echo", "");
  EXPECT_THAT(rejected.body, HasSubstr(R"("ok":false)"));
  EXPECT_THAT(rejected.body, HasSubstr("called AE title"));
  peer->reset();
  const Answer gone = send("POST", "/api/remote-aes/SINK/echo", "");
  EXPECT_THAT(gone.body, HasSubstr(R"("ok":false)"));
  EXPECT_THAT(gone.body, HasSubstr("cannot connect"));
  EXPECT_EQ(send("POST", "/api/remote-aes/NOBODY/echo", "").status(), 404);
}

}  // namespace
}  // namespace pacs::web
