#include "web/viewer/viewer.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/network/process.h"

namespace pacs::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void write_gzip(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  gzFile file = gzopen(path.c_str(), "wb9");
  ASSERT_EQ(gzwrite(file, content.data(), static_cast<unsigned>(content.size())),
            static_cast<int>(content.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
}

class Viewer : public ::testing::Test {
 protected:
  Viewer() {
    write_gzip(std::filesystem::path(folder_ / "index.html.gz"), "<html>the viewer</html>");
    write_gzip(std::filesystem::path(folder_ / "app.bundle.0f6159c501addfe9.js.gz"), "run()");
    write_gzip(std::filesystem::path(folder_ / "assets/images/bone.png.gz"), "PNG");
    std::ofstream(std::filesystem::path(folder_ / "VERSION")) << "3.13.2 1234\n";
    add_viewer(router_, folder_.string());
  }

  Response get(std::vector<std::string> segments, Role role = Role::Viewer, Fields headers = {},
               Fields query = {}) {
    Request request;
    request.method = "GET";
    request.segments = std::move(segments);
    request.headers = std::move(headers);
    request.query = std::move(query);
    request.principal.role = role;
    const Router::Match match = router_.match("GET", request.segments);
    if (match.route == nullptr) return Response::problem(404, "no route");
    return std::get<Handler>(match.route->handler)(request);
  }
  static std::string field(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  static std::string body(const Response& response) { return std::get<std::string>(response.body); }

  network::TemporaryDirectory folder_;
  Router router_;
};

TEST_F(Viewer, FilesGoAsTheyLieToWhomTakesGzipElsePlain) {
  const Response gzip = get({"viewer", "app.bundle.0f6159c501addfe9.js"}, Role::Anybody,
                            {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(gzip.status, 200U);
  EXPECT_EQ(field(gzip, "Content-Encoding"), "gzip");
  EXPECT_EQ(field(gzip, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(field(gzip, "Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(body(gzip).substr(0, 2), "\x1F\x8B");
  const Response plain = get({"viewer", "app.bundle.0f6159c501addfe9.js"}, Role::Anybody);
  EXPECT_EQ(field(plain, "Content-Encoding"), "");
  EXPECT_EQ(body(plain), "run()");
  EXPECT_EQ(body(get({"viewer", "assets", "images", "bone.png"})), "PNG");
}

TEST_F(Viewer, MayMakeFunctionsOfTextButRunsNothingFromElsewhere) {
  for (const char* file : {"index.html", "app.bundle.0f6159c501addfe9.js"}) {
    const std::string policy = field(get({"viewer", file}), "Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self' 'unsafe-eval';"));
    EXPECT_THAT(policy, Not(HasSubstr("http")));
  }
}

TEST_F(Viewer, ItsOwnPathsGetItsPageAndWhoMayReadNothingLogsInFirst) {
  for (const auto& path : std::vector<std::vector<std::string>>{
           {"viewer"}, {"viewer", "index.html"}, {"viewer", "viewer"}, {"viewer", "microscopy"}}) {
    const Response page = get(path);
    EXPECT_EQ(body(page), "<html>the viewer</html>");
    EXPECT_EQ(field(page, "Cache-Control"), "no-cache");
  }
  const Response stranger =
      get({"viewer", "viewer"}, Role::Anybody, {}, {{"StudyInstanceUIDs", "1.2,3"}});
  EXPECT_EQ(stranger.status, 303U);
  EXPECT_EQ(field(stranger, "Location"),
            "/login?next=%2Fviewer%2Fviewer%3FStudyInstanceUIDs%3D1.2%252C3");
}

TEST_F(Viewer, WhatTheBrowserHasIsNotSentAgain) {
  const std::string etag = field(get({"viewer"}), "ETag");
  ASSERT_EQ(etag, "\"3.13.21234\"");
  const Response again = get({"viewer"}, Role::Viewer, {{"If-None-Match", etag}});
  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(body(again), "");
}

TEST_F(Viewer, NothingElseOfTheMachineIsRead) {
  EXPECT_EQ(get({"viewer", "VERSION"}).status, 200U) << "no file of the site: the viewer's page";
  EXPECT_EQ(body(get({"viewer", "VERSION"})), "<html>the viewer</html>");
  EXPECT_EQ(get({"viewer", "sw.js"}).status, 404U);
  EXPECT_EQ(get({"viewer", "..", "viewer_test.cpp"}).status, 404U);
  EXPECT_EQ(get({"viewer", "../../etc/passwd.x"}).status, 404U);
}

TEST_F(Viewer, ADamagedFileIsAnError) {
  std::ofstream(std::filesystem::path(folder_ / "assets/images/bone.png.gz")) << "not gzip at all";
  EXPECT_EQ(get({"viewer", "assets", "images", "bone.png"}).status, 500U);
  std::filesystem::remove(std::filesystem::path(folder_ / "assets/images/bone.png.gz"));
  EXPECT_EQ(get({"viewer", "assets", "images", "bone.png"}).status, 500U);
}

TEST_F(Viewer, WithoutItsFilesEveryPathSaysHowToGetThem) {
  Router without;
  add_viewer(without, std::filesystem::path(folder_ / "nowhere"));
  Request request;
  for (const auto& path :
       std::vector<std::vector<std::string>>{{"viewer"}, {"viewer", "app-config.js"}}) {
    request.segments = path;
    const Response answer = std::get<Handler>(without.match("GET", path).route->handler)(request);
    EXPECT_EQ(answer.status, 404U);
    EXPECT_THAT(body(answer), HasSubstr("scripts/dependency.sh viewer"));
  }
}

}  // namespace
}  // namespace pacs::web
