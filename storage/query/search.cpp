#include "storage/query/search.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/data_sets/header_blob.h"
#include "storage/index/record_row.h"
#include "storage/query/answer_builder.h"
#include "storage/query/query_plan.h"
#include "storage/query/query_walk.h"

namespace pacs::storage {
namespace {

/// Rows looked at before the reader is given back for a moment: others wait for it, and the
/// database's journal cannot be begun anew meanwhile. Some milliseconds.
constexpr std::size_t kRowsOfLease = 4096;

/// What a run that has ended counts as, since it may have looked through kRowsOfWindow rows.
constexpr std::size_t kRowsOfEndedRun = 256;

/// The columns of a row from `first` on.
struct RowView {
  SqlStatement* statement = nullptr;
  int first = 0;
  [[nodiscard]] std::string_view text(int column) const { return statement->text(first + column); }
};

/// The values of a row as a data set to be matched; it views them.
DataSet candidate_of(const RowView& row, const std::vector<QueryPlan::Check>& checks,
                     std::string_view zone) {
  DataSet candidate;
  bool ascii = true;
  for (const QueryPlan::Check& check : checks) {
    const std::string_view text = row.text(check.column);
    if (text.empty()) continue;
    ascii = ascii && is_ascii(text);
    candidate.push_back(Element::view(check.tag, check.vr, as_bytes(text)));
  }
  if (!zone.empty() && !candidate.contains(tags::TimezoneOffsetFromUTC)) {
    candidate.push_back(Element::view(tags::TimezoneOffsetFromUTC, VR::SH, as_bytes(zone)));
  }
  constexpr std::string_view kUtf8 = "ISO_IR 192";
  if (!ascii) {
    candidate.push_back(Element::view(tags::SpecificCharacterSet, VR::CS, as_bytes(kUtf8)));
  }
  return candidate;
}

bool hold(const RowView& row, const std::vector<QueryPlan::UidCheck>& checks) {
  return std::ranges::all_of(checks, [&](const QueryPlan::UidCheck& check) {
    return std::binary_search(check.values.begin(), check.values.end(), row.text(check.column));
  });
}

class IndexMatches final : public Matches {
 public:
  IndexMatches(SqlReaders& readers, QueryPlan plan, ReadAgain read_again)
      : readers_(readers),
        plan_(std::move(plan)),
        read_again_(std::move(read_again)),
        builder_(plan_.query) {}

  Result<std::vector<DataSet>> next(std::size_t most) override {
    std::vector<DataSet> answers;
    while (answers.size() < most && !done_) {
      PACS_TRY(const auto reader, readers_.lease());
      reader->database().stop_when(plan_.query.stop);
      PACS_TRY(pull(*reader, most, answers));
    }
    return answers;
  }

  Result<std::optional<std::uint64_t>> total() override {
    if (!plan_.query.order) return std::nullopt;
    if (plan_.everything) return all_of_level();
    const Driver& driver = plan_.walks.front().driver;
    if (driver.kind == Driver::Kind::Span || driver.merged) return std::nullopt;
    auto rows = static_cast<std::int64_t>(driver.rows.size());
    if (driver.kind == Driver::Kind::All) {
      rows = driver.candidates != 0 ? driver.candidates : driver.last - driver.after;
    }
    if (rows > kCountedRowsMax || !plan_.header_query.keys.empty()) return std::nullopt;
    QueryPlan counted = plan_;
    counted.query.skip = std::numeric_limits<std::uint64_t>::max();
    IndexMatches matches(readers_, std::move(counted), read_again_);
    PACS_TRY(matches.next(1));
    return matches.skipped_;
  }

 private:
  /// As the index keeps count.
  Result<std::optional<std::uint64_t>> all_of_level() {
    PACS_TRY(const auto reader, readers_.lease());
    PACS_TRY(const auto row, reader->statement(fmt::format("SELECT {} FROM archive_state",
                                                           counter_of(plan_.query.level))));
    PACS_TRY(row->step());
    return static_cast<std::uint64_t>(row->integer(0));
  }

  /// Goes on until there are enough, at most kRowsOfLease rows.
  Result<> pull(SqlReader& reader, std::size_t most, std::vector<DataSet>& answers) {
    std::size_t rows = kRowsOfLease;
    while (!done_ && rows != 0) {
      if (!walk_) walk_.emplace(plan_.walks[walks_done_]);
      PACS_TRY(const auto run, walk_->next(reader));
      if (!run) {
        walk_.reset();
        done_ = ++walks_done_ == plan_.walks.size();
        continue;
      }
      PACS_TRY(const auto left, take(reader, *run, rows, most, answers));
      if (left) return {};
    }
    return {};
  }

  /// True when rows were left for later, or all wanted answers are there.
  Result<bool> take(SqlReader& reader, const QueryWalk::Run& run, std::size_t& rows,
                    std::size_t most, std::vector<DataSet>& answers) {
    PACS_TRY(const auto statement, reader.statement(*run.query, run.parameters));
    for (;;) {
      if (plan_.query.stop.stop_requested()) {
        return fail(ErrorKind::Cancelled, "the query was cancelled");
      }
      PACS_TRY(const auto row, statement->step());
      if (!row) {
        walk_->ended();
        rows -= std::min(rows, walk_->looks_up() ? 1 : kRowsOfEndedRun);
        return false;
      }
      walk_->took(*statement);
      PACS_TRY(look_at(reader, {statement.get(), walk_->first_column()}, answers));
      if (done_ || answers.size() == most || --rows == 0) return true;
    }
  }

  Result<> look_at(SqlReader& reader, const RowView& row, std::vector<DataSet>& answers) {
    if (!hold(row, plan_.row_uids)) return {};
    const std::string_view zone = plan_.row_zone < 0 ? "" : row.text(plan_.row_zone);
    if (!plan_.row_checks.empty() &&
        !matches(plan_.row_query, candidate_of(row, plan_.row_checks, zone))) {
      return {};
    }
    if (!plan_.members) return with_header(reader, row, row, zone, answers).map([](bool) {});
    const SqlValue number[] = {row.statement->integer(0)};
    PACS_TRY(const auto statement, reader.statement(*plan_.members, number));
    const RowView member{statement.get(), 1};
    std::optional<std::int64_t> tried;  // series whose header does not match
    for (;;) {
      PACS_TRY(const bool there, statement->step());
      if (!there) return {};
      if (plan_.query.stop.stop_requested()) return {};  // seen by the caller
      if (tried && *tried == series_of(member)) continue;
      if (!hold(member, plan_.member_uids)) continue;
      const std::string_view member_zone =
          plan_.member_zone < 0 ? zone : member.text(plan_.member_zone);
      if (!plan_.member_checks.empty() &&
          !matches(plan_.member_query, candidate_of(member, plan_.member_checks, member_zone))) {
        continue;
      }
      PACS_TRY(const auto matched, with_header(reader, row, member, zone, answers));
      if (matched) return {};
      tried = series_of(member);
    }
  }

  [[nodiscard]] std::int64_t series_of(const RowView& member) const {
    return member.statement->integer(member.first + plan_.header_column + 1);
  }

  /// False when the header does not match.
  Result<bool> with_header(SqlReader& reader, const RowView& row, const RowView& member,
                           std::string_view zone, std::vector<DataSet>& answers) {
    const bool skips = skipped_ < plan_.query.skip;
    std::optional<DataSet> header;
    if (plan_.wants_header && !(skips && plan_.header_query.keys.empty())) {
      PACS_TRY(auto read, header_of(reader, member));
      if (!matches(plan_.header_query, read)) return false;
      header = std::move(read);
    }
    if (skips) {
      ++skipped_;
      return true;
    }
    builder_.begin(header ? &*header : nullptr);
    for (std::size_t i = 0; i < plan_.sources.size(); ++i) {
      const QueryKey& key = plan_.query.keys[i];
      const KeySource& source = plan_.sources[i];
      switch (source.from) {
        case KeySource::From::Row:
          builder_.add(key, row.text(source.column));
          break;
        case KeySource::From::Member:
          builder_.add(key, member.text(source.column));
          break;
        case KeySource::From::Header:
          builder_.add_of_header(key);
          break;
        case KeySource::From::Caller:
          break;
      }
    }
    answers.push_back(builder_.finish(zone));
    if (plan_.query.limit != 0 && ++answered_ == plan_.query.limit) done_ = true;
    return true;
  }

  Result<DataSet> header_of(SqlReader& reader, const RowView& member) {
    auto header = stored_header_of(reader, member);
    if (!header && header.error().kind == ErrorKind::Corrupt && read_again_) {
      PACS_TRY(const auto row,
               reader.statement(std::string(kRecordSql) + "WHERE instance.id = $1",
                                member.statement->integer(member.first + plan_.header_column + 2)));
      PACS_TRY(const bool there, row->step());
      if (there) header = read_again_(record_of(*row), header.error());
    }
    return std::move(header).map([](Header&& read) { return std::move(read.data_set); });
  }

  Result<Header> stored_header_of(SqlReader& reader, const RowView& member) {
    const std::int64_t series = series_of(member);
    if (series != base_series_) {
      PACS_TRY(base_, base_of(reader, series));
      base_series_ = series;
    }
    PACS_TRY(auto plain, reader.compressor().decompress(
                             member.statement->bytes(member.first + plan_.header_column), base_));
    return decode_header(share(std::move(plain)));
  }

  /// Empty when there is none, or none that can be read: what needs it says so.
  static Result<Bytes> base_of(SqlReader& reader, std::int64_t series) {
    PACS_TRY(const auto row,
             reader.statement("SELECT header FROM header_base WHERE series_key = $1", series));
    PACS_TRY(const bool there, row->step());
    if (!there) return Bytes{};
    return reader.compressor().decompress(row->bytes(0)).value_or(Bytes{});
  }

  SqlReaders& readers_;
  const QueryPlan plan_;
  const ReadAgain read_again_;
  AnswerBuilder builder_;
  std::optional<QueryWalk> walk_;
  std::size_t walks_done_ = 0;
  std::uint64_t skipped_ = 0, answered_ = 0;
  bool done_ = false;
  // What the headers of the last series are compressed against.
  std::int64_t base_series_ = 0;
  Bytes base_;
};

}  // namespace

Result<std::unique_ptr<Matches>> search(SqlReaders& readers, Query query, ReadAgain read_again) {
  PACS_TRY(const auto reader, readers.lease());
  reader->database().stop_when(query.stop);
  PACS_TRY(auto made, plan(std::move(query), *reader));
  return std::make_unique<IndexMatches>(readers, std::move(made), std::move(read_again));
}

}  // namespace pacs::storage
