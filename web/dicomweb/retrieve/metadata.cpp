#include "web/dicomweb/retrieve/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/disk/checksum.h"
#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/instance_model.h"
#include "web/dicomweb/retrieve/metadata_stream.h"
#include "web/dicomweb/retrieve/multipart_answer.h"
#include "web/dicomweb/retrieve/ranged_answer.h"
#include "web/dicomweb/retrieve/validators.h"
#include "web/dicomweb/retrieve/wado_answer.h"
#include "web/http/content_coding.h"

namespace pacs::web {
namespace {

constexpr std::size_t kRecordsAtOnce = 64;
constexpr std::string_view kXmlMedia = "application/dicom+xml";
/// PS3.18 Table 10.4.4-1, the default first.
constexpr std::array kMetadataOffers{Offer{"application/dicom+json"}, Offer{"application/json"},
                                     Offer{kXmlMedia, true}, Offer{"application/dicom+json", true}};

/// Records of a selection with their headers.
class HeadersInTurn {
 public:
  HeadersInTurn(storage::Archive& archive, std::unique_ptr<storage::Records> records)
      : archive_(archive), records_(std::move(records)) {}

  /// Calls `each(record, header)` with the next one; false at the end.
  template <typename Each>
  Result<bool> next(Each each) {
    for (;;) {
      if (ahead_.empty()) {
        PACS_TRY(auto more, records_->next(kRecordsAtOnce));
        if (more.empty()) return false;
        std::ranges::move(more, std::back_inserter(ahead_));
      }
      const storage::InstanceRecord record = std::move(ahead_.front());
      ahead_.pop_front();
      const auto header = archive_.read_header(record.sop_instance_uid);
      if (!header && header.error().kind == ErrorKind::NotFound) continue;
      if (!header) return fail(header.error());
      PACS_TRY(each(record, *header));
      return true;
    }
  }

 private:
  storage::Archive& archive_;
  const std::unique_ptr<storage::Records> records_;
  std::deque<storage::InstanceRecord> ahead_;
};

struct PartFormat {
  ModelFormat format;
  std::string_view media;
};

/// PS3.18 §8.7.3.3.1: each instance is a document of its own.
Result<Response> documents(storage::Archive& archive, const Address& address, std::string base,
                           PartFormat kind) {
  PACS_TRY(auto records, archive.select(address.selection()));
  if (records->total() == 0) return nothing_at(address);
  const auto headers = std::make_shared<HeadersInTurn>(archive, std::move(records));
  return multipart_answer(
      kind.media, [headers, base = std::move(base), kind]() -> Result<std::optional<AnswerPart>> {
        std::string text;
        PACS_TRY(const bool there, headers->next([&](const auto& record, const Header& header) {
          return append_model(text, header, address_of(record), base, kind.format);
        }));
        if (!there) return std::optional<AnswerPart>{};
        const ByteView bytes = as_bytes(text);
        return std::optional(AnswerPart{{{"Content-Type", std::string(kind.media)}},
                                        bytes_source(share(Bytes(bytes.begin(), bytes.end())))});
      });
}

/// Of the answer with these series: equal ones have equal contents.
std::string series_tag(const MetadataSetup& setup,
                       const std::vector<storage::SelectedSeries>& series) {
  std::string all = fmt::format("{} {}\n", setup.base, setup.gzip);
  for (const storage::SelectedSeries& one : series) {
    fmt::format_to(std::back_inserter(all), "{} {} {}\n", one.series_instance_uid, one.instances,
                   one.last_object);
  }
  return strong_etag(fmt::format("{:016x}", storage::checksum(as_bytes(all))));
}

Result<Response> json_of_series(MetadataSetup setup, const Address& address,
                                const Request& request) {
  PACS_TRY(auto series, setup.archive.select_series(address.selection()));
  if (series.empty()) return nothing_at(address);
  // No Last-Modified: a series can lose an object to another one, and then the newest that it has
  // is older than the change.
  const Validators validators{series_tag(setup, series)};
  if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
  Response response;
  response.headers = validators.fields();
  if (setup.gzip) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
  }
  const auto stream = std::make_shared<MetadataStream>(std::move(setup), std::move(series));
  response.body = StreamedBody{[stream] { return stream->next(); }};
  return response;
}

Result<Response> json_of_instance(storage::Archive& archive, const Address& address,
                                  std::string_view base, const Request& request) {
  PACS_TRY(const storage::InstanceRecord record, find_addressed(archive, address));
  const Validators validators = validators_of(
      record,
      strong_etag(fmt::format("{:x}-{:x}", record.checksum, storage::checksum(as_bytes(base)))));
  if (auto settled = settled_by_preconditions(request, validators)) return *std::move(settled);
  PACS_TRY(const Header header, archive.read_header(record.sop_instance_uid));
  std::string text = "[";
  PACS_TRY(append_model(text, header, address, base, ModelFormat::Json));
  text += ']';
  Response response;
  response.headers = validators.fields();
  response.body = std::move(text);
  return response;
}

Result<Response> metadata(storage::Archive& archive, SeriesAnswers& answers,
                          const Request& request) {
  PACS_TRY(const Address address, read_address(request));
  PACS_TRY(const std::vector<MediaRange> accepted, wanted_media(request));
  const auto chosen = choose(accepted, kMetadataOffers);
  if (!chosen) {
    return not_acceptable(
        "Metadata is given as application/dicom+json or multipart/related; "
        "type=\"application/dicom+xml\".");
  }
  const Offer& offer = kMetadataOffers[*chosen];
  std::string base = request.base_url;
  if (offer.multipart) {
    const auto format = offer.media == kXmlMedia ? ModelFormat::Xml : ModelFormat::Json;
    return documents(archive, address, std::move(base), {format, offer.media});
  }
  auto response = address.instance.empty()
                      ? json_of_series({archive, answers, std::move(base),
                                        takes_gzip(request.header("Accept-Encoding"))},
                                       address, request)
                      : json_of_instance(archive, address, base, request);
  if (response && response->status == 200) {
    response->headers.emplace_back("Content-Type", offer.media);
  }
  return response;
}

}  // namespace

void add_metadata(Resources& resources, storage::Archive& archive) {
  const auto answers = std::make_shared<SeriesAnswers>();
  const auto add = [&](std::string_view path, std::string_view id) {
    resources.add({"GET",
                   path,
                   id,
                   {"application/dicom+json", "application/json",
                    "multipart/related; type=\"application/dicom+xml\""}},
                  Role::Viewer, answering([&archive, answers](const Request& request) {
                    return metadata(archive, *answers, request);
                  }));
  };
  add("/studies/{study}/metadata", "RetrieveStudyMetadata");
  add("/studies/{study}/series/{series}/metadata", "RetrieveSeriesMetadata");
  add("/studies/{study}/series/{series}/instances/{instance}/metadata", "RetrieveInstanceMetadata");
}

}  // namespace pacs::web
