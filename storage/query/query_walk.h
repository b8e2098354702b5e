// QueryWalk: where a walk (query_plan.h) through the tables stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/query/merged_rows.h"
#include "storage/query/query_plan.h"

namespace pacs::storage {

class QueryWalk {
 public:
  /// The walk outlives it.
  explicit QueryWalk(const Walk& walk);

  /// The statement with the next rows of the level asked for and the values of its last
  /// parameters; nullopt at the end of the walk.
  struct Run {
    const SqlQuery* query;
    std::vector<SqlValue> parameters;
  };
  [[nodiscard]] Result<std::optional<Run>> next(SqlReader& reader);
  /// A row of it has been taken.
  void took(SqlStatement& row) { took(steps_.size() - 1, row); }
  /// It has no more rows. When it has and they are left for later, say nothing.
  void ended() { ended(steps_.size() - 1); }
  /// Whether a run is one row that is looked up.
  [[nodiscard]] bool looks_up() const {
    const Driver& driver = walk_.driver;
    return (driver.kind == Driver::Kind::Rows || driver.merged) && walk_.children.empty();
  }
  /// Columns before those of the plan.
  [[nodiscard]] int first_column() const;

 private:
  /// Where it stands at one level: the driver's is the first.
  struct Step {
    std::int64_t after = 0;                // row number of the last one taken
    std::optional<std::int64_t> parent{};  // whose children are being taken
    std::vector<std::int64_t> ahead{};     // fetched; at all levels but the last
    std::size_t next = 0;
  };
  enum class Phase : std::uint8_t { Start, Equal, Beyond, End };

  [[nodiscard]] Result<std::optional<Run>> run_of(std::size_t depth, SqlReader& reader);
  [[nodiscard]] Result<std::optional<Run>> run_of_driver(SqlReader& reader);
  [[nodiscard]] Result<std::optional<std::int64_t>> next_parent(std::size_t depth,
                                                                SqlReader& reader);
  [[nodiscard]] Result<bool> fetch_ahead(std::size_t depth, SqlReader& reader);
  void took(std::size_t depth, SqlStatement& row);
  void ended(std::size_t depth);

  const Walk& walk_;
  std::vector<Step> steps_;
  Phase phase_ = Phase::Start;            // of a Span
  bool left_ = false;                     // a row of it was taken and its statement not ended
  std::int64_t window_ = 0;               // of All: the last row number of the run
  std::size_t place_ = 0;                 // among values or rows
  MergedRows merged_;                     // of merged Values
  std::vector<std::string> last_values_;  // of a Span's columns in the row taken last
};

}  // namespace pacs::storage
