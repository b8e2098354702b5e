#include "encoding/scan/departure.h"

namespace pacs {

std::string Departures::to_string() const {
  std::string names;
  for (const DepartureKind& kind : kDepartureKinds) {
    if (!contains(kind.departure)) continue;
    if (!names.empty()) names += ',';
    names += kind.name;
  }
  return names;
}

}  // namespace pacs
