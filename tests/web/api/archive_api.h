// The fixture of the tests of /api: an archive in a folder of its own behind a server.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "integration/metrics.h"
#include "storage/archive.h"
#include "tests/storage/temporary_folder.h"
#include "tests/web/http/http_peer.h"

namespace pacs::web {

class ArchiveApiTest : public testing::Test {
 protected:
  ArchiveApiTest();
  void TearDown() override { server.reset(); }

  void serve(Router router) { server = std::make_unique<TestServer>(std::move(router)); }
  Answer get(std::string_view path) { return Peer(*server).gets(path); }
  Answer send(std::string_view method, std::string_view path, std::string_view body = "",
              std::string_view headers = "Content-Type: application/json\r\n");

  /// A small object of the series 1 of the study.
  void stores(const std::string& instance, const std::string& study = "1.2.3",
              const std::string& patient_id = "P1");

  storage::test::TemporaryFolder folder;
  std::unique_ptr<integration::Metrics> metrics = integration::Metrics::create();
  std::unique_ptr<storage::Archive> archive;
  std::unique_ptr<TestServer> server;
};

}  // namespace pacs::web
