// Who may call what: every row of the running server against everybody who may ask, over real
// sockets. A row without a line here fails, and so does a line without a row.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "apps/server/open_archive.h"
#include "apps/server/server_graph.h"
#include "tests/apps/server_process.h"
#include "web/auth/tokens.h"

namespace pacs::apps {
namespace {

namespace http = boost::beast::http;

/// Those who ask, in the order of the columns below. All but the last come by a proxy, so that
/// their address says nothing for them.
enum class Who { Nobody, Viewer, Uploader, Administrator, ThisMachine };
constexpr std::array kEverybody{Who::Nobody, Who::Viewer, Who::Uploader, Who::Administrator,
                                Who::ThisMachine};

struct Row {
  std::string_view method, pattern;
  std::string_view may;  ///< a letter for each of kEverybody; '-' for who may not
};
// clang-format off
constexpr std::array kTable{
    Row{"GET",     "/",                              "nvuam"},
    Row{"GET",     "/favicon.ico",                   "nvuam"},
    Row{"GET",     "/ui/{file}",                     "nvuam"},
    Row{"GET",     "/healthz",                       "nvuam"},
    Row{"GET",     "/readyz",                        "nvuam"},
    Row{"GET",     "/metrics",                       "-vuam"},
    Row{"GET",     "/login",                         "nvuam"},
    Row{"POST",    "/login",                         "nvuam"},
    Row{"POST",    "/logout",                        "nvuam"},
    Row{"GET",     "/api/status",                    "-vuam"},
    Row{"GET",     "/api/me",                        "nvuam"},
    Row{"GET",     "/api/openapi.json",              "nvuam"},
    Row{"GET",     "/api/attributes",                "-vuam"},
    Row{"GET",     "/api/configuration",             "---am"},
    Row{"GET",     "/api/history",                   "-vuam"},
    Row{"POST",    "/api/send",                      "---am"},
    Row{"GET",     "/api/tokens",                    "---am"},
    Row{"POST",    "/api/tokens",                    "---am"},
    Row{"DELETE",  "/api/tokens/{name}",             "---am"},
    Row{"GET",     "/api/conflicts",                 "-vuam"},
    Row{"DELETE",  "/api/conflicts/{study}",         "---am"},
    Row{"GET",     "/api/jobs",                      "-vuam"},
    Row{"GET",     "/api/jobs/{id}",                 "-vuam"},
    Row{"PATCH",   "/api/jobs/{id}",                 "---am"},
    Row{"DELETE",  "/api/jobs/{id}",                 "---am"},
    Row{"POST",    "/api/jobs/{id}/cancel",          "---am"},
    Row{"POST",    "/api/jobs/{id}/retry",           "---am"},
    Row{"GET",     "/api/performed-steps",           "-vuam"},
    Row{"GET",     "/api/performed-steps/{uid}",     "-vuam"},
    Row{"GET",     "/api/remote-aes",                "-vuam"},
    Row{"POST",    "/api/remote-aes",                "---am"},
    Row{"GET",     "/api/remote-aes/{title}",        "-vuam"},
    Row{"PUT",     "/api/remote-aes/{title}",        "---am"},
    Row{"DELETE",  "/api/remote-aes/{title}",        "---am"},
    Row{"POST",    "/api/remote-aes/{title}/echo",   "---am"},
    Row{"GET",     "/api/worklist",                  "-vuam"},
    Row{"POST",    "/api/worklist",                  "---am"},
    Row{"GET",     "/api/worklist/{study}/{step}",   "-vuam"},
    Row{"PUT",     "/api/worklist/{study}/{step}",   "---am"},
    Row{"DELETE",  "/api/worklist/{study}/{step}",   "---am"},
    Row{"POST",    "/api/worklist/{study}/{step}/cancel", "---am"},
    Row{"GET",     "/dicomweb/studies",              "-vuam"},
    Row{"POST",    "/dicomweb/studies",              "--uam"},
    Row{"GET",     "/dicomweb/series",               "-vuam"},
    Row{"GET",     "/dicomweb/instances",            "-vuam"},
    Row{"GET",     "/dicomweb/wado",                 "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}",      "-vuam"},
    Row{"POST",    "/dicomweb/studies/{study}",      "--uam"},
    Row{"GET",     "/dicomweb/studies/{study}/metadata",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/rendered",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/thumbnail", "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series",    "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/instances", "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}",           "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/metadata",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/rendered",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/thumbnail", "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances", "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}",           "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/metadata",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/rendered",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/thumbnail", "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path}",           "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",           "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered",  "-vuam"},
    Row{"GET",     "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail", "-vuam"},
};
// clang-format on

/// The service says of each of its resources what can be done with it (PS3.18 §8.9.1), to anybody.
constexpr Row kDescriptions{"OPTIONS", "/dicomweb/...", "nvuam"};

/// The viewer's files, however deep: its page sends whom it does not know to the login.
constexpr Row kViewer{"GET", "/viewer/...", "nvuam"};

const Row* row_of(const web::Route& route) {
  if (route.method == kViewer.method && route.pattern.starts_with("/viewer")) return &kViewer;
  if (route.method == kDescriptions.method && route.pattern.starts_with("/dicomweb/")) {
    return &kDescriptions;
  }
  const auto row = std::ranges::find_if(kTable, [&](const Row& one) {
    return one.method == route.method && one.pattern == route.pattern;
  });
  return row == kTable.end() ? nullptr : &*row;
}

/// "/api/jobs/{id}" as "/api/jobs/1.2.3".
std::string target_of(std::string_view pattern) {
  std::string target;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '{') {
      target += pattern[at];
      continue;
    }
    target += "1.2.3";
    at = pattern.find('}', at);
  }
  return target;
}

class RouteAccess : public testing::Test {
 protected:
  RouteAccess() {
    LoadedConfig loaded = load_config({});
    Config& config = loaded.config;
    config.dicom.port = config.http.port = 0;
    config.storage.path = folder_.path() / "data";
    web::Tokens tokens(tokens_file(config));
    auto graph = ServerGraph::start(loaded, {});
    EXPECT_TRUE(graph.has_value()) << graph.error().to_string();
    graph_ = *std::move(graph);
    const std::string url = graph_->http_url();
    port_ = static_cast<std::uint16_t>(std::atoi(url.substr(url.rfind(':') + 1).c_str()));
    for (const auto& [who, role] :
         {std::pair{Who::Viewer, web::Role::Viewer}, std::pair{Who::Uploader, web::Role::Uploader},
          std::pair{Who::Administrator, web::Role::Administrator}}) {
      secrets_[who] = tokens.create("a test", role).value().secret;
    }
  }
  ~RouteAccess() override { graph_->shut_down(std::chrono::seconds(5)); }

  unsigned status(std::string_view method, const std::string& target, Who who) {
    http::request<http::string_body> request;
    request.method_string({method.data(), method.size()});
    request.target(target);
    request.set(http::field::host, "localhost");
    request.set(http::field::content_type, "application/json");
    if (who != Who::ThisMachine) request.set("X-Forwarded-For", "192.0.2.7");
    if (secrets_.contains(who)) request.set("Authorization", "Bearer " + secrets_[who]);
    if (method != "GET" && method != "HEAD") request.body() = "{}";
    request.prepare_payload();
    boost::asio::io_context io;
    boost::beast::tcp_stream stream(io);
    stream.connect({boost::asio::ip::address_v4::loopback(), port_});
    http::write(stream, request);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> response;
    response.skip(method == "HEAD");
    http::read(stream, buffer, response);
    return response.get().result_int();
  }

  TemporaryFolder folder_;
  std::unique_ptr<ServerGraph> graph_;
  std::uint16_t port_ = 0;
  std::map<Who, std::string> secrets_;
};

TEST_F(RouteAccess, EveryRowIsOpenToWhomTheTableSaysAndToNobodyElse) {
  const web::Router router = graph_->routes();
  std::set<const Row*> met;
  for (const web::Route& route : router.routes()) {
    const Row* row = row_of(route);
    ASSERT_NE(row, nullptr) << "the table has no line for " << route.method << " " << route.pattern;
    met.insert(row);
    std::vector<std::string> methods{route.method};
    if (route.method == "GET") methods.emplace_back("HEAD");
    for (const std::string& method : methods) {
      for (std::size_t i = 0; i < kEverybody.size(); ++i) {
        const unsigned got = status(method, target_of(route.pattern), kEverybody[i]);
        const unsigned denied = kEverybody[i] == Who::Nobody ? 401 : 403;
        const std::string cell = fmt::format("{} {} for column {}", method, route.pattern, i);
        if (row->may[i] == '-') {
          EXPECT_EQ(got, denied) << cell;
        } else {
          EXPECT_TRUE(got != 401 && got != 403) << cell << ": " << got;
        }
      }
    }
  }
  EXPECT_EQ(met.size(), kTable.size() + 2) << "a line of the table has no row";
}

TEST_F(RouteAccess, ATokenThatIsNoneMakesThisMachineNobody) {
  secrets_[Who::ThisMachine] = "pacs_0000000000000000000000000000000000000000000";
  EXPECT_EQ(status("GET", "/api/status", Who::ThisMachine), 401);
  EXPECT_EQ(status("GET", "/healthz", Who::ThisMachine), 200);
}

}  // namespace
}  // namespace pacs::apps
