// `pacs serve` as a process: what it says, answers, refuses, and how it ends.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

#include "apps/server/process_setup.h"
#include "apps/server/reachable_host.h"
#include "network/association.h"
#include "tests/apps/server_process.h"

namespace pacs::apps {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kCtImageStorage = "1.2.840.10008.5.1.4.1.1.2";
constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";
constexpr const char* kCtFile =
    "/usr/lib/python3/dist-packages/pydicom/data/test_files/CT_small.dcm";
constexpr std::string_view kCtInstance = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322";

/// The data set of a Part 10 file: what lies behind the meta group (PS3.10 §7.1).
Bytes data_set_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const ByteView bytes = as_bytes(whole);
  const ByteView data_set =
      bytes.subspan(144 + load<std::uint32_t>(bytes.data() + 140, ByteOrder::Little));
  return {data_set.begin(), data_set.end()};
}

/// The CT with pixel data of 8 MiB, too much to lie unsent in buffers.
Bytes large_data_set() {
  constexpr std::uint32_t kPixelBytes = 8U << 20;
  const Bytes small = data_set_of(kCtFile);
  const Bytes header = {std::byte{0xE0}, std::byte{0x7F}, std::byte{0x10}, std::byte{0x00},
                        std::byte{'O'},  std::byte{'W'},  std::byte{0},    std::byte{0}};
  const auto pixels = std::search(small.begin(), small.end(), header.begin(), header.end());
  Bytes large(small.begin(), pixels);
  append(large, header);
  append(large, kPixelBytes, ByteOrder::Little);
  large.resize(large.size() + kPixelBytes);
  return large;
}

/// A modality that stores one large CT, with something happening when half of it is sent.
class Modality {
 public:
  explicit Modality(const Server& server) {
    options_.port = server.dicom_port;
    options_.called_ae = "PACS";
    network::PresentationContextProposal context;
    context.abstract_syntax = kCtImageStorage;
    context.transfer_syntaxes = {std::string(kExplicitLittleEndian)};
    options_.contexts = {context};
  }

  /// The status of the response, or how it failed.
  Result<std::uint16_t> stores(std::function<void()> halfway) {
    boost::asio::io_context io;
    auto result = boost::asio::co_spawn(io, store(std::move(halfway)), boost::asio::use_future);
    io.run();
    return result.get();
  }

 private:
  network::Task<Result<std::uint16_t>> store(std::function<void()> halfway) {
    auto opened = co_await network::request_association(options_, {});
    if (!opened) co_return fail(opened.error());
    const auto association = *opened;
    network::Command request;
    request.field = network::CommandField::CStoreRq;
    request.message_id = 1;
    request.sop_class_uid = kCtImageStorage;
    request.sop_instance_uid = kCtInstance;
    request.has_data_set = true;
    request.priority = 0;
    const auto* context = association->negotiated().accepted_for(kCtImageStorage);
    if (context == nullptr) co_return fail(ErrorKind::Rejected, "no context for CT");
    const Bytes bytes = large_data_set();
    std::size_t at = 0;
    const Result<> sent =
        co_await association->send(context->id, request, [&]() -> Result<ByteView> {
          const ByteView piece =
              ByteView(bytes).subspan(at, std::min<std::size_t>(bytes.size() - at, 1 << 16));
          if (at <= bytes.size() / 2 && at + piece.size() > bytes.size() / 2) halfway();
          at += piece.size();
          return piece;
        });
    if (!sent) co_return fail(sent.error());
    const auto response = co_await association->receive();
    if (!response) co_return fail(response.error());
    if (!*response) co_return fail(ErrorKind::ConnectionClosed, "released");
    co_return (*response)->command.status.value_or(0xFFFF);
  }

  network::RequestOptions options_;
};

double bytes_received(const Server& server) {
  const std::string metrics = server.get("/metrics").body;
  const std::string series = "\npacs_dicom_bytes_total{direction=\"received\"} ";
  const auto at = metrics.find(series);
  return at == std::string::npos ? 0 : std::atof(metrics.c_str() + at + series.size());
}
/// By then it has the command and knows that an operation is in flight.
void wait_until_receiving(const Server& server) {
  while (bytes_received(server) < 1'000'000) std::this_thread::yield();
}
void wait_until_not_ready(const Server& server) {
  while (server.get("/readyz").status == 200) std::this_thread::yield();
}

TEST(Serve, SaysInPlainWordsWhatToGiveAModalityAndABrowserThenReady) {
  const Server server;
  const std::string& said = server.process.output();
  EXPECT_THAT(
      said, HasSubstr("AE title PACS, host 127.0.0.1, port " + std::to_string(server.dicom_port)));
  EXPECT_THAT(said, HasSubstr("Open in a browser:"));
  EXPECT_THAT(said, HasSubstr("Only programs on this computer can connect"));
  EXPECT_LT(said.find("Open in a browser:"), said.find("\nready\n"));
}

TEST(Serve, AnswersOnEveryEndpointOnceReady) {
  const Server server;
  EXPECT_EQ(server.get("/healthz").status, 200U);
  EXPECT_EQ(server.get("/readyz").status, 200U);
  EXPECT_EQ(server.get("/api/status").status, 200U);
  EXPECT_THAT(server.get("/").body, HasSubstr("PACS System"));
  const std::string metrics = server.get("/metrics").body;
  for (const char* name :
       {"process_resident_memory_bytes", "pacs_build_info", "pacs_associations_active",
        "pacs_log_lines_dropped_total", "pacs_log_queue_lines", "pacs_http_connections",
        "pacs_archive_entities", "pacs_archive_bytes"}) {
    EXPECT_THAT(metrics, HasSubstr(std::string("# TYPE ") + name));
  }
}

TEST(Serve, EveryMetricItShowsIsExplainedToOperators) {
  const Server server;
  ASSERT_TRUE(Modality(server).stores([] {}).has_value());
  std::ifstream file(PACS_SOURCE_DIR "/docs/OPERATIONS.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  std::istringstream lines(server.get("/metrics").body);
  constexpr std::string_view kType = "# TYPE ";
  int metrics = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kType)) continue;
    const std::string name = line.substr(kType.size(), line.find(' ', kType.size()) - kType.size());
    EXPECT_THAT(document, HasSubstr("`" + name));
    ++metrics;
  }
  EXPECT_GT(metrics, 20);
}

TEST(Serve, EndsWithZeroOnSigtermAndOnSigint) {
  for (const int number : {SIGTERM, SIGINT}) {
    Server server;
    server.process.gets_signal(number);
    EXPECT_EQ(server.process.exit_code(), 0);
    EXPECT_THAT(server.process.output(), HasSubstr("stopped\n")) << "the log is written to its end";
  }
}

TEST(Serve, LetsAStoreInFlightFinishAfterSigterm) {
  Server server;
  const auto status = Modality(server).stores([&] {
    wait_until_receiving(server);
    server.process.gets_signal(SIGTERM);
    wait_until_not_ready(server);
  });
  ASSERT_TRUE(status.has_value()) << status.error().to_string();
  EXPECT_EQ(*status, 0U);
  EXPECT_EQ(server.process.exit_code(), 0);
}

TEST(Serve, SaysWhyItIsNotReadyWhileItEnds) {
  Server server;
  Server::Answer answer;
  const auto status = Modality(server).stores([&] {
    wait_until_receiving(server);
    server.process.gets_signal(SIGTERM);
    wait_until_not_ready(server);
    answer = server.get("/readyz");
  });
  EXPECT_TRUE(status.has_value());
  EXPECT_EQ(answer.status, 503U);
  EXPECT_THAT(answer.body, HasSubstr("shutting down"));
}

TEST(Serve, ASecondSignalEndsItAtOnce) {
  Server server;
  int code = 0;
  const auto status = Modality(server).stores([&] {
    wait_until_receiving(server);
    server.process.gets_signal(SIGTERM);
    wait_until_not_ready(server);
    wait_until_receiving(server);
    server.process.gets_signal(SIGTERM);
    code = server.process.exit_code();
  });
  EXPECT_FALSE(status.has_value());
  EXPECT_EQ(code, 128 + SIGTERM);
}

TEST(Serve, GivesUpOnAStoreThatOutlivesTheGrace) {
  Server server({"server.shutdown_seconds=0"});
  int code = -1;
  const auto status = Modality(server).stores([&] {
    wait_until_receiving(server);
    server.process.gets_signal(SIGTERM);
    code = server.process.exit_code();
  });
  EXPECT_FALSE(status.has_value());
  EXPECT_EQ(code, 0);
}

TEST(Serve, OneIdLeadsThroughTheJsonLogFromAssociationToStoredInstance) {
  Server server({"logging.format=json"});
  const auto status = Modality(server).stores([] {});
  ASSERT_TRUE(status.has_value()) << status.error().to_string();
  server.process.gets_signal(SIGTERM);
  server.process.exit_code();
  std::string accepted, stored;
  std::istringstream lines(server.process.output());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('{')) continue;
    const auto row = boost::json::parse(line).as_object();
    const std::string message(row.at("message").as_string());
    if (message == "association accepted") accepted = row.at("id").as_string();
    if (line.find(kCtInstance) != std::string::npos) stored = row.at("id").as_string();
  }
  EXPECT_FALSE(accepted.empty());
  EXPECT_EQ(accepted, stored);
}

TEST(Serve, WritesItsLogToAFileWhenTold) {
  TemporaryFolder folder;
  const auto log = folder.path() / "pacs.log";
  Server server({"logging.file=" + log.string()});
  server.process.gets_signal(SIGTERM);
  EXPECT_EQ(server.process.exit_code(), 0);
  std::ifstream file(log);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("ready"));
  EXPECT_THAT(text, HasSubstr("stopped"));
  EXPECT_THAT(server.process.output(), Not(HasSubstr("stopped")));
}

TEST(Serve, IsNotReadyWhenTheArchiveTakesNothing) {
  const Server server({"storage.free_bytes_min=1125899906842624"});
  const auto answer = server.get("/readyz");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_THAT(answer.body, HasSubstr("\"Archive\",\"ok\":false"));
  EXPECT_EQ(server.get("/healthz").status, 200U);
}

TEST(Serve, APortInUseIsNamedWithItsKeyAndExits2) {
  const Server first;
  TemporaryFolder folder;
  const std::string data = "storage.path=" + (folder.path() / "data").string();
  for (const auto& [key, port] :
       {std::pair{"http.port", first.http_port}, {"dicom.port", first.dicom_port}}) {
    const std::string other = std::string(key) == "http.port" ? "dicom.port=0" : "http.port=0";
    Process second(
        {"serve", "--set", data, "--set", other, "--set", key + ("=" + std::to_string(port))});
    EXPECT_EQ(second.exit_code(), 2);
    EXPECT_THAT(second.output(), HasSubstr(std::string("pacs serve: ") + key + ": cannot listen"));
    EXPECT_THAT(second.output(), HasSubstr(std::to_string(port)));
  }
}

TEST(Serve, RefusesToListenBeyondLoopbackUnlessToldTo) {
  TemporaryFolder folder;
  const std::string data = "storage.path=" + (folder.path() / "data").string();
  for (const char* key : {"dicom.listen", "http.listen"}) {
    Process server({"serve", "--set", data, "--set", key + std::string("=0.0.0.0")});
    EXPECT_EQ(server.exit_code(), 2);
    EXPECT_THAT(server.output(), HasSubstr(key));
    EXPECT_THAT(server.output(), HasSubstr("allow_unauthenticated_remote"));
  }
}

TEST(Serve, ASecondServerOnTheSameDataIsRefused) {
  const Server first;
  Process second({"serve", "--set", "dicom.port=0", "--set", "http.port=0", "--set",
                  "storage.path=" + (first.folder.path() / "data").string()});
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_THAT(second.output(), HasSubstr("pacs serve: "));
}

TEST(Serve, ALogThatCannotBeOpenedExits2AndNamesTheKey) {
  Process server({"serve", "--set", "logging.file=/nonexistent/pacs.log"});
  EXPECT_EQ(server.exit_code(), 2);
  EXPECT_THAT(server.output(), HasSubstr("logging.file"));
}

TEST(ReachableHost, IsTheAddressItselfUnlessItMeansAllNetworks) {
  EXPECT_EQ(reachable_host("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(reachable_host("192.0.2.7"), "192.0.2.7");
  EXPECT_NE(reachable_host("0.0.0.0"), "0.0.0.0");
  EXPECT_NE(reachable_host("::"), "::");
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
}

TEST(ReachableHost, UrlsPutIpv6InBrackets) {
  EXPECT_EQ(browser_url("http", "127.0.0.1", 8080), "http://127.0.0.1:8080/");
  EXPECT_EQ(browser_url("http", "::1", 8080), "http://[::1]:8080/");
}

}  // namespace
}  // namespace pacs::apps
