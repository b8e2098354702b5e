#include "apps/commands/http_client.h"

#include <thread>

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace pacs::apps {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

/// Listens on a free port; answers one request with `answer`, or lets it wait.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    if (!answer_.empty()) thread_ = std::thread([this] { serve(); });
  }
  ~OneAnswer() {
    if (thread_.joinable()) thread_.join();
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  /// What was asked; after the answer.
  std::string request() {
    thread_.join();
    return request_;
  }

 private:
  void serve() {
    tcp::socket socket = acceptor_.accept();
    boost::system::error_code ignored;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(request_), "\r\n\r\n", ignored);
    boost::asio::write(socket, boost::asio::buffer(answer_), ignored);
  }

  std::string answer_, request_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::make_address("127.0.0.1"), 0}};
  std::thread thread_;
};

TEST(HttpClient, ARequestGetsItsAnswer) {
  OneAnswer server("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nmade");
  const auto reply = http_request("POST", server.url("/api/x?a=%20"), "{}");
  ASSERT_TRUE(reply) << reply.error().to_string();
  EXPECT_EQ(reply->status, 201U);
  EXPECT_EQ(reply->body, "made");
  EXPECT_TRUE(reply->ok());
  const std::string request = server.request();
  EXPECT_THAT(request, StartsWith("POST /api/x?a=%20 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Length: 2\r\n"));
}

TEST(HttpClient, WhoDoesNotListenAnswerOrSpeakHttpIsTold) {
  std::string url;
  {
    const OneAnswer gone("");
    url = gone.url();
  }
  EXPECT_EQ(http_request("GET", url).error().kind, ErrorKind::ConnectionClosed);
  const OneAnswer silent("");
  EXPECT_EQ(http_request("GET", silent.url(), {}, milliseconds{50}).error().kind,
            ErrorKind::Timeout);
  OneAnswer other("220 mail.example.com ESMTP\r\n\r\n");
  EXPECT_EQ(http_request("GET", other.url()).error().kind, ErrorKind::Malformed);
  EXPECT_EQ(http_request("GET", "ftp://127.0.0.1/").error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(http_request("GET", "nonsense").error().kind, ErrorKind::InvalidArgument);
}

TEST(HttpClient, AProblemSaysItsDetail) {
  EXPECT_EQ(reason_of({409, R"({"title":"Conflict","detail":"it is there"})"}), "it is there");
  EXPECT_EQ(reason_of({502, "<html>"}), "the server answered 502");
}

}  // namespace
}  // namespace pacs::apps
