// Invariant: the query string of a search is refused with a message, or becomes a query whose keys
// are in tag order and have the attributes that every answer needs.
#include <algorithm>

#include "core/dicom_tags.h"
#include "tests/fuzz/require.h"
#include "web/dicomweb/search/qido_search.h"
#include "web/http/request_target.h"

/// Which resource, then what stands behind its question mark.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  using namespace pacs::web;
  if (size == 0) return 0;
  const SearchResource& resource = search_resources()[data[0] % search_resources().size()];
  const std::string target =
      "/studies?" + std::string(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto parsed = parse_target(target);
  if (!parsed) return 0;
  const Fields path{{"study", "1.2"}, {"series", "1.3"}};
  const QidoOptions options{.private_creators = {"ACME"}};
  const auto search = read_search(resource, path, parsed->query, options);
  if (!search) {
    require(!search.error().message.empty());
    return 0;
  }
  const auto& keys = search->query.keys;
  require(std::ranges::is_sorted(keys, {}, &storage::QueryKey::tag));
  require(std::ranges::count(keys, tags::StudyInstanceUID, &storage::QueryKey::tag) == 1);
  require(search->limit <= kSearchPageMax);
  require(search->query.order && search->query.level == resource.level);
  return 0;
}
