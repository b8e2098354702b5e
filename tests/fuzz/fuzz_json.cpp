// Invariant: JSON that can be read is written as JSON that can be read, and from then on gives the
// same JSON; in Explicit VR Little Endian its bytes are steady from the second writing on.
#include "encoding/model/dicom_json.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/written_bytes.h"

namespace {

std::string json(const pacs::DataSet& data_set) {
  std::string text;
  require(pacs::write_json(data_set, text).has_value());
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  const auto first = read_json({reinterpret_cast<const char*>(data), size});
  if (!first) return 0;
  const auto second = read_json(json(*first));
  require(second.has_value());
  const std::string text = json(*second);
  const auto third = read_json(text);
  require(third && json(*third) == text);
  require_steady_bytes(*first);
  return 0;
}
