#include "storage/recovery/verify.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/character_sets/default_character_set.h"
#include "encoding/data_sets/header_blob.h"
#include "encoding/data_sets/header_reader.h"
#include "storage/index/index.h"
#include "storage/index/index_columns.h"
#include "storage/ingest/identity.h"
#include "storage/objects/file_storage.h"
#include "storage/objects/object_check.h"

namespace pacs::storage {
namespace {

/// More would say nothing new, and a report must end.
constexpr std::size_t kProblemsMax = 10'000;

class Verifier {
 public:
  Verifier(ObjectStore& store, Index& index, const Limits& limits, VerifyReport& report)
      : store_(store), index_(index), limits_(limits), report_(report) {}

  void check(const InstanceRecord& record) {
    ++report_.objects;
    store_.forget(record.object_key);
    const TransferSyntax* syntax = find_transfer_syntax(record.transfer_syntax_uid);
    if (syntax == nullptr) return problem(record, "has an unknown transfer syntax in the index");
    HeaderReader header(*syntax, limits_of_stored(limits_));
    Result<> fed;
    const auto checked = check_object(record, [&](std::uint64_t offset, std::span<std::byte> to) {
      auto got = store_.read(record.object_key, offset, to);
      if (got && offset >= record.data_set_offset) {
        report_.bytes += *got;
        if (fed) fed = header.feed(ByteView(to).first(*got));
      }
      return got;
    });
    if (!checked) return problem(record, checked.error().message);
    auto read = fed ? header.finish(DataSetEnd::Certain) : Result<Header>(fail(fed.error()));
    if (!read) return problem(record, "is not a data set: " + read.error().to_string());
    if (auto same = compare_with_index(record, std::move(read->data_set)); !same) {
      problem(record, same.error().message);
    }
  }

  void add(Error error) {
    if (report_.problems.size() < kProblemsMax) report_.problems.push_back(std::move(error));
  }

 private:
  void problem(const InstanceRecord& record, std::string_view what) {
    // Replaced while we looked: it is somebody else's now.
    const auto now = index_.find(record.sop_instance_uid);
    if (!now || now->object_key != record.object_key) return;
    add(Error{ErrorKind::Corrupt, "object " + record.object_key + " of instance " +
                                      record.sop_instance_uid + " " + std::string(what)}
            .in(record.object_key));
  }
  /// The messages go on after "the object".
  Result<> compare_with_index(const InstanceRecord& record, DataSet header) {
    const auto unlike = [](std::string what) { return fail(ErrorKind::Corrupt, std::move(what)); };
    const auto identity = identify(header, {});
    if (!identity) return unlike("cannot be identified: " + identity.error().to_string());
    if (identity->study_instance_uid != record.study_instance_uid ||
        identity->series_instance_uid != record.series_instance_uid) {
      return unlike("belongs to a different study or series than the index says");
    }
    auto bytes = index_.header(record.sop_instance_uid);
    const auto stored =
        bytes ? decode_header(share(std::move(*bytes))) : Result<Header>(fail(bytes.error()));
    if (!stored) {
      return unlike("has a header in the index that cannot be read: " + stored.error().message);
    }
    // It may be one that named no character set: the stored one does since.
    name_missing_character_set(header, stored->data_set.text(tags::SpecificCharacterSet));
    const ColumnValues own = column_values(header), kept = column_values(stored->data_set);
    if (own.patient != kept.patient || own.study != kept.study || own.series != kept.series ||
        own.instance != kept.instance) {
      return unlike("has a header in the index that differs from its own");
    }
    const auto row = index_.instance_values(record.sop_instance_uid);
    if (!row) return unlike("has a row in the index that cannot be read: " + row.error().message);
    const auto [ours, theirs] = std::ranges::mismatch(own.instance, *row);
    if (ours == own.instance.end()) return {};
    const auto place = static_cast<std::size_t>(ours - own.instance.begin());
    return unlike("has a different value in the index: " + column_names(instance_columns())[place]);
  }

  ObjectStore& store_;
  Index& index_;
  const Limits& limits_;
  VerifyReport& report_;
};

/// Numbers that `index` names, in ascending order.
Result<std::vector<std::uint64_t>> numbers_of(Index& index) {
  std::vector<std::uint64_t> numbers;
  PACS_TRY(index.for_each([&](std::uint64_t number, const InstanceRecord&) {
    numbers.push_back(number);
    return true;
  }));
  return numbers;
}

/// Objects that no row names, and files that are no objects.
Result<> find_strangers(ObjectStore& store, Index& index, const VerifyOptions& options,
                        Verifier& verifier, std::vector<std::uint64_t> known) {
  std::vector<std::pair<std::uint64_t, std::string>> strangers;
  auto listed = store.list([&](std::string_view key, const std::string& name) {
    const auto number = object_number(key);
    if (!number) {
      verifier.add(Error{ErrorKind::Corrupt, "not an object of this archive: " + name}.in(name));
    } else if (*number <= options.last_object && !std::ranges::binary_search(known, *number)) {
      strangers.emplace_back(*number, name);
    }
    return true;
  });
  if (!listed || strangers.empty()) return listed;
  // An object that was in flight has its row by now.
  if (options.settle) {
    PACS_TRY(options.settle());
  }
  PACS_TRY(const auto again, numbers_of(index));
  for (const auto& [number, name] : strangers) {
    if (std::ranges::binary_search(again, number)) continue;
    verifier.add(
        Error{ErrorKind::Corrupt, "no instance in the index names object " + name}.in(name));
  }
  return {};
}

}  // namespace

Result<VerifyReport> verify(ObjectStore& store, Index& index, const VerifyOptions& options) {
  if (options.settle) {
    PACS_TRY(options.settle());
  }
  PACS_TRY(const auto counts, index.counts());
  VerifyReport report;
  Verifier verifier(store, index, options.limits, report);
  std::vector<std::uint64_t> known;
  bool cancelled = false;
  PACS_TRY(index.for_each([&](std::uint64_t number, const InstanceRecord& record) {
    known.push_back(number);
    if (number > options.last_object) return true;
    verifier.check(record);
    cancelled = options.progress &&
                !options.progress(report.objects, std::max(counts.instances, report.objects));
    return !cancelled;
  }));
  if (cancelled) return fail(ErrorKind::Cancelled, "verifying was cancelled");
  PACS_TRY(find_strangers(store, index, options, verifier, std::move(known)));
  PACS_TRY(auto faults, index.check());
  for (std::string& fault : faults) {
    verifier.add(Error{ErrorKind::Corrupt, "index: " + std::move(fault)}.in("index"));
  }
  return report;
}

}  // namespace pacs::storage
