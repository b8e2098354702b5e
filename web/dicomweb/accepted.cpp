#include "web/dicomweb/accepted.h"

#include <fmt/format.h>

namespace pacs::web {

tl::expected<std::size_t, Response> chosen_form(const Request& request,
                                                std::span<const Offer> offers) {
  const auto accepted = accepted_by(request.query, request.headers);
  if (!accepted) return tl::make_unexpected(Response::problem(accepted.error()));
  if (const auto chosen = choose(*accepted, offers)) return *chosen;
  std::string forms;
  for (const Offer& offer : offers) {
    forms += forms.empty() ? "" : ", ";
    forms += offer.multipart ? fmt::format("multipart/related; type=\"{}\"", offer.media)
                             : std::string(offer.media);
  }
  return tl::make_unexpected(
      Response::problem(406, fmt::format("This resource can be had as {}.", forms)));
}

}  // namespace pacs::web
