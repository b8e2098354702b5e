#include "tests/web/api/archive_api.h"

#include <string>

#include <fmt/format.h>

namespace pacs::web {

ArchiveApiTest::ArchiveApiTest() {
  storage::ArchiveOptions options;
  options.path = folder.path();
  options.durability = storage::Durability::Os;
  options.free_bytes_min = 0;
  archive = *storage::Archive::open(std::move(options));
}

Answer ArchiveApiTest::send(std::string_view method, std::string_view path, std::string_view body,
                            std::string_view headers) {
  return Peer(*server).asks(
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", method,
                  path, headers, body.size(), body));
}

}  // namespace pacs::web
