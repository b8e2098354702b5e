#include "web/dicomweb/retrieve/zip_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "services/retrieve/retrieve_list.h"
#include "web/dicomweb/retrieve/byte_source.h"
#include "web/dicomweb/retrieve/object_source.h"
#include "web/http/zip_writer.h"

namespace pacs::web {
namespace {

constexpr std::size_t kZippedLookedUp = 1000;

struct ZipPlan {
  services::RetrieveList objects;
  std::vector<ZipEntry> entries;
};

Result<Content> zipped_content(const ObjectGiver& giver, const storage::InstanceRecord& record) {
  return object_content(giver, record, *given_syntax(record.transfer_syntax_uid, "*"));
}

/// Of one that is converted, by doing so once: the header changes its length, the pixels do not.
Result<std::uint64_t> zipped_bytes(const ObjectGiver& giver,
                                   const storage::InstanceRecord& record) {
  PACS_TRY(const Content content, zipped_content(giver, record));
  if (content.bytes) return *content.bytes;
  Bytes buffer(256U << 10);
  for (std::uint64_t bytes = 0;;) {
    PACS_TRY(const std::size_t got, content.source(buffer));
    if (got == 0) return bytes;
    bytes += got;
  }
}

Result<ZipPlan> plan(const ObjectGiver& giver, const Address& address) {
  PACS_TRY(const auto records, giver.setup.archive.select(address.selection()));
  if (records->total() > services::kRetrievedInstancesMax) {
    return fail(ErrorKind::LimitExceeded, "more instances than one answer has: ask for fewer");
  }
  ZipPlan plan;
  for (;;) {
    PACS_TRY(const auto some, records->next(kZippedLookedUp));
    if (some.empty()) break;
    for (const storage::InstanceRecord& record : some) {
      PACS_TRY(const std::uint64_t bytes, zipped_bytes(giver, record));
      plan.objects.add(record);
      plan.entries.push_back(
          {.name = fmt::format("{}/{}/{}.dcm", record.study_instance_uid,
                               record.series_instance_uid, record.sop_instance_uid),
           .bytes = bytes});
    }
  }
  if (plan.entries.empty()) return nothing_at(address);
  return plan;
}

class ZipBody {
 public:
  ZipBody(ObjectGiver giver, services::RetrieveList objects, ZipWriter writer)
      : giver_(std::move(giver)), objects_(std::move(objects)), writer_(std::move(writer)) {}

  Result<std::size_t> read(std::span<std::byte> into) {
    for (;;) {
      if (!between_.empty()) return take_between(into);
      if (content_) {
        PACS_TRY(const std::size_t got, content_->source(into));
        PACS_TRY(writer_.content(into.first(got)));
        if (got > 0) return got;
        content_.reset();
        PACS_TRY(text_, writer_.entry_end());
      } else if (at_ < objects_.size()) {
        PACS_TRY(content_, zipped_content(giver_, objects_.record(at_++)));
        text_ = writer_.entry_head();
      } else {
        text_ = writer_.directory();
        if (text_.empty()) return std::size_t{0};
      }
      between_ = as_bytes(text_);
    }
  }

 private:
  std::size_t take_between(std::span<std::byte> into) {
    const std::size_t count = std::min(into.size(), between_.size());
    std::ranges::copy(between_.first(count), into.begin());
    between_ = between_.subspan(count);
    return count;
  }

  const ObjectGiver giver_;
  const services::RetrieveList objects_;
  ZipWriter writer_;
  std::size_t at_ = 0;
  std::optional<Content> content_;
  std::string text_;  // what stands between contents
  ByteView between_;  // what is left of it
};

}  // namespace

Result<Response> zip_answer(ObjectGiver giver, const Address& address) {
  PACS_TRY(ZipPlan planned, plan(giver, address));
  ZipWriter writer{std::move(planned.entries)};
  const std::uint64_t bytes = writer.bytes();
  const auto body =
      std::make_shared<ZipBody>(std::move(giver), std::move(planned.objects), std::move(writer));
  const std::string& name = !address.instance.empty() ? address.instance
                            : !address.series.empty() ? address.series
                                                      : address.study;
  Response response;
  response.headers = {
      {"Content-Type", "application/zip"},
      {"Content-Disposition", fmt::format("attachment; filename=\"{}.zip\"", name)}};
  PACS_TRY(response.body,
           body_of({[body](std::span<std::byte> into) { return body->read(into); }, bytes}));
  return response;
}

}  // namespace pacs::web
