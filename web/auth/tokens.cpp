#include "web/auth/tokens.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/text.h"
#include "storage/disk/file_system.h"

namespace pacs::web {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameLettersMax = 64;
constexpr std::string_view kPrefix = "pacs_";

/// A secret of 256 random bits needs no slow hash: nobody guesses one.
std::string hash_of(std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(secret.data(), secret.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

/// RFC 4648 §5, without padding.
std::string base64url(const std::array<unsigned char, 32>& bytes) {
  std::array<unsigned char, 48> text{};
  const int size = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  std::string out(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size));
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  out.erase(out.find('='));
  return out;
}

Result<std::pair<std::string, Token>> read_row(const json::value& value) {
  const json::object* row = value.if_object();
  const auto text = [&](std::string_view key) -> std::string {
    const json::value* field = row == nullptr ? nullptr : row->if_contains(key);
    return field != nullptr && field->is_string() ? std::string(field->get_string()) : "";
  };
  Token token{text("id"), text("name"), Role::Viewer, text("created")};
  const std::optional<Role> role = parse_role(text("role"));
  std::string hash = text("sha256");
  if (!role || token.id.empty() || hash.size() != 64) {
    return fail(ErrorKind::Corrupt, "an entry is not a token");
  }
  token.role = *role;
  return std::pair{std::move(hash), std::move(token)};
}

}  // namespace

Result<Tokens::ByHash> Tokens::read() const {
  std::ifstream in(file_, std::ios::binary);
  if (!in) return ByHash{};
  std::ostringstream text;
  text << in.rdbuf();
  boost::system::error_code malformed;
  const json::value value = json::parse(text.str(), malformed);
  const json::array* rows = malformed ? nullptr : value.if_array();
  if (rows == nullptr) {
    return fail(Error{ErrorKind::Corrupt, "the tokens are not a JSON array"}.in(file_.string()));
  }
  ByHash tokens;
  for (const json::value& row : *rows) {
    auto token = read_row(row);
    if (!token) return fail(std::move(token).error().in(file_.string()));
    tokens.insert(*std::move(token));
  }
  return tokens;
}

Result<> Tokens::write(const ByHash& tokens) const {
  json::array rows;
  for (const auto& [hash, token] : tokens) {
    rows.push_back(json::object{{"id", token.id},
                                {"name", token.name},
                                {"role", to_string(token.role)},
                                {"created", token.created},
                                {"sha256", hash}});
  }
  const std::string text = json::serialize(rows) + "\n";
  const auto files = storage::make_file_system();
  const std::filesystem::path part = file_.string() + ".part";
  PACS_TRY(const auto file, files->open(part, storage::OpenMode::Create));
  PACS_TRY(storage::write(*file, as_bytes(text), 0));
  PACS_TRY(file->sync());
  PACS_TRY(files->rename(part, file_));
  return files->sync_directory(file_.parent_path());
}

Result<Tokens::Created> Tokens::create(std::string_view name, Role role) {
  if (name.empty() || name.size() > kNameLettersMax || printable(name) != name) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("a token's name has 1 to {} printable characters", kNameLettersMax));
  }
  std::array<unsigned char, 32> random{};
  std::array<unsigned char, 4> id{};
  if (RAND_bytes(random.data(), random.size()) != 1 || RAND_bytes(id.data(), id.size()) != 1) {
    return fail(ErrorKind::OutOfResources, "the system gives no random numbers");
  }
  const std::lock_guard lock(mutex_);
  PACS_TRY(ByHash tokens, read());
  Created created;
  created.secret = std::string(kPrefix) + base64url(random);
  created.token = {fmt::format("{:02x}{:02x}{:02x}{:02x}", id[0], id[1], id[2], id[3]),
                   std::string(name), role,
                   fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))};
  tokens.emplace(hash_of(created.secret), created.token);
  PACS_TRY(write(tokens));
  return created;
}

Result<std::vector<Token>> Tokens::list() {
  const std::lock_guard lock(mutex_);
  PACS_TRY(const ByHash tokens, read());
  std::vector<Token> all;
  for (const auto& [hash, token] : tokens) all.push_back(token);
  std::ranges::sort(all, {}, [](const Token& token) { return std::tie(token.created, token.id); });
  return all;
}

Result<> Tokens::revoke(std::string_view id) {
  return revoke_all([id](const Token& token) { return token.id == id; }, id);
}

Result<> Tokens::revoke_named(std::string_view id_or_name) {
  const auto is_it = [id_or_name](const Token& token) {
    return token.id == id_or_name || token.name == id_or_name;
  };
  return revoke_all(is_it, id_or_name);
}

Result<> Tokens::revoke_all(const std::function<bool(const Token&)>& which,
                            std::string_view called) {
  const std::lock_guard lock(mutex_);
  PACS_TRY(ByHash tokens, read());
  if (std::erase_if(tokens, [&](const auto& entry) { return which(entry.second); }) == 0) {
    return fail(ErrorKind::NotFound, fmt::format("there is no token {}", excerpt(called)));
  }
  return write(tokens);
}

std::optional<Tokens::Version> Tokens::version() const {
  struct stat status {};
  if (stat(file_.c_str(), &status) != 0) return std::nullopt;
  constexpr std::int64_t kSecond = 1'000'000'000;
  return Version{status.st_ino, status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec,
                 static_cast<std::uint64_t>(status.st_size)};
}

std::optional<Token> Tokens::find(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (const std::optional<Version> now = version(); now != read_version_) {
    Result<ByHash> tokens = read();
    known_ = tokens ? *std::move(tokens) : ByHash{};
    read_version_ = now;
  }
  const auto found = known_.find(hash_of(secret));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

}  // namespace pacs::web
