#include "storage/query/query_columns.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/sort_unique.h"
#include "storage/query/query_attributes.h"

namespace pacs::storage {
namespace {

using enum QueryLevel;
using Kind = KeyColumn::Kind;

Kind kind_of_text(const IndexColumn& column) {
  const DictionaryEntry* entry = lookup(column.tag);
  if (entry->vr() == VR::IS || entry->vr() == VR::DS) return Kind::Number;
  return entry->vm == "1" && column.sequence.value == 0 ? Kind::Text : Kind::List;
}

struct Columns {
  std::vector<KeyColumn> own;        // by tag
  std::vector<KeyColumn> sequences;  // few
};

void add(Columns& to, QueryLevel level, std::span<const IndexColumn> columns) {
  for (const IndexColumn& column : columns) {
    KeyColumn key = key_column(column, table_of(level).table, kind_of_text(column));
    key.level = level;
    (column.sequence.value == 0 ? to.own : to.sequences).push_back(std::move(key));
  }
}

const Columns& all_columns() {
  static const Columns columns = [] {
    Columns made;
    add(made, Patient, patient_columns());
    add(made, Study, study_columns());
    add(made, Series, series_columns());
    add(made, Image, instance_columns());
    const KeyColumn others[] = {
        {tags::StudyInstanceUID, Study, Kind::Unique, "study.study_instance_uid"},
        {tags::SeriesInstanceUID, Series, Kind::Unique, "series.series_instance_uid"},
        {tags::SOPInstanceUID, Image, Kind::Unique, "instance.sop_instance_uid"},
        {tags::SOPClassUID, Image, Kind::Term, "instance.sop_class_key"},
        {tags::AvailableTransferSyntaxUID, Image, Kind::Term, "instance.transfer_syntax_key"},
        {tags::ModalitiesInStudy, Study, Kind::List, "study.modalities"},
        {tags::SOPClassesInStudy, Study, Kind::List, "study.sop_classes"},
        {tags::NumberOfPatientRelatedStudies, Patient, Kind::Count, "patient.study_count"},
        {tags::NumberOfPatientRelatedSeries, Patient, Kind::Count, "patient.series_count"},
        {tags::NumberOfPatientRelatedInstances, Patient, Kind::Count, "patient.instance_count"},
        {tags::NumberOfStudyRelatedSeries, Study, Kind::Count, "study.series_count"},
        {tags::NumberOfStudyRelatedInstances, Study, Kind::Count, "study.instance_count"},
        {tags::NumberOfSeriesRelatedInstances, Series, Kind::Count, "series.instance_count"},
    };
    made.own.insert(made.own.end(), std::begin(others), std::end(others));
    std::ranges::sort(made.own, {}, &KeyColumn::tag);
    return made;
  }();
  return columns;
}

}  // namespace

Joined join_up(QueryLevel level, QueryLevel highest) {
  Joined joined{std::string(table_of(level).table), {}};
  for (; level > highest; level = above(level)) {
    joined.from += fmt::format(" CROSS JOIN {}", table_of(above(level)).table);
    joined.conditions +=
        fmt::format(" AND {} = {}", table_of(above(level)).id, table_of(level).parent_key);
  }
  return joined;
}

KeyColumn key_column(const IndexColumn& column, std::string_view table, KeyColumn::Kind text) {
  KeyColumn key;
  key.tag = column.tag;
  key.expression = fmt::format("{}.{}", table, column.name);
  key.sequence = column.sequence;
  switch (column.kind) {
    case ColumnKind::Date:
      key.kind = Kind::Date;
      break;
    case ColumnKind::Time:
      key.kind = Kind::Time;
      break;
    case ColumnKind::Name:
      key.kind = Kind::Name;
      key.folded = key.expression + "_folded";
      break;
    case ColumnKind::Text:
      key.kind = text;
      break;
  }
  return key;
}

const KeyColumn* find_column(std::span<const KeyColumn> columns, Tag sequence, Tag tag) {
  const auto found = std::ranges::find_if(columns, [&](const KeyColumn& column) {
    return column.sequence == sequence && column.tag == tag;
  });
  return found != columns.end() ? &*found : nullptr;
}

std::optional<QueryLevel> level_of_attribute(Tag tag) {
  if (const KeyColumn* column = find_key_column(tag)) return column->level;
  const auto& sequences = all_columns().sequences;
  const auto found = std::ranges::find(sequences, tag, &KeyColumn::sequence);
  return found != sequences.end() ? std::optional(found->level) : std::nullopt;
}

std::vector<Tag> indexed_attributes(QueryLevel level) {
  std::vector<Tag> tags;
  for (const KeyColumn& column : all_columns().own) {
    if (column.level == level) tags.push_back(column.tag);
  }
  for (const KeyColumn& column : all_columns().sequences) {
    if (column.level == level) tags.push_back(column.sequence);
  }
  sort_unique(tags);
  return tags;
}

std::span<const Tag> ordering_attributes() {
  static constexpr std::array kTags{tags::StudyDate,        tags::AccessionNumber,
                                    tags::StudyDescription, tags::ReferringPhysicianName,
                                    tags::PatientName,      tags::PatientID};
  return kTags;
}

const KeyColumn* find_key_column(Tag tag) {
  const auto& columns = all_columns().own;
  const auto found = std::ranges::lower_bound(columns, tag, {}, &KeyColumn::tag);
  return found != columns.end() && found->tag == tag ? &*found : nullptr;
}

const KeyColumn* find_key_column(Tag sequence, Tag tag) {
  return find_column(all_columns().sequences, sequence, tag);
}

}  // namespace pacs::storage
