#include "storage/index/remote_ae.h"

#include <algorithm>

namespace pacs::storage {
namespace {

constexpr std::size_t kAeTitleCharactersMax = 16;
constexpr std::size_t kHostCharactersMax = 253;  // RFC 1035 §2.3.4
constexpr std::size_t kCommentBytesMax = 1024;

bool is_printable(char letter) {
  return letter >= ' ' && letter <= '~';
}

tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

}  // namespace

Result<> check(const RemoteAe& remote) {
  const std::string& title = remote.ae_title;
  if (title.empty() || title.size() > kAeTitleCharactersMax || title.front() == ' ' ||
      title.back() == ' ' || title.find('\\') != std::string::npos ||
      !std::ranges::all_of(title, is_printable)) {
    return refuse(
        "ae_title: 1 to 16 ASCII characters without backslash, no space at either end "
        "(PS3.5 Table 6.2-1)");
  }
  const std::string& host = remote.host;
  if (host.empty() || host.size() > kHostCharactersMax ||
      !std::ranges::all_of(host,
                           [](char letter) { return is_printable(letter) && letter != ' '; })) {
    return refuse("host: a name or an address of 1 to 253 characters");
  }
  if (remote.port == 0) return refuse("port: 1 to 65535");
  if (remote.comment.size() > kCommentBytesMax) return refuse("comment: 1024 bytes at most");
  return {};
}

}  // namespace pacs::storage
