#include "apps/commands/worklist_door.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/commands/http_client.h"
#include "apps/server/open_archive.h"
#include "apps/server/process_setup.h"
#include "core/percent_encoding.h"
#include "encoding/model/dicom_json.h"
#include "storage/find_archive.h"
#include "web/api/json_array.h"
#include "web/api/worklist.h"
#include "web/api/worklist_filter.h"

namespace pacs::apps {

namespace {

/// Bytes of one request, below any http.body_bytes_max that is usable.
constexpr std::size_t kRequestBytes = 512U << 10;

/// Orders of one request: the server's orders_of_request_max.
constexpr std::size_t kRequestOrders = 1000;

class ArchiveDoor : public WorklistDoor {
 public:
  explicit ArchiveDoor(std::unique_ptr<storage::Archive> archive) : archive_(std::move(archive)) {}

  WorklistPut put(std::span<const storage::NewWorklistItem> items, Existing existing) override {
    const auto put = archive_->worklist().put(items, existing);
    if (!put) return {.failed = items.size(), .status = fail(put.error())};
    return {.taken = items.size()};
  }
  Result<std::vector<DataSet>> list(const web::Fields& parameters) override {
    PACS_TRY(auto filter, web::read_worklist_filter(parameters));
    PACS_TRY(auto items,
             archive_->worklist().list(std::move(filter.query), std::move(filter.view)));
    std::vector<DataSet> data_sets;
    data_sets.reserve(items.size());
    for (storage::WorklistItem& item : items) data_sets.push_back(std::move(item.data_set));
    return data_sets;
  }
  Result<> cancel(const storage::StepId& id) override { return archive_->worklist().cancel(id); }

 private:
  std::unique_ptr<storage::Archive> archive_;
};

class ServerDoor : public WorklistDoor {
 public:
  explicit ServerDoor(std::string url) : url_(std::move(url)) {}

  WorklistPut put(std::span<const storage::NewWorklistItem> items, Existing existing) override {
    std::vector<std::string> orders;  // all of them before the first is sent
    for (const storage::NewWorklistItem& item : items) {
      if (Result<> written = write_json(item.data_set, orders.emplace_back()); !written) {
        return {.failed = items.size(), .status = std::move(written)};
      }
    }
    WorklistPut outcome;
    while (outcome.status && outcome.taken < items.size()) {
      const std::span rest = std::span{orders}.subspan(outcome.taken);
      const bool replace = existing == Existing::Replace;
      const std::size_t count = replace ? 1 : orders_of_request(rest);
      outcome.status = replace ? send("PUT", web::worklist_path(items[outcome.taken].id), rest[0])
                               : create(rest.first(count));
      (outcome.status ? outcome.taken : outcome.failed) += count;
    }
    return outcome;
  }
  Result<std::vector<DataSet>> list(const web::Fields& parameters) override {
    std::string target = url_ + "/api/worklist";
    char separator = '?';
    for (const auto& [name, value] : parameters) {
      target +=
          std::exchange(separator, '&') + percent_encoded(name) + "=" + percent_encoded(value);
    }
    PACS_TRY(const auto reply, http_request("GET", target));
    if (!reply.ok()) return fail(refused(reply));
    PACS_TRY(const auto texts, web::split_json_array(reply.body));
    std::vector<DataSet> data_sets;
    for (const std::string_view text : texts) {
      PACS_TRY(auto data_set, read_json(text));
      data_sets.push_back(std::move(data_set));
    }
    return data_sets;
  }
  Result<> cancel(const storage::StepId& id) override {
    return send("POST", web::worklist_path(id) + "/cancel", {});
  }

 private:
  static Error refused(const HttpReply& reply) {
    return {reply.status < 500 ? ErrorKind::InvalidArgument : ErrorKind::Io, reason_of(reply)};
  }
  /// How many of the next orders go in one request.
  static std::size_t orders_of_request(std::span<const std::string> orders) {
    std::size_t count = 0, bytes = 0;
    for (const std::string& order : orders.first(std::min(orders.size(), kRequestOrders))) {
      bytes += order.size() + 1;
      if (count != 0 && bytes > kRequestBytes) break;
      ++count;
    }
    return count;
  }
  [[nodiscard]] Result<> create(std::span<const std::string> orders) const {
    return send("POST", "/api/worklist", fmt::format("[{}]", fmt::join(orders, ",")));
  }
  [[nodiscard]] Result<> send(std::string_view method, const std::string& path,
                              std::string_view body) const {
    auto reply = http_request(method, url_ + path, body);
    if (!reply) {
      const ErrorKind kind = reply.error().kind;
      if (kind != ErrorKind::ConnectionClosed && kind != ErrorKind::InvalidArgument) {
        reply.error().message += " (no answer: the request may have taken effect)";
      }
      return fail(std::move(reply.error()));
    }
    if (!reply->ok()) return fail(refused(*reply));
    return {};
  }

  const std::string url_;
};

}  // namespace

Result<std::unique_ptr<WorklistDoor>> open_worklist(const Config& config, const std::string& url,
                                                    Missing missing) {
  if (!url.empty()) {
    std::string base = url;
    while (base.ends_with('/')) base.pop_back();
    return std::make_unique<ServerDoor>(std::move(base));
  }
  if (missing == Missing::Refuse) {
    PACS_TRY(storage::find_archive(config.storage.path));
  }
  keep_archive_private();
  auto archive = storage::Archive::open(archive_options(config));
  if (archive) return std::make_unique<ArchiveDoor>(std::move(*archive));
  // Another process holds the archive: probably the server, so ask its port.
  if (archive.error().kind != ErrorKind::Rejected) return fail(std::move(archive.error()));
  return std::make_unique<ServerDoor>(api_url(config));
}

}  // namespace pacs::apps
