#include "web/viewer/viewer.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <libdeflate.h>

#include "core/bytes.h"
#include "core/percent_encoding.h"
#include "web/http/conditional.h"
#include "web/http/content_coding.h"
#include "web/http/ui_file.h"

namespace pacs::web {
namespace {

namespace fs = std::filesystem;

/// Segments below /viewer/ that the site's paths have at most.
constexpr int kDepthMax = 4;

/// What the viewer needs beyond what our own page does: WebAssembly, workers and functions made of
/// text for its codecs and segmentations, style elements and pictures that its scripts make.
/// Nothing comes from elsewhere.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self' 'unsafe-eval'; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; media-src 'self' blob:; object-src 'self' blob:; "
    "frame-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Site {
  std::map<std::string, fs::path, std::less<>> files;  ///< "assets/favicon.ico" and where it lies
  std::string etag;
};

Result<std::string> content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(ErrorKind::Io, path.string() + " cannot be read");
  return content;
}

Site site_of(const fs::path& folder) {
  Site site;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    const fs::path& path = at->path();
    if (path.extension() != ".gz" || !at->is_regular_file(failed)) continue;
    site.files.emplace(path.lexically_relative(folder).replace_extension().generic_string(), path);
  }
  std::string version = content_of(folder / "VERSION").value_or("");
  std::erase_if(version, [](unsigned char c) { return c <= ' ' || c > '~' || c == '"'; });
  site.etag = strong_etag(version);
  return site;
}

/// For a client that takes no gzip.
Result<std::string> inflated(const std::string& gzip) {
  constexpr std::size_t kSizeBytes = 4;    // modulo 2^32, at the end (RFC 1952 §2.3.1)
  constexpr std::size_t kRatioMax = 1032;  // of Deflate
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> with(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  std::string plain;
  if (gzip.size() >= kSizeBytes) {
    plain.resize(std::min<std::size_t>(
        load<std::uint32_t>(as_bytes(gzip).last(kSizeBytes).data(), ByteOrder::Little),
        gzip.size() * kRatioMax));
  }
  if (libdeflate_gzip_decompress(with.get(), gzip.data(), gzip.size(), plain.data(), plain.size(),
                                 nullptr) != LIBDEFLATE_SUCCESS) {
    return fail(ErrorKind::Corrupt,
                "a file of the viewer is damaged: scripts/viewer.sh makes it anew");
  }
  return plain;
}

/// Whether its name has a hash of its content, "app.bundle.0f6159c501addfe9.js".
bool is_named_by_content(std::string_view name) {
  constexpr std::size_t kHashDigits = 16;
  std::size_t digits = 0;
  for (const char c : name) {
    digits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? digits + 1 : 0;
    if (digits == kHashDigits) return true;
  }
  return false;
}

Response site_file(const Site& site, const std::string& name, const Request& request) {
  const Validators validators{.etag = site.etag};
  Response response;
  if (check_preconditions(request.headers, validators) == Precondition::NotModified) {
    response.status = 304;
    response.headers = validators.fields();
    return response;
  }
  Result<std::string> content = content_of(site.files.at(name));
  const bool gzip = takes_gzip(request.header("Accept-Encoding"));
  if (content && !gzip) content = inflated(*content);
  if (!content) return Response::problem(content.error());
  response = Response::of(content_type_of(name), std::move(*content));
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Cache-Control", is_named_by_content(name)
                                                     ? "public, max-age=31536000, immutable"
                                                     : "no-cache");
  response.headers.emplace_back("ETag", site.etag);
  if (gzip) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
  }
  return response;
}

/// The page that was asked for is the one behind the login.
Response login_first(const Request& request) {
  std::string next = request.path();
  char mark = '?';
  for (const auto& [key, value] : request.query) {
    next += std::exchange(mark, '&') + percent_encoded(key) + '=' + percent_encoded(value);
  }
  Response response;
  response.status = 303;
  response.headers.emplace_back("Location", "/login?next=" + percent_encoded(next));
  return response;
}

Response viewer_file(const Site& site, const Request& request) {
  if (site.files.empty()) {
    return Response::problem(
        404, "The viewer is not here. On the server, scripts/dependency.sh viewer fetches it.");
  }
  std::string name;
  for (std::size_t i = 1; i < request.segments.size(); ++i) {
    name += (name.empty() ? "" : "/") + request.segments[i];
  }
  if (name == "app-config.js") return ui_file("viewer-config.js");
  if (site.files.contains(name) && name != "index.html") return site_file(site, name, request);
  const std::string_view last = request.segments.back();
  if (last.find('.') != last.npos && last != "index.html") {
    return Response::problem(404, "The viewer has no such file.");
  }
  if (request.principal.role < Role::Viewer) return login_first(request);
  return site_file(site, "index.html", request);
}

}  // namespace

void add_viewer(Router& router, const fs::path& folder) {
  const auto site = std::make_shared<const Site>(site_of(folder));
  std::string pattern = "/viewer";
  for (int depth = 0; depth <= kDepthMax; ++depth) {
    router.add({"GET", pattern, Role::Anybody,
                [site](const Request& request) { return viewer_file(*site, request); }});
    pattern += "/{" + std::to_string(depth) + "}";
  }
}

}  // namespace pacs::web
