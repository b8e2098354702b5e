#include "web/dicomweb/retrieve/deflated_text.h"

#include <zlib.h>

#include <algorithm>
#include <cstddef>

#include "core/bytes.h"

namespace pacs::web {
namespace {

/// Metadata repeats itself: level 1 makes it as small as level 6 within a fifth, in a quarter of
/// its time.
constexpr int kTextDeflateLevel = 1;
constexpr std::size_t kInflatedPieceBytes = 64U << 10;
constexpr std::size_t kStoredBlockBytesMax = 65535;  // RFC 1951 §3.2.4

std::uint32_t empty_crc() {
  return static_cast<std::uint32_t>(crc32(0, nullptr, 0));
}

template <typename Number>
void append_little(std::string& to, Number number) {
  std::byte bytes[sizeof number];
  store(bytes, number, ByteOrder::Little);
  to.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
}

Bytef* zlib_bytes(const char* text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text));  // zlib reads only
}

}  // namespace

struct TextDeflater::Stream {
  z_stream z{};
  bool ready = false;
  Stream()
      : ready(deflateInit2(&z, kTextDeflateLevel, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL,
                           Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~Stream() { deflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

TextDeflater::TextDeflater() : stream_(std::make_unique<Stream>()), crc_(empty_crc()) {}
TextDeflater::~TextDeflater() = default;

std::string_view TextDeflater::add(std::string_view text) {
  bytes_ += text.size();
  crc_ = static_cast<std::uint32_t>(
      crc32(crc_, zlib_bytes(text.data()), static_cast<uInt>(text.size())));
  return run(text, Z_NO_FLUSH);
}

std::string_view TextDeflater::flush() {
  return run({}, Z_SYNC_FLUSH);
}

std::string_view TextDeflater::run(std::string_view text, int flush) {
  z_stream& z = stream_->z;
  z.next_in = zlib_bytes(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  std::size_t used = 0;
  do {
    out_.resize(std::max(out_.size(), used + kInflatedPieceBytes));
    z.next_out = reinterpret_cast<Bytef*>(out_.data() + used);
    z.avail_out = static_cast<uInt>(out_.size() - used);
    const std::size_t room = z.avail_out;
    deflate(&z, flush);
    used += room - z.avail_out;
  } while (z.avail_out == 0);
  return std::string_view{out_}.substr(0, used);
}

struct TextInflater::Stream {
  z_stream z{};
  bool ready = false;
  Stream() : ready(inflateInit2(&z, -MAX_WBITS) == Z_OK) {}
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

TextInflater::TextInflater(const DeflatedText& text) : stream_(std::make_unique<Stream>()) {
  stream_->z.next_in = zlib_bytes(text.deflated.data());
  stream_->z.avail_in = static_cast<uInt>(text.deflated.size());
}
TextInflater::~TextInflater() = default;

Result<std::string_view> TextInflater::next() {
  z_stream& z = stream_->z;
  if (!stream_->ready) return fail(ErrorKind::OutOfResources, "no memory to inflate with");
  out_.resize(kInflatedPieceBytes);
  z.next_out = reinterpret_cast<Bytef*>(out_.data());
  z.avail_out = static_cast<uInt>(out_.size());
  const int code = inflate(&z, Z_SYNC_FLUSH);
  const std::size_t got = out_.size() - z.avail_out;
  if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) {
    return fail(ErrorKind::Internal, "a kept answer cannot be inflated");
  }
  return std::string_view{out_}.substr(0, got);
}

GzipMember::GzipMember() : crc_(empty_crc()) {}

std::string_view GzipMember::head() {
  using namespace std::string_view_literals;
  return "\x1f\x8b\x08\0\0\0\0\0\x04\xff"sv;  // deflate, no name, no time, fastest, unknown system
}

std::string GzipMember::text(std::string_view text) {
  text = text.substr(0, kStoredBlockBytesMax);
  const auto length = static_cast<std::uint16_t>(text.size());
  std::string block(1, '\0');
  append_little(block, length);
  append_little(block, static_cast<std::uint16_t>(~length));
  block += text;
  take(text.size(), static_cast<std::uint32_t>(crc32(empty_crc(), zlib_bytes(text.data()),
                                                     static_cast<uInt>(text.size()))));
  return block;
}

void GzipMember::take(std::uint64_t bytes, std::uint32_t crc) {
  crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, crc, static_cast<z_off_t>(bytes)));
  bytes_ += bytes;
}

std::string GzipMember::end() const {
  std::string last("\x01\0\0\xff\xff", 5);  // an empty block that is the last
  append_little(last, crc_);
  append_little(last, static_cast<std::uint32_t>(bytes_));
  return last;
}

}  // namespace pacs::web
