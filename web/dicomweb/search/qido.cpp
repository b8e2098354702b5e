#include "web/dicomweb/search/qido.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/archive.h"
#include "web/dicomweb/accepted.h"
#include "web/dicomweb/search/qido_answer.h"
#include "web/http/field_value.h"

namespace pacs::web {
namespace {

/// An answer up to this size is complete before its head is sent, so that the head says all of it;
/// a larger one is sent as it is made.
constexpr std::size_t kHeldBytes = 512 << 10;
/// Sent at once of a larger one.
constexpr std::size_t kPieceBytes = 64 << 10;

// The default first.
constexpr std::array<Offer, 3> kForms{
    {{"application/dicom+json"}, {"application/json"}, {"application/dicom+xml", true}}};

/// What the head of an answer says of matches beyond it.
struct Beyond {
  std::optional<std::uint64_t> total{};
  bool more = false;
};

/// Whether there is a match behind the page.
Result<bool> has_more(storage::Archive& archive, const Search& search) {
  storage::Query query = search.query;
  query.skip = std::min(std::numeric_limits<std::uint64_t>::max() - search.limit, query.skip);
  query.skip += search.limit;
  query.limit = 1;
  PACS_TRY(const auto matches, archive.find(std::move(query)));
  PACS_TRY(const auto some, matches->next(1));
  return !some.empty();
}

void warn(Response& response, const std::string& service, std::string_view text) {
  response.headers.emplace_back("Warning",
                                fmt::format("299 {}: {}", service, quoted_for_people(text)));
}

/// PS3.18 §8.3.4.4.1.
void describe(Response& response, const Search& search, const Beyond& beyond,
              const std::string& service) {
  if (!search.warnings.empty()) {
    warn(response, service, fmt::format("{}", fmt::join(search.warnings, " ")));
  }
  if (beyond.total) {
    response.headers.emplace_back("X-Total-Count", fmt::format("{}", *beyond.total));
  }
  if (!beyond.more) return;
  if (beyond.total) {
    warn(response, service,
         fmt::format("There are {} additional results that can be requested",
                     *beyond.total - search.query.skip - search.limit));
  } else {
    warn(response, service,
         "The number of results exceeded the maximum supported by the server. Additional results "
         "can be requested.");
  }
}

/// Pieces as they are made; the first is what has been written already.
BodySource pieces_of(std::shared_ptr<SearchAnswer> answer) {
  auto piece = std::make_shared<std::string>();
  return [answer = std::move(answer), piece]() -> Result<ByteView> {
    std::string& written = answer->written();
    while (!answer->ended() && written.size() < kPieceBytes) PACS_TRY(answer->write_more());
    *piece = std::exchange(written, {});
    return as_bytes(*piece);
  };
}

class Qido {
 public:
  Qido(storage::Archive& archive, const SearchResource& resource, QidoOptions options)
      : archive_(archive), resource_(resource), options_(std::move(options)) {}

  Response operator()(const Request& request) const {
    auto chosen = chosen_form(request, kForms);
    if (!chosen) return std::move(chosen.error());
    const Offer& offer = kForms[*chosen];
    auto response = answer(request, offer);
    return (response ? std::move(*response) : Response::problem(response.error()))
        .with("Vary", "Accept");
  }

 private:
  Result<Response> answer(const Request& request, const Offer& offer) const {
    PACS_TRY(Search search, read_search(resource_, request.parameters, request.query, options_));
    search.query.stop = request.gone;
    PACS_TRY(auto matches, archive_.find(search.query));
    SearchAnswer::Format format{.form = offer.multipart ? SearchForm::XmlParts : SearchForm::Json,
                                .service = service_url(request)};
    const std::string service = format.service;
    Response response;
    response.headers.emplace_back("Content-Type", offer.multipart
                                                      ? format.parts.related(offer.media)
                                                      : std::string(offer.media));
    auto answer = std::make_shared<SearchAnswer>(std::move(matches), search, std::move(format));
    while (!answer->ended() && answer->written().size() < kHeldBytes) {
      PACS_TRY(answer->write_more());
    }
    PACS_TRY(const Beyond beyond, look_beyond(search, *answer));
    describe(response, search, beyond, service);
    if (answer->ended()) {
      response.body = std::move(answer->written());
    } else {
      response.body = StreamedBody{pieces_of(std::move(answer))};
    }
    return response;
  }

  Result<Beyond> look_beyond(const Search& search, SearchAnswer& answer) const {
    const std::uint64_t skip = search.query.skip;
    // The last page, unless nobody knows how far behind the last match it begins.
    const bool is_last = answer.ended() && answer.count() < search.limit;
    if (is_last && (answer.count() != 0 || skip == 0)) {
      return Beyond{.total = skip + answer.count()};
    }
    Beyond beyond;
    PACS_TRY(beyond.total, answer.matches().total());
    if (beyond.total) {
      beyond.more = *beyond.total > skip && *beyond.total - skip > search.limit;
    } else if (!answer.ended()) {
      PACS_TRY(beyond.more, has_more(archive_, search));
    } else if (!is_last) {
      PACS_TRY(const auto next, answer.matches().next(1));
      beyond.more = !next.empty();
    }
    return beyond;
  }

  storage::Archive& archive_;
  const SearchResource& resource_;
  const QidoOptions options_;
};

}  // namespace

void add_qido(Resources& resources, storage::Archive& archive, const QidoOptions& options) {
  for (const SearchResource& resource : search_resources()) {
    Transaction transaction{"GET", resource.path, resource.id};
    transaction.gives = {"application/dicom+json", "application/json",
                         "multipart/related; type=\"application/dicom+xml\""};
    transaction.parameters = search_parameters(resource);
    resources.add(std::move(transaction), Role::Viewer, Qido(archive, resource, options));
  }
}

}  // namespace pacs::web
