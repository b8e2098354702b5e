#include "web/http/content_coding.h"

#include <string>

#include <gmock/gmock.h>
#include <zlib.h>
#include <zstd.h>

namespace pacs::web {
namespace {

std::string field(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (equal_without_case(key, name)) return value;
  }
  return {};
}

std::string body_of(Response& response) {
  std::string all;
  auto& body = std::get<StreamedBody>(response.body);
  for (;;) {
    const Result<ByteView> piece = body.next();
    EXPECT_TRUE(piece.has_value());
    if (!piece || piece->empty()) return all;
    all += as_text(*piece);
  }
}

std::string gunzipped(const std::string& bytes, std::size_t size) {
  std::string text(size, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  return text;
}

std::string some_json(std::size_t rows) {
  std::string text = "[";
  for (std::size_t i = 0; i < rows; ++i) text += "{\"00080018\":{\"vr\":\"UI\"}},";
  return text + "null]";
}

TEST(ContentCoding, TheCheapestThatTheClientTakesIsChosen) {
  EXPECT_EQ(chosen_coding("gzip, deflate, br, zstd"), ContentCoding::Zstd);
  EXPECT_EQ(chosen_coding("gzip, deflate"), ContentCoding::Gzip);
  EXPECT_EQ(chosen_coding("GZIP;q=0.5"), ContentCoding::Gzip);
  EXPECT_EQ(chosen_coding("zstd;q=0, gzip;q=1.0"), ContentCoding::Gzip);
  EXPECT_EQ(chosen_coding("zstd, gzip", ContentCoding::Gzip), ContentCoding::Gzip);
  for (const char* none : {"", "identity", "br", "gzip;q=0", ",;q=1,", "*"}) {
    EXPECT_EQ(chosen_coding(none), std::nullopt) << none;
  }
}

TEST(ContentCoding, WhatTheClientLikesBestGoesBeforeWhatIsCheapest) {
  EXPECT_EQ(chosen_coding("zstd;q=0.5, gzip"), ContentCoding::Gzip);
  EXPECT_EQ(chosen_coding("gzip;q=0.1, zstd;Q=0.2"), ContentCoding::Zstd);
  EXPECT_EQ(chosen_coding("zstd, gzip;q=0.9", ContentCoding::Gzip), ContentCoding::Zstd);
  EXPECT_EQ(chosen_coding("gzip;q=0.5, identity"), std::nullopt);
  EXPECT_EQ(chosen_coding("gzip, identity;q=0.5"), ContentCoding::Gzip);
  EXPECT_EQ(chosen_coding("identity;q=0, gzip;q=0.001"), ContentCoding::Gzip);
  EXPECT_EQ(chosen_coding("gzip;q=much, zstd"), ContentCoding::Zstd);
  EXPECT_TRUE(takes_gzip("gzip, deflate, br, zstd"));
  EXPECT_FALSE(takes_gzip("zstd, gzip;q=0.9"));
}

TEST(ContentCoding, TextComesBackAsItWas) {
  for (const std::size_t rows : {100U, 100'000U}) {
    const std::string text = some_json(rows);
    Response gzip = Response::json(200, text);
    apply_coding(gzip, ContentCoding::Gzip);
    EXPECT_EQ(field(gzip, "Content-Encoding"), "gzip");
    const std::string small = body_of(gzip);
    EXPECT_LT(small.size(), text.size() / 10);
    EXPECT_EQ(gunzipped(small, text.size()), text);
    Response zstd = Response::json(200, text);
    apply_coding(zstd, ContentCoding::Zstd);
    const std::string smaller = body_of(zstd);
    std::string back(text.size(), '\0');
    EXPECT_EQ(ZSTD_decompress(back.data(), back.size(), smaller.data(), smaller.size()),
              text.size());
    EXPECT_EQ(back, text);
  }
}

TEST(ContentCoding, ABodyThatBreaksIsStillAnError) {
  Response response = Response::json(200, "");
  response.body = StreamedBody{[first = true]() mutable -> Result<ByteView> {
    if (!std::exchange(first, false)) return fail(ErrorKind::Io, "the disk is gone");
    static const std::string text(100'000, 'x');
    return as_bytes(text);
  }};
  apply_coding(response, ContentCoding::Gzip);
  auto& body = std::get<StreamedBody>(response.body);
  Result<ByteView> piece = body.next();
  while (piece && !piece->empty()) piece = body.next();
  ASSERT_FALSE(piece.has_value());
  EXPECT_EQ(piece.error().message, "the disk is gone");
}

TEST(ContentCoding, WhatIsNoTextOrSmallOrAPartIsLeftAlone) {
  const std::string text = some_json(100);
  Response image = Response::of("image/png", text), small = Response::json(200, "{}"),
           part = Response::json(206, text),
           coded = Response::json(200, text).with("Content-Encoding", "gzip");
  for (Response* response : {&image, &small, &part, &coded}) {
    apply_coding(*response, ContentCoding::Gzip);
    EXPECT_TRUE(std::holds_alternative<std::string>(response->body));
    EXPECT_EQ(field(*response, "Vary"), "");
  }
  Response plain = Response::json(200, text);
  apply_coding(plain, std::nullopt);
  EXPECT_EQ(field(plain, "Vary"), "Accept-Encoding");
  EXPECT_EQ(field(plain, "Content-Encoding"), "");
}

TEST(ContentCoding, AStrongValidatorBecomesAWeakOne) {
  Response response = Response::json(200, some_json(100)).with("ETag", "\"abc\"");
  apply_coding(response, ContentCoding::Zstd);
  EXPECT_EQ(field(response, "ETag"), "W/\"abc\"");
}

}  // namespace
}  // namespace pacs::web
