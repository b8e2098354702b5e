#include "storage/worklist/worklist_rows.h"

#include <utility>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "storage/query/answer_builder.h"

namespace pacs::storage {
namespace {

/// Rows looked at before the reader is given back for a moment: others wait for it, and the
/// database's journal cannot be begun anew meanwhile. Some milliseconds.
constexpr std::size_t kItemsOfLease = 1024;

const TransferSyntax& stored_syntax() {
  static const TransferSyntax& syntax = *find_transfer_syntax(uids::ExplicitVRLittleEndian);
  return syntax;
}

/// The status is the row's: the data set has the one that the order came with.
void set_status(DataSet& data_set, std::string_view status) {
  const Sequence& steps = data_set.items(tags::ScheduledProcedureStepSequence);
  if (steps.empty() ||
      steps.front().data_set.text(tags::ScheduledProcedureStepStatus, 0) == status) {
    return;
  }
  Sequence changed = steps;
  changed.front().data_set.set_text(tags::ScheduledProcedureStepStatus, status);
  data_set.set_items(tags::ScheduledProcedureStepSequence, std::move(changed));
}

Result<DataSet> worklist_data_set_of(SqlStatement& row) {
  const ByteView bytes = row.bytes(5);
  auto data_set = read_data_set(share(Bytes(bytes.begin(), bytes.end())), stored_syntax(),
                                {.limits = limits_of_stored()});
  if (!data_set) {
    return fail(ErrorKind::Corrupt,
                "index: the data set of a worklist item: " + data_set.error().to_string());
  }
  set_status(*data_set, row.text(1));
  return data_set;
}

Result<WorklistItem> worklist_item_of(SqlStatement& row, DataSet data_set) {
  WorklistItem item;
  const auto status = parse_step_status(row.text(1));
  if (!status) return fail(ErrorKind::Corrupt, "index: a worklist item has an unknown status");
  item.status = *status;
  item.source = row.text(2);
  item.created_ms = row.integer(3);
  item.changed_ms = row.integer(4);
  item.data_set = std::move(data_set);
  item.id.study_instance_uid = item.data_set.text(tags::StudyInstanceUID, 0);
  const Sequence& steps = item.data_set.items(tags::ScheduledProcedureStepSequence);
  if (!steps.empty()) {
    item.id.scheduled_procedure_step_id =
        steps.front().data_set.text(tags::ScheduledProcedureStepID, 0);
  }
  return item;
}

class WorklistMatches final : public Matches {
 public:
  WorklistMatches(SqlReaders& readers, WorklistPlan plan, const integration::Logger& logger)
      : rows_(readers, std::move(plan), logger),
        builder_(rows_.query(), AnswerBuilder::HeaderText::Utf8) {}

  Result<std::vector<DataSet>> next(std::size_t most) override {
    std::vector<DataSet> answers;
    while (answers.size() < most && !rows_.ended()) {
      const auto answer = [&](SqlStatement&, const DataSet& item) {
        builder_.begin(&item);
        for (const QueryKey& key : rows_.query().keys) builder_.add_of_header(key);
        answers.push_back(builder_.finish(item.text(tags::TimezoneOffsetFromUTC, 0)));
        return Result<>{};
      };
      PACS_TRY(rows_.pull(most - answers.size(), answer));
    }
    return answers;
  }

 private:
  WorklistRows rows_;
  AnswerBuilder builder_;
};

Result<WorklistPlan> plan_with(SqlReaders& readers, Query query, const WorklistView& view) {
  PACS_TRY(const auto reader, readers.lease());
  reader->database().stop_when(query.stop);
  return plan_worklist(std::move(query), view, *reader);
}

}  // namespace

Result<Bytes> encode_worklist_data_set(const DataSet& data_set) {
  PACS_TRY(Bytes bytes, write_data_set(data_set, stored_syntax(), {.conforming = true}));
  const SharedBytes written{nullptr, bytes};
  if (auto again = read_data_set(written, stored_syntax(), {.limits = limits_of_stored()});
      !again) {
    again.error().message = "cannot be stored: " + again.error().message;
    return fail(std::move(again.error()));
  }
  return bytes;
}

Result<WorklistItem> worklist_item_of(SqlStatement& row) {
  PACS_TRY(auto data_set, worklist_data_set_of(row));
  return worklist_item_of(row, std::move(data_set));
}

WorklistRows::WorklistRows(SqlReaders& readers, WorklistPlan plan, integration::Logger logger)
    : readers_(readers), plan_(std::move(plan)), logger_(std::move(logger)) {
  if (!plan_.walks.empty()) place_ = plan_.walks.front().place;
}

Result<> WorklistRows::pull(std::size_t most, const Each& each) {
  PACS_TRY(const auto reader, readers_.lease());
  reader->database().stop_when(plan_.query.stop);
  std::size_t rows = kItemsOfLease;
  while (!ended() && rows != 0 && most != 0) {
    PACS_TRY(take(*reader, rows, most, each));
  }
  return {};
}

/// Rows of one walk, as far as it may.
Result<> WorklistRows::take(SqlReader& reader, std::size_t& rows, std::size_t& most,
                            const Each& each) {
  const WorklistWalk& walk = plan_.walks[walk_];
  PACS_TRY(const auto statement, reader.statement(walk.rows, place_));
  SqlStatement& row = *statement;
  while (rows != 0 && most != 0 && !enough_) {
    if (plan_.query.stop.stop_requested()) {
      return fail(ErrorKind::Cancelled, "the query was cancelled");
    }
    PACS_TRY(const auto stepped, row.step());
    if (!stepped) {
      if (++walk_ < plan_.walks.size()) place_ = plan_.walks[walk_].place;
      return {};
    }
    --rows;
    auto data_set = worklist_data_set_of(row);
    if (!data_set) {
      logger_.error("", "a scheduled procedure step cannot be read: enter or remove it anew",
                    {{"study", row.text(6)},
                     {"step", row.text(7)},
                     {"source", row.text(2)},
                     {"why", data_set.error().to_string()}});
      continue;
    }
    if (!matches(plan_.match, *data_set)) continue;
    if (skipped_ < plan_.query.skip) {
      ++skipped_;
      continue;
    }
    --most;
    enough_ = ++given_ == plan_.query.limit;
    PACS_TRY(each(row, std::move(*data_set)));
  }
  keep_place(row);
  return {};
}

/// Behind the row it stands at.
void WorklistRows::keep_place(SqlStatement& row) {
  for (std::size_t i = 0; i + 1 < place_.size(); ++i) {
    place_[i] = std::string(row.text(kWorklistRowColumns + static_cast<int>(i)));
  }
  place_.back() = row.integer(0);
}

Result<std::unique_ptr<Matches>> search_worklist(SqlReaders& readers, Query query,
                                                 const WorklistView& view,
                                                 const integration::Logger& logger) {
  PACS_TRY(auto plan, plan_with(readers, std::move(query), view));
  return std::make_unique<WorklistMatches>(readers, std::move(plan), logger);
}

Result<std::vector<WorklistItem>> list_worklist(SqlReaders& readers, Query query,
                                                const WorklistView& view,
                                                const integration::Logger& logger) {
  PACS_TRY(auto plan, plan_with(readers, std::move(query), view));
  WorklistRows rows(readers, std::move(plan), logger);
  std::vector<WorklistItem> items;
  while (!rows.ended()) {
    const auto keep = [&](SqlStatement& row, DataSet data_set) -> Result<> {
      PACS_TRY(auto item, worklist_item_of(row, std::move(data_set)));
      items.push_back(std::move(item));
      return {};
    };
    PACS_TRY(rows.pull(SIZE_MAX, keep));
  }
  return items;
}

}  // namespace pacs::storage
