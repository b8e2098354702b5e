#include "storage/index/sql_readers.h"

#include <utility>

namespace pacs::storage {
namespace {

/// Queries differ in shape only so much; what exceeds it is made anew. Some 10 KiB each.
constexpr std::size_t kStatementsMax = 128;

}  // namespace

Result<SqlStatement*> SqlReader::prepared(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    return known->second.get();
  }
  PACS_TRY(auto prepared, database_->prepare(sql));
  return statements_.emplace(sql, std::move(prepared)).first->second.get();
}

Result<BoundStatement> SqlReader::statement(const SqlQuery& query, std::span<const SqlValue> more) {
  PACS_TRY(SqlStatement* const prepared, this->prepared(query.text));
  bind_values(*prepared, query, more);
  return BoundStatement(prepared);
}

void SqlReader::forget_many() {
  if (statements_.size() > kStatementsMax) statements_.clear();
}

SqlReaders::Lease::~Lease() {
  if (!reader_) return;
  reader_->database().stop_when({});
  reader_->forget_many();
  {
    const std::lock_guard lock(readers_->mutex_);
    readers_->idle_.push_back(std::move(reader_));
  }
  readers_->returned_.notify_one();
}

Result<SqlReaders::Lease> SqlReaders::lease() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty() || made_ < kReadersMax; });
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(reader));
    }
    ++made_;
  }
  auto database = connect_();
  if (!database) {
    {
      const std::lock_guard lock(mutex_);
      --made_;
    }
    returned_.notify_one();
    return fail(database.error());
  }
  return Lease(*this, std::make_unique<SqlReader>(std::move(*database)));
}

}  // namespace pacs::storage
