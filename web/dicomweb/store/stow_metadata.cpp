#include "web/dicomweb/store/stow_metadata.h"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"
#include "encoding/transfer_syntax.h"
#include "integration/on_worker.h"
#include "services/store/streamed_ingest.h"
#include "web/dicomweb/store/json_objects.h"
#include "web/dicomweb/store/stow_ingest.h"
#include "web/http/field_value.h"

namespace pacs::web {

using boost::asio::awaitable;

namespace {

/// What a part costs besides its text.
constexpr std::size_t kPartBytes = 200;

constexpr std::string_view kJson = "application/dicom+json";

}  // namespace

struct StowMetadata::Described {
  DataSet data_set;
  const TransferSyntax* syntax = nullptr;
};

Result<> StowMetadata::charge(std::size_t bytes) {
  charged_bytes_ += bytes;
  if (charged_bytes_ <= service_.limits.metadata_bytes_max) return {};
  return fail(ErrorKind::LimitExceeded,
              fmt::format("metadata takes more than metadata_bytes_max ({} bytes)",
                          service_.limits.metadata_bytes_max));
}

awaitable<Result<>> StowMetadata::begin(const Fields& fields) {
  std::optional<MediaType> media;
  if (const auto type = listed_field(fields, "Content-Type")) {
    PACS_CO_TRY(media, MediaType::parse(*type));
  }
  const auto location = listed_field(fields, "Content-Location");
  // The first part is metadata, whether it says so or not (RFC 2387 §3.2).
  const bool is_first = !media && metadata_.empty() && !location;
  in_metadata_ = is_first || (media && media->is(media_));
  PACS_CO_TRY(charge(kPartBytes + location.value_or("").size()));
  if (in_metadata_) {
    metadata_.emplace_back();
    co_return Result<>{};
  }
  co_return bulk_.begin(location.value_or(""), media);
}

awaitable<Result<>> StowMetadata::piece(ByteView bytes) {
  if (!in_metadata_) co_return bulk_.append(bytes);
  PACS_CO_TRY(charge(bytes.size()));
  metadata_.back() += as_text(bytes);
  co_return Result<>{};
}

awaitable<Result<>> StowMetadata::end() {
  if (!in_metadata_) co_return bulk_.end();
  co_return Result<>{};
}

/// JSON has all instances in an array, XML one document for each.
Result<std::vector<std::string_view>> StowMetadata::instances() const {
  std::vector<std::string_view> all;
  for (const std::string& text : metadata_) {
    if (media_ == kJson) {
      PACS_TRY(const auto objects, json_objects(text));
      all.insert(all.end(), objects.begin(), objects.end());
    } else {
      all.emplace_back(text);
    }
  }
  return all;
}

awaitable<Result<>> StowMetadata::store() {
  PACS_CO_TRY(bulk_.finish());
  PACS_CO_TRY(const auto all, instances());
  for (const std::string_view text : all) co_await store(text);
  co_return Result<>{};
}

Result<StowMetadata::Described> StowMetadata::describe(std::string_view text) const {
  Described described;
  ModelReadOptions options;
  options.refer_to_bulk = [&](std::string_view uri, Tag tag,
                              VR /*vr*/) -> Result<ModelReadOptions::Reference> {
    const BulkParts::Bulk* bulk = bulk_.find(uri);
    if (bulk == nullptr) {
      return fail(Error{ErrorKind::Malformed, fmt::format("no part has the Content-Location \"{}\"",
                                                          printable(uri.substr(0, 200)))}
                      .on(tag));
    }
    if (bulk->syntax != nullptr && (tag != tags::PixelData || described.syntax != nullptr)) {
      return fail(Error{ErrorKind::Malformed, "only Pixel Data comes in frames"}.on(tag));
    }
    if (bulk->syntax != nullptr) described.syntax = bulk->syntax;
    return ModelReadOptions::Reference{bulk->where, bulk->syntax != nullptr};
  };
  if (media_ == kJson) {
    PACS_TRY(described.data_set, read_json(text, options));
  } else {
    PACS_TRY(described.data_set, read_xml(text, options));
  }
  if (described.syntax == nullptr) described.syntax = &explicit_vr_little_endian();
  return described;
}

awaitable<void> StowMetadata::store(std::string_view text) {
  StowResult& result = commits_.next_result();
  Result<Described> described =
      co_await integration::on_worker(service_.workers, [&] { return describe(text); });
  if (!described) {
    result.fails(std::move(described.error()));
    co_return;
  }
  result.sop_class_uid = described->data_set.text(tags::SOPClassUID);
  result.sop_instance_uid = described->data_set.text(tags::SOPInstanceUID);
  auto ingest = begin_stow_ingest(service_, request_, std::string(described->syntax->uid), result);
  if (!ingest) co_return;
  Result<> appended = co_await append(*ingest, *std::move(described));
  if (appended) {
    co_await commits_.commit(std::move(ingest), result);
  } else {
    result.fails(std::move(appended.error()));
  }
}

awaitable<Result<>> StowMetadata::append(storage::Ingest& ingest, Described described) const {
  const OpenBulk open = [this](const Element& bulk, std::size_t swap_unit) {
    return bulk_pieces([this](std::uint64_t offset,
                              std::span<std::byte> into) { return bulk_.read(offset, into); },
                       *bulk.bulk(), swap_unit);
  };
  PACS_CO_TRY(const Pieces pieces,
              stream_data_set(std::move(described.data_set), *described.syntax, open));
  for (;;) {
    PACS_CO_TRY(const ByteView piece, pieces());
    if (piece.empty()) co_return Result<>{};
    PACS_CO_TRY(co_await services::append_in_turns(ingest, piece, false));
    co_await boost::asio::post(
        boost::asio::use_awaitable);  // others of this thread have their turn
  }
}

}  // namespace pacs::web
