#include "storage/verify.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "storage/file_storage.h"
#include "storage/object_check.h"

namespace pacs::storage {
namespace {

/// More would say nothing new, and a report must end.
constexpr std::size_t kProblemsMax = 10'000;

class Verifier {
 public:
  Verifier(ObjectStore& store, Index& index, VerifyReport& report)
      : store_(store), index_(index), report_(report) {}

  void check(const InstanceRecord& record) {
    ++report_.objects;
    store_.forget(record.object_key);
    const auto checked = check_object(record, [&](std::uint64_t offset, std::span<std::byte> to) {
      auto got = store_.read(record.object_key, offset, to);
      if (got && offset >= record.data_set_offset) report_.bytes += *got;
      return got;
    });
    if (!checked) problem(record, checked.error().message);
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
  ObjectStore& store_;
  Index& index_;
  VerifyReport& report_;
};

/// Numbers that `index` names, in ascending order.
Result<std::vector<std::uint64_t>> numbers_of(Index& index) {
  std::vector<std::uint64_t> numbers;
  auto walked = index.for_each([&](std::uint64_t number, const InstanceRecord&) {
    numbers.push_back(number);
    return true;
  });
  if (!walked) return fail(walked.error());
  return numbers;
}

/// Objects that no row names, and files that are no objects.
Status find_strangers(ObjectStore& store, Index& index, const VerifyOptions& options,
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
    if (auto settled = options.settle(); !settled) return settled;
  }
  auto again = numbers_of(index);
  if (!again) return fail(again.error());
  for (const auto& [number, name] : strangers) {
    if (std::ranges::binary_search(*again, number)) continue;
    verifier.add(
        Error{ErrorKind::Corrupt, "no instance in the index names object " + name}.in(name));
  }
  return {};
}

}  // namespace

Result<VerifyReport> verify(ObjectStore& store, Index& index, const VerifyOptions& options) {
  if (options.settle) {
    if (auto settled = options.settle(); !settled) return fail(settled.error());
  }
  const auto counts = index.counts();
  if (!counts) return fail(counts.error());
  VerifyReport report;
  Verifier verifier(store, index, report);
  std::vector<std::uint64_t> known;
  bool cancelled = false;
  auto walked = index.for_each([&](std::uint64_t number, const InstanceRecord& record) {
    known.push_back(number);
    if (number > options.last_object) return true;
    verifier.check(record);
    cancelled = options.progress &&
                !options.progress(report.objects, std::max(counts->instances, report.objects));
    return !cancelled;
  });
  if (!walked) return fail(walked.error());
  if (cancelled) return fail(ErrorKind::Cancelled, "verifying was cancelled");
  if (auto looked = find_strangers(store, index, options, verifier, std::move(known)); !looked) {
    return fail(looked.error());
  }
  auto faults = index.check();
  if (!faults) return fail(faults.error());
  for (std::string& fault : *faults) {
    verifier.add(Error{ErrorKind::Corrupt, "index: " + std::move(fault)}.in("index"));
  }
  return report;
}

}  // namespace pacs::storage
