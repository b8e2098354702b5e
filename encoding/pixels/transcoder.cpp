#include "encoding/pixels/transcoder.h"

#include <utility>

#include <fmt/format.h>

#include "core/uid_registry.h"
#include "encoding/pixels/coded_frames.h"
#include "encoding/pixels/pixel_attributes.h"
#include "encoding/transfer_syntax.h"

namespace pacs {
namespace {

/// Whether what is stored is there to be read, whatever it becomes.
bool is_read(const TransferSyntax& syntax) {
  return syntax.codec == Codec::Native || find_frame_codec(syntax.codec) != nullptr;
}

Result<Pieces> transcode(Header header, const TransferSyntax& from, const TransferSyntax& to,
                         const ReadStored& stored, TranscodeOptions options) {
  const auto open_bulk = [stored](const Element& bulk, std::size_t swap_unit) {
    return bulk_pieces(stored, *bulk.bulk(), swap_unit);
  };
  const bool has_pixels = header.pixel_data && header.pixel_data->value_length > 0;
  const bool is_native = !has_pixels || !header.pixel_data->encapsulated;
  if (!has_pixels || from.uid == to.uid || (is_native && !to.encapsulated)) {
    return stream_data_set(std::move(header.data_set), to, open_bulk);
  }
  PACS_TRY(const auto frames, CodedFrames::create(header, from, to, stored, std::move(options)));
  describe_pixels(header.data_set, frames->written());
  return stream_data_set(std::move(header.data_set), to,
                         [frames, open_bulk](const Element& bulk, std::size_t swap_unit) {
                           if (!is_written_anew(bulk)) return open_bulk(bulk, swap_unit);
                           return Pieces{[frames, swap_unit] { return frames->next(swap_unit); }};
                         });
}

}  // namespace

bool can_transcode(std::string_view from, std::string_view to) {
  if (from == to) return true;
  const TransferSyntax* stored = find_transfer_syntax(from);
  const TransferSyntax* wanted = find_transfer_syntax(to);
  if (stored == nullptr || wanted == nullptr || !is_read(*stored)) return false;
  return wanted->codec == Codec::Native || (wanted->lossless && find_encoder(*wanted) != nullptr);
}

Result<Pieces> transcode(Header header, std::string_view from, std::string_view to,
                         ReadStored stored, TranscodeOptions options) {
  if (!can_transcode(from, to) || find_transfer_syntax(from) == nullptr) {
    return fail(ErrorKind::Unsupported,
                fmt::format("{} is not written as {} here", uid_name(from), uid_name(to)));
  }
  const TransferSyntax& syntax = *find_transfer_syntax(from);
  if (syntax.deflated) {
    stored = read_inflated(std::move(stored), header.data_set_bytes, limits_of_stored());
    options.frames_at_once = 1;  // it is read from the front to the end
  }
  return transcode(std::move(header), syntax, *find_transfer_syntax(to), stored,
                   std::move(options));
}

}  // namespace pacs
