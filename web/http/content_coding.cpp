#include "web/http/content_coding.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>
#include <zstd.h>

#include "web/http/field_value.h"

namespace pacs::web {
namespace {

/// What fits into one packet gains nothing.
constexpr std::size_t kWorthBytesMin = 1400;
constexpr std::size_t kPieceBytes = 64U << 10;
/// Measured on DICOM JSON: a tenth of the size, and a higher level costs more than it saves.
constexpr int kZstdLevel = 1;
constexpr int kGzipLevel = 1;

std::string_view name_of(ContentCoding coding) {
  return coding == ContentCoding::Zstd ? "zstd" : "gzip";
}

/// In thousandths; nullopt where the field does not name it.
std::optional<unsigned> quality_of(std::string_view coding, std::string_view accept_encoding) {
  FieldCursor cursor(accept_encoding);
  while (!cursor.at_end()) {
    if (cursor.take(',')) continue;
    const bool is_it = equal_without_case(cursor.word(",;"), coding);
    Result<unsigned> quality = 1000U;
    while (cursor.take(';')) {
      const bool is_quality = equal_without_case(cursor.word(",;="), "q");
      const std::string_view value = cursor.take('=') ? cursor.word(",;") : std::string_view{};
      if (is_quality) quality = parse_quality(value);
    }
    if (is_it) return quality.value_or(0);
    if (!cursor.at_end() && !cursor.take(',')) return std::nullopt;  // not a list
  }
  return std::nullopt;
}

std::string* field_of(Response& response, std::string_view name) {
  for (auto& [key, value] : response.headers) {
    if (equal_without_case(key, name)) return &value;
  }
  return nullptr;
}

bool is_text(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") ||
         type == "image/svg+xml" || content_type.find("dicom+xml") != content_type.npos;
}

/// Takes bytes and gives compressed ones; `ending` with no bytes is the end.
class Compressor {
 public:
  virtual ~Compressor() = default;
  struct Step {
    std::size_t taken = 0, given = 0;
    bool done = false;  ///< at the end: everything has been given
  };
  virtual Step run(ByteView from, std::span<std::byte> to, bool ending) = 0;
};

class Gzip final : public Compressor {
 public:
  Gzip() {
    constexpr int kGzipWindow = 15 + 16;
    constexpr int kMemoryLevel = 8;
    deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY);
  }
  ~Gzip() override { deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Step run(ByteView from, std::span<std::byte> to, bool ending) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data()));
    stream_.avail_in = static_cast<uInt>(from.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to.data());
    stream_.avail_out = static_cast<uInt>(to.size());
    const int status = deflate(&stream_, ending ? Z_FINISH : Z_NO_FLUSH);
    return {from.size() - stream_.avail_in, to.size() - stream_.avail_out, status == Z_STREAM_END};
  }

 private:
  z_stream stream_{};
};

class Zstd final : public Compressor {
 public:
  Zstd() : stream_(ZSTD_createCStream(), ZSTD_freeCStream) {
    ZSTD_initCStream(stream_.get(), kZstdLevel);
  }
  Step run(ByteView from, std::span<std::byte> to, bool ending) override {
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    const std::size_t left =
        ZSTD_compressStream2(stream_.get(), &out, &in, ending ? ZSTD_e_end : ZSTD_e_continue);
    return {in.pos, out.pos, ending && left == 0};
  }

 private:
  std::unique_ptr<ZSTD_CStream, decltype(&ZSTD_freeCStream)> stream_;
};

/// A body that is compressed while it is sent.
class CodedBody {
 public:
  CodedBody(BodySource source, ContentCoding coding) : source_(std::move(source)) {
    if (coding == ContentCoding::Zstd) {
      compressor_ = std::make_unique<Zstd>();
    } else {
      compressor_ = std::make_unique<Gzip>();
    }
  }

  Result<ByteView> next() {
    std::size_t given = 0;
    while (given < out_.size() && !done_) {
      if (in_.empty() && !ending_) {
        PACS_TRY(in_, source_());
        ending_ = in_.empty();
      }
      const Compressor::Step step = compressor_->run(in_, std::span(out_).subspan(given), ending_);
      in_ = in_.subspan(step.taken);
      given += step.given;
      done_ = step.done;
    }
    return ByteView(out_).first(given);
  }

 private:
  BodySource source_;
  std::unique_ptr<Compressor> compressor_;
  ByteView in_;
  std::vector<std::byte> out_ = std::vector<std::byte>(kPieceBytes);
  bool ending_ = false, done_ = false;
};

BodySource source_of(Response& response) {
  if (auto* streamed = std::get_if<StreamedBody>(&response.body)) return std::move(streamed->next);
  auto text = std::make_shared<std::string>(std::move(std::get<std::string>(response.body)));
  return [text, given = false]() mutable -> Result<ByteView> {
    return std::exchange(given, true) ? ByteView{} : as_bytes(*text);
  };
}

bool is_worth_it(const Response& response) {
  const auto* text = std::get_if<std::string>(&response.body);
  if (text != nullptr) return text->size() >= kWorthBytesMin;
  const auto& length = std::get<StreamedBody>(response.body).length;
  return !length || *length >= kWorthBytesMin;
}

}  // namespace

std::optional<ContentCoding> chosen_coding(std::string_view accept_encoding,
                                           ContentCoding cheapest) {
  const ContentCoding other =
      cheapest == ContentCoding::Zstd ? ContentCoding::Gzip : ContentCoding::Zstd;
  // What is not coded is always taken, and is liked only where it is named.
  unsigned best = quality_of("identity", accept_encoding).value_or(0);
  std::optional<ContentCoding> chosen;
  for (const ContentCoding coding : {cheapest, other}) {
    const unsigned quality = quality_of(name_of(coding), accept_encoding).value_or(0);
    if (quality == 0 || quality < best || (chosen && quality == best)) continue;
    best = quality;
    chosen = coding;
  }
  return chosen;
}

bool takes_gzip(std::string_view accept_encoding) {
  return chosen_coding(accept_encoding, ContentCoding::Gzip) == ContentCoding::Gzip;
}

void apply_coding(Response& response, std::optional<ContentCoding> coding) {
  const std::string* type = field_of(response, "Content-Type");
  if (type == nullptr || !is_text(*type) || response.status == 206 ||
      field_of(response, "Content-Encoding") != nullptr || !is_worth_it(response)) {
    return;
  }
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!coding) return;
  response.headers.emplace_back("Content-Encoding", name_of(*coding));
  if (std::string* tag = field_of(response, "ETag"); tag != nullptr && tag->starts_with('"')) {
    tag->insert(0, "W/");
  }
  auto body = std::make_shared<CodedBody>(source_of(response), *coding);
  response.body = StreamedBody{[body] { return body->next(); }};
}

}  // namespace pacs::web
