#include "web/dicomweb/retrieve/bulk_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/uids.h"
#include "encoding/limits.h"
#include "encoding/model/model_values.h"
#include "encoding/transfer_syntax.h"
#include "storage/stored_data_set.h"
#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/frame_content.h"
#include "web/dicomweb/retrieve/multipart_answer.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/dicomweb/retrieve/wado_answer.h"

namespace pacs::web {
namespace {

constexpr std::string_view kBulkMedia = "application/octet-stream";

template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base) {
  Number number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool whole = code == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

std::string_view take_step(std::string_view& path) {
  const std::size_t dot = std::min(path.find('.'), path.size());
  const std::string_view step = path.substr(0, dot);
  path.remove_prefix(std::min(dot + 1, path.size()));
  return step;
}

const Element* find_step(const DataSet& data_set, std::string_view step) {
  const auto number = step.size() == 8 ? whole_number<std::uint32_t>(step, 16) : std::nullopt;
  return number ? data_set.find(Tag{*number}) : nullptr;
}

/// A value as little endian bytes, read where it lies.
Content value_content(ReadStored stored, const Element& element) {
  const BulkReference* bulk = element.bulk();
  if (bulk == nullptr) return bytes_content(bytes_for_model(element));
  const std::size_t unit = info(element.vr()).unit_bytes;
  if (element.byte_order() == ByteOrder::Big && unit > 1 && !element.bulk_is_encapsulated()) {
    return {pieces_source(bulk_pieces(std::move(stored), *bulk, unit)), bulk->length};
  }
  return places_content(std::move(stored), {*bulk});
}

bool takes_octets(const MediaRange& range) {
  const std::string_view syntax = range.transfer_syntax_uid;
  const bool plain = syntax.empty() || syntax == "*" || syntax == uids::ExplicitVRLittleEndian;
  return plain && matches(range, Offer{kBulkMedia, range.multipart, syntax});
}

/// Whether pixel data is asked for in fragments or by a medium of frames.
bool is_of_frames(const Element& element, std::string_view path,
                  const std::vector<MediaRange>& accepted) {
  if (path != "7FE00010" || element.bulk() == nullptr) return false;
  return element.bulk_is_encapsulated() || !std::ranges::any_of(accepted, takes_octets);
}

struct BulkAnswer {
  storage::Archive& archive;
  ImageCache& images;
  const Address& address;
  const storage::InstanceRecord& record;
};

/// PS3.18 §8.7.3.3.2: encapsulated pixel data is given as its frames.
Result<Response> frames_of(const BulkAnswer& bulk, const Request& request) {
  PACS_TRY(auto image, bulk.images.open(bulk.record));
  std::vector<std::uint32_t> numbers(image->count());
  std::iota(numbers.begin(), numbers.end(), 0U);
  return answer_frames(
      {std::move(image), std::move(numbers), request.base_url + bulk.address.path() + "/frames/"},
      request);
}

Result<Response> value_answer(const BulkAnswer& bulk, const Header& header, std::string_view path,
                              const Request& request) {
  PACS_TRY(const Element* found, element_at(header.data_set, path));
  const Element& element = *found;
  PACS_TRY(const std::vector<MediaRange> accepted, wanted_media(request));
  if (is_of_frames(element, path, accepted)) return frames_of(bulk, request);
  const auto range = std::ranges::find_if(accepted, takes_octets);
  if (range == accepted.end()) {
    return not_acceptable("Bulk data is given as application/octet-stream.");
  }
  ReadStored stored = storage::stored_data_set(bulk.archive, bulk.record);
  const TransferSyntax* syntax = find_transfer_syntax(bulk.record.transfer_syntax_uid);
  if (syntax != nullptr && syntax->deflated) {
    stored = read_inflated(std::move(stored), bulk.record.data_set_bytes, limits_of_stored(),
                           header.inflate_points);
  }
  Content content = value_content(std::move(stored), element);
  if (!range->multipart) {
    const Validators validators =
        validators_of(bulk.record, strong_etag(fmt::format("{:x}-{}", bulk.record.checksum, path)));
    if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
    return ranged_answer({std::string(kBulkMedia), std::move(content), validators}, request);
  }
  const Fields fields{{"Content-Type", std::string(kBulkMedia)},
                      {"Content-Location", fmt::format("{}{}/bulkdata/{}", request.base_url,
                                                       bulk.address.path(), path)}};
  const std::uint64_t bytes = *content.bytes;
  std::optional<AnswerPart> part{{fields, std::move(content.source)}};
  return multipart_answer(
      kBulkMedia,
      [part = std::move(part)]() mutable -> Result<std::optional<AnswerPart>> {
        return std::exchange(part, std::nullopt);
      },
      [&](const EachPart& each) { each(fields, bytes); });
}

Result<Response> bulk_data(storage::Archive& archive, ImageCache& images, const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const storage::InstanceRecord record, find_addressed(archive, address));
  PACS_TRY(const Header header, archive.read_header(record.sop_instance_uid));
  const std::string_view path = request.parameter("path");
  return value_answer({archive, images, address, record}, header, path, request);
}

}  // namespace

Result<const Element*> element_at(const DataSet& data_set, std::string_view path) {
  const DataSet* level = &data_set;
  const auto nothing = [&] {
    return fail(ErrorKind::NotFound, "the instance has no bulk data at this path");
  };
  for (;;) {
    const Element* element = find_step(*level, take_step(path));
    if (element == nullptr) return nothing();
    if (path.empty()) {
      if (element->form() == Element::Form::Sequence) return nothing();
      return element;
    }
    const auto item = whole_number<std::size_t>(take_step(path), 10);
    if (!item || *item == 0 || *item > element->items().size() || path.empty()) return nothing();
    level = &element->items()[*item - 1].data_set;
  }
}

void add_bulk_data(Resources& resources, storage::Archive& archive,
                   std::shared_ptr<ImageCache> images) {
  resources.add(
      {"GET",
       "/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path}",
       "RetrieveBulkdata",
       {"application/octet-stream", "multipart/related; type=\"application/octet-stream\""}},
      Role::Viewer, answering([&archive, images = std::move(images)](const Request& request) {
        return bulk_data(archive, *images, request);
      }));
}

}  // namespace pacs::web
