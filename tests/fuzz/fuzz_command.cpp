// Invariant: a command set that is understood and written again means the same; a request that is
// refused but salvaged can be answered.
#include "network/dimse/command.h"
#include "network/dimse/status.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pacs;
  using namespace pacs::network;
  const ByteView input = std::as_bytes(std::span{bytes, size});
  const Result<Command> command = decode_command(input);
  if (command) {
    // A comment's odd characters are replaced when written: the second writing is the fixed point.
    const Bytes written = encode_command(*command);
    const Result<Command> again = decode_command(written);
    require(again.has_value());
    require(encode_command(*again) == written);
    require(again->field == command->field && again->message_id == command->message_id);
    require(again->has_data_set == command->has_data_set);
    require(again->sop_instance_uid == command->sop_instance_uid);
    return 0;
  }
  require(!command.error().message.empty());
  if (const std::optional<Command> request = salvage_request(input)) {
    const Bytes answer = encode_command(failure_response(*request, command.error()));
    const Result<Command> read = decode_command(answer);
    require(read.has_value());
    require(read->message_id == request->message_id);
    require(status_class(*read->status) == StatusClass::Failure);
  }
  return 0;
}
