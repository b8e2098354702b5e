#include "apps/worklist_door.h"

#include <utility>

#include "apps/http_client.h"
#include "apps/open_archive.h"
#include "core/percent_encoding.h"
#include "encoding/dicom_json.h"
#include "web/json_array.h"
#include "web/worklist.h"
#include "web/worklist_filter.h"

namespace pacs::apps {

namespace {

/// Bytes of one request, below any http.body_bytes_max that a server could do with.
constexpr std::size_t kRequestBytes = 512U << 10;

class ArchiveDoor : public WorklistDoor {
 public:
  explicit ArchiveDoor(std::unique_ptr<storage::Archive> archive) : archive_(std::move(archive)) {}

  Status put(std::span<const storage::NewWorklistItem> items, Existing existing) override {
    const auto added = archive_->worklist().put(items, existing);
    if (!added) return fail(added.error());
    return {};
  }
  Result<std::vector<DataSet>> list(const web::Fields& parameters) override {
    auto filter = web::read_worklist_filter(parameters);
    if (!filter) return fail(std::move(filter.error()));
    auto items = archive_->worklist().list(std::move(filter->query), std::move(filter->view));
    if (!items) return fail(std::move(items.error()));
    std::vector<DataSet> data_sets;
    for (storage::WorklistItem& item : *items) data_sets.push_back(std::move(item.data_set));
    return data_sets;
  }
  Status cancel(const storage::StepId& id) override { return archive_->worklist().cancel(id); }

 private:
  std::unique_ptr<storage::Archive> archive_;
};

class ServerDoor : public WorklistDoor {
 public:
  explicit ServerDoor(std::string url) : url_(std::move(url)) {}

  Status put(std::span<const storage::NewWorklistItem> items, Existing existing) override {
    std::string orders;
    for (const storage::NewWorklistItem& item : items) {
      std::string order;
      if (Status written = write_json(item.data_set, order); !written) return written;
      if (existing == Existing::Replace) {
        if (Status put = send("PUT", web::worklist_path(item.id), order); !put) return put;
        continue;
      }
      if (!orders.empty() && orders.size() + order.size() > kRequestBytes) {
        if (Status put = create(std::exchange(orders, {})); !put) return put;
      }
      orders += (orders.empty() ? "" : ",") + order;
    }
    return orders.empty() ? Status{} : create(orders);
  }
  Result<std::vector<DataSet>> list(const web::Fields& parameters) override {
    std::string target = url_ + "/api/worklist";
    char separator = '?';
    for (const auto& [name, value] : parameters) {
      target +=
          std::exchange(separator, '&') + percent_encoded(name) + "=" + percent_encoded(value);
    }
    const auto reply = http_request("GET", target);
    if (!reply) return fail(reply.error());
    if (!reply->ok()) return fail(refused(*reply));
    const auto texts = web::split_json_array(reply->body);
    if (!texts) return fail(texts.error());
    std::vector<DataSet> data_sets;
    for (const std::string_view text : *texts) {
      auto data_set = read_json(text);
      if (!data_set) return fail(std::move(data_set.error()));
      data_sets.push_back(std::move(*data_set));
    }
    return data_sets;
  }
  Status cancel(const storage::StepId& id) override {
    return send("POST", web::worklist_path(id) + "/cancel", {});
  }

 private:
  static Error refused(const HttpReply& reply) {
    return {reply.status < 500 ? ErrorKind::InvalidArgument : ErrorKind::Io, reason_of(reply)};
  }
  Status create(const std::string& orders) {
    return send("POST", "/api/worklist", "[" + orders + "]");
  }
  [[nodiscard]] Status send(std::string_view method, const std::string& path,
                            std::string_view body) const {
    const auto reply = http_request(method, url_ + path, body);
    if (!reply) return fail(reply.error());
    if (!reply->ok()) return fail(refused(*reply));
    return {};
  }

  const std::string url_;
};

}  // namespace

Result<std::unique_ptr<WorklistDoor>> open_worklist(const Config& config, const std::string& url) {
  if (!url.empty()) {
    std::string base = url;
    while (base.ends_with('/')) base.pop_back();
    return std::make_unique<ServerDoor>(std::move(base));
  }
  auto archive = storage::Archive::open(archive_options(config));
  if (archive) return std::make_unique<ArchiveDoor>(std::move(*archive));
  // Somebody holds it: the server, whose port says whether that is so.
  if (archive.error().kind != ErrorKind::Rejected) return fail(std::move(archive.error()));
  return std::make_unique<ServerDoor>(api_url(config));
}

}  // namespace pacs::apps
