// Invariant: a file that is read and written can be read again, with the same meta group and data
// set, and from then on gives the same bytes.
#include "encoding/data_sets/dicom_file.h"
#include "encoding/scan/inflate.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  const ByteView bytes = std::as_bytes(std::span{data, size});
  ReadOptions options;
  options.limits.inflated_bytes_max = 1 << 20;
  const auto file = read_file(share(Bytes(bytes.begin(), bytes.end())), options);
  if (!file) {
    require(file.error().offset.has_value());
    return 0;
  }
  require(file->header.syntax != nullptr && file->header.data_set_offset <= size);
  const auto written = write_file(*file);
  if (!written) {
    require(written.error().kind == ErrorKind::InvalidArgument);
    return 0;
  }
  // A bare data set whose value says DICM at the right place reads as a file with preamble.
  const bool looks_prefixed = written->size() >= 132 && as_text(*written).substr(128, 4) == "DICM";
  if (looks_prefixed != file->header.has_preamble) return 0;
  const auto again = read_file(share(*written), options);
  require(again.has_value());
  require(again->header.syntax == file->header.syntax);
  require(again->header.has_preamble == file->header.has_preamble);
  require(again->header.has_prefix == file->header.has_prefix);
  require(again->header.transfer_syntax_uid == file->header.transfer_syntax_uid);
  require(again->header.meta.size() == file->header.meta.size());
  require(equal_content(again->data_set, file->data_set));
  require(write_file(*again) == *written);
  return 0;
}
