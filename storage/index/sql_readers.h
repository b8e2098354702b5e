// SqlReaders: the reading connections to the index, lent for the time of one call.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/index/header_compressor.h"
#include "storage/sql/sql_text.h"

namespace pacs::storage {

/// One reading connection. Not for use from two threads at once.
class SqlReader {
 public:
  explicit SqlReader(std::unique_ptr<SqlDatabase> database) : database_(std::move(database)) {}

  /// A statement with its parameters, for as long as the reader is lent. It is prepared once and
  /// kept for the next one who wants the same text.
  template <typename... Values>
  [[nodiscard]] Result<BoundStatement> statement(std::string_view sql, const Values&... values) {
    PACS_TRY(SqlStatement* const prepared, this->prepared(sql));
    return bound(*prepared, values...);
  }
  /// The same; `more` are the values of its open parameters. Query and values outlive it.
  [[nodiscard]] Result<BoundStatement> statement(const SqlQuery& query,
                                                 std::span<const SqlValue> more = {});
  [[nodiscard]] HeaderCompressor& compressor() { return compressor_; }
  [[nodiscard]] SqlDatabase& database() { return *database_; }

 private:
  friend class SqlReaders;
  [[nodiscard]] Result<SqlStatement*> prepared(std::string_view sql);
  void forget_many();

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unique_ptr<SqlDatabase> database_;
  std::unordered_map<std::string, std::unique_ptr<SqlStatement>, Hash, std::equal_to<>> statements_;
  HeaderCompressor compressor_;
};

/// Thread-safe. Outlives what it lends.
class SqlReaders {
 public:
  using Connect = std::function<Result<std::unique_ptr<SqlDatabase>>()>;
  explicit SqlReaders(Connect connect) : connect_(std::move(connect)) {}

  /// A reader for the time of one call.
  class Lease {
   public:
    Lease(SqlReaders& readers, std::unique_ptr<SqlReader> reader)
        : readers_(&readers), reader_(std::move(reader)) {}
    ~Lease();
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    SqlReader* operator->() const { return reader_.get(); }
    SqlReader& operator*() const { return *reader_; }

   private:
    SqlReaders* readers_;
    std::unique_ptr<SqlReader> reader_;
  };
  /// Waits while all are lent.
  [[nodiscard]] Result<Lease> lease();
  /// A connection of one's own, for long work.
  [[nodiscard]] Result<std::unique_ptr<SqlDatabase>> connect() const { return connect_(); }

 private:
  /// More would only wait for each other on the machines we know; each costs its page cache.
  static constexpr std::size_t kReadersMax = 4;

  const Connect connect_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SqlReader>> idle_;
  std::size_t made_ = 0;
};

}  // namespace pacs::storage
