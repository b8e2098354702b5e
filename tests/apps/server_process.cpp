#include "tests/apps/server_process.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace pacs::apps {
namespace {

constexpr int kPatienceMs = 60'000;

std::string program() {
  const char* named = std::getenv("PACS");
  return named != nullptr ? named : PACS_BINARY_DIR "/pacs";
}

std::vector<std::string> serve_arguments(const std::filesystem::path& folder,
                                         std::vector<std::string> settings) {
  settings.insert(settings.begin(),
                  {"dicom.port=0", "http.port=0", "storage.path=" + (folder / "data").string()});
  const auto config = folder / "pacs.toml";  // so that none of the machine's is read
  std::ofstream(config) << "# all defaults\n";
  std::vector<std::string> arguments{"serve", "--config", config.string()};
  for (auto& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(std::move(setting));
  }
  return arguments;
}

/// The number behind `text` in `output`.
std::uint16_t number_behind(const std::string& output, std::string_view text) {
  const auto at = output.find(text);
  EXPECT_NE(at, std::string::npos) << text << " in:\n" << output;
  if (at == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::atoi(output.c_str() + at + text.size()));
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = testing::TempDir() + "pacs-apps-XXXXXX";
  path_ = ::mkdtemp(name.data());
}
TemporaryFolder::~TemporaryFolder() {
  std::filesystem::remove_all(path_);
}

Process::Process(const std::vector<std::string>& arguments) {
  const std::string path = program();
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execv(path.c_str(), argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pipe_);
  if (testing::Test::HasFailure()) std::fprintf(stderr, "the program said:\n%s\n", output_.c_str());
}

bool Process::read_more() {
  pollfd waiting{pipe_, POLLIN, 0};
  const int changed = ::poll(&waiting, 1, kPatienceMs);
  EXPECT_EQ(changed, 1) << "the program is silent";
  if (changed != 1) return false;
  char bytes[4096];
  const auto count = ::read(pipe_, bytes, sizeof bytes);
  if (count <= 0) return false;
  output_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

void Process::says(std::string_view text) {
  while (output_.find(text) == std::string::npos) {
    if (!read_more()) {
      ADD_FAILURE() << "the program ended before it said \"" << text << "\"";
      return;
    }
  }
}

void Process::gets_signal(int number) const {
  ::kill(pid_, number);
}

int Process::exit_code() {
  while (read_more()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Server::Server(std::vector<std::string> settings)
    : process(serve_arguments(folder.path(), std::move(settings))) {
  process.says("\nready\n");
  dicom_port = number_behind(process.output(), "host 127.0.0.1, port ");
  http_port = number_behind(process.output(), "http://127.0.0.1:");
}

Server::Answer Server::get(std::string_view target) const {
  namespace http = boost::beast::http;
  boost::asio::io_context io;
  boost::beast::tcp_stream stream(io);
  boost::system::error_code error;
  stream.connect({boost::asio::ip::address_v4::loopback(), http_port}, error);
  if (error) return {};
  http::request<http::empty_body> request(http::verb::get, {target.data(), target.size()}, 11);
  request.set(http::field::host, "localhost");
  http::write(stream, request, error);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (!error) http::read(stream, buffer, response, error);
  if (error) return {};
  return {response.result_int(), std::move(response.body())};
}

}  // namespace pacs::apps
