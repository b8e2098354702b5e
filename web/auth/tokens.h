// Tokens: the API tokens of an archive, in a file of its folder: their hashes, never themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "web/http/principal.h"

namespace pacs::web {

struct Token {
  std::string id;    ///< eight hexadecimal digits, to name it by
  std::string name;  ///< whose it is, 1 to 64 characters
  Role role = Role::Viewer;
  std::string created;  ///< RFC 3339, UTC
};

/// Thread-safe. Several processes may hold the file: `pacs token` beside the server, which sees a
/// change at the next request.
class Tokens {
 public:
  /// A file that is not there holds no tokens.
  explicit Tokens(std::filesystem::path file) : file_(std::move(file)) {}

  struct Created {
    Token token;
    std::string secret;  ///< to be shown once: "pacs_" and 43 characters, 256 random bits
  };
  /// Durable when it returns. InvalidArgument for a name that is none, else the file's errors.
  [[nodiscard]] Result<Created> create(std::string_view name, Role role);
  /// The oldest first. Corrupt for a file that cannot be read.
  [[nodiscard]] Result<std::vector<Token>> list();
  /// Durable when it returns. NotFound.
  [[nodiscard]] Result<> revoke(std::string_view id);
  /// The one of this id, or all of this name. Durable when it returns. NotFound.
  [[nodiscard]] Result<> revoke_named(std::string_view id_or_name);

  /// Whose secret it is; nullopt for one that is not known, and where the file cannot be read.
  [[nodiscard]] std::optional<Token> find(std::string_view secret);

 private:
  using ByHash = std::map<std::string, Token, std::less<>>;

  [[nodiscard]] Result<ByHash> read() const;
  [[nodiscard]] Result<> write(const ByHash& tokens) const;
  [[nodiscard]] Result<> revoke_all(const std::function<bool(const Token&)>& which,
                                    std::string_view called);

  const std::filesystem::path file_;
  std::mutex mutex_;  // guards what follows, and the file within this process
  ByHash known_;
  /// Of the file that was read: a change is a new file. Times alone are too coarse.
  struct Version {
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Version&) const = default;
  };
  [[nodiscard]] std::optional<Version> version() const;
  std::optional<Version> read_version_;
};

}  // namespace pacs::web
