#include "encoding/pixels/transcoder.h"

#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/uid_registry.h"
#include "core/uids.h"
#include "encoding/pixels/coded_frames.h"
#include "encoding/pixels/icons.h"
#include "encoding/pixels/lossy_copy.h"
#include "encoding/pixels/overlay_bits.h"
#include "encoding/pixels/pixel_attributes.h"
#include "encoding/transfer_syntax.h"

namespace pacs {
namespace {

/// Whether what is stored is there to be read, whatever it becomes.
bool is_read(const TransferSyntax& syntax) {
  return syntax.codec == Codec::Native || find_frame_codec(syntax.codec) != nullptr;
}

/// Big endian turns cells above 16 bits around as a whole, as it is read (see pixel_format.cpp).
std::size_t turned_bytes(const Element& bulk, std::size_t swap_unit, std::int64_t bits_allocated) {
  const bool is_wide = bits_allocated == 32 || bits_allocated == 64;
  const bool is_cells = bulk.tag() == kPixelData && swap_unit == 2 && is_wide;
  return is_cells ? static_cast<std::size_t>(bits_allocated / 8) : swap_unit;
}

std::int64_t bits_allocated(const DataSet& data_set) {
  return data_set.integer(tags::BitsAllocated).value_or(0);
}

OpenBulk open_stored(ReadStored stored, std::int64_t bits) {
  return [stored = std::move(stored), bits](const Element& bulk, std::size_t swap_unit) {
    return bulk_pieces(stored, *bulk.bulk(), turned_bytes(bulk, swap_unit, bits));
  };
}

/// The data set with these frames as its pixel data.
Result<Pieces> stream_with(std::shared_ptr<CodedFrames> frames, DataSet data_set,
                           const TransferSyntax& to, const ReadStored& stored) {
  const std::int64_t bits = bits_allocated(data_set);
  if (to.encapsulated) PACS_TRY(move_overlays(data_set, frames->image()));
  describe_pixels(data_set, frames->written());
  return stream_data_set(std::move(data_set), to,
                         [frames = std::move(frames), open_bulk = open_stored(stored, bits), bits](
                             const Element& bulk, std::size_t swap_unit) {
                           if (!is_written_anew(bulk)) return open_bulk(bulk, swap_unit);
                           const std::size_t unit = turned_bytes(bulk, swap_unit, bits);
                           return Pieces{[frames, unit] { return frames->next(unit); }};
                         });
}

bool writes_lossless(const TransferSyntax& syntax) {
  return syntax.lossless && find_encoder(syntax) != nullptr;
}

tl::unexpected<Error> not_written(std::string_view from, std::string_view to) {
  return fail(ErrorKind::Unsupported,
              fmt::format("{} is not written as {} here", uid_name(from), uid_name(to)));
}

Result<Pieces> transcode(Header header, const TransferSyntax& from, const TransferSyntax& to,
                         const ReadStored& stored, TranscodeOptions options) {
  const bool has_pixels = header.pixel_data && header.pixel_data->value_length > 0;
  const bool is_native = !has_pixels || !header.pixel_data->encapsulated;
  // Some writers leave pixels native where the transfer syntax has none (PS3.5 §A.4).
  const bool is_misplaced = is_native && to.encapsulated && header.data_set.contains(kPixelData);
  if (from.encapsulated && from.uid != to.uid) {
    PACS_TRY(const Departures met, decode_icons(header.data_set, from, stored));
    if (options.departed && !met.empty()) options.departed(met);
  }
  const bool stays = from.uid == to.uid && !is_misplaced;
  if (!has_pixels || stays || (is_native && !to.encapsulated)) {
    OpenBulk open_bulk = open_stored(stored, bits_allocated(header.data_set));
    return stream_data_set(std::move(header.data_set), to, std::move(open_bulk));
  }
  if (to.encapsulated && !writes_lossless(to)) return not_written(from.uid, to.uid);
  PACS_TRY(auto frames, CodedFrames::create(header, from, to, stored, std::move(options)));
  // Once bytes are given it is too late to say that a frame is damaged: who sends an object must
  // then break the association, and what should follow is lost with it.
  PACS_TRY(frames->codestream_bytes());
  return stream_with(std::move(frames), std::move(header.data_set), to, stored);
}

/// Makes of a deflated data set what it is of others.
void inflate(const TransferSyntax& syntax, const Header& header, ReadStored& stored,
             TranscodeOptions& options) {
  if (!syntax.deflated) return;
  stored = read_inflated(std::move(stored), header.data_set_bytes, limits_of_stored(),
                         header.inflate_points);
  options.frames_at_once = 1;  // it is read from the front to the end
}

}  // namespace

bool can_transcode(std::string_view from, std::string_view to) {
  if (from == to) return true;
  const TransferSyntax* stored = find_transfer_syntax(from);
  const TransferSyntax* wanted = find_transfer_syntax(to);
  if (stored == nullptr || wanted == nullptr || !is_read(*stored)) return false;
  return wanted->codec == Codec::Native || writes_lossless(*wanted);
}

Result<Pieces> transcode(Header header, std::string_view from, std::string_view to,
                         ReadStored stored, TranscodeOptions options) {
  if (!can_transcode(from, to) || find_transfer_syntax(from) == nullptr) {
    return not_written(from, to);
  }
  const TransferSyntax& syntax = *find_transfer_syntax(from);
  inflate(syntax, header, stored, options);
  return transcode(std::move(header), syntax, *find_transfer_syntax(to), stored,
                   std::move(options));
}

Result<Pieces> transcode_to_lossy_copy(Header header, std::string_view from,
                                       std::string sop_instance_uid, ReadStored stored,
                                       TranscodeOptions options) {
  if (!has_lossy_copy(header, from)) {
    return fail(ErrorKind::Unsupported, "the image is not one to be compressed with loss");
  }
  const TransferSyntax& syntax = *find_transfer_syntax(from);
  const TransferSyntax& jpeg = *find_transfer_syntax(uids::JPEGBaseline8Bit);
  inflate(syntax, header, stored, options);
  LossyCopy copy{.sop_instance_uid = std::move(sop_instance_uid),
                 .jpeg_quality = options.encode.jpeg_quality};
  PACS_TRY(auto frames, CodedFrames::create(header, syntax, jpeg, stored, std::move(options)));
  PACS_TRY(const std::uint64_t bytes, frames->codestream_bytes());
  if (bytes >= header.pixel_data->value_length) {
    return fail(ErrorKind::Unsupported, "with loss the image would not be smaller than stored");
  }
  copy.ratio = static_cast<double>(frames->written().value_bytes) / static_cast<double>(bytes);
  describe_lossy_copy(header.data_set, copy);
  return stream_with(std::move(frames), std::move(header.data_set), jpeg, stored);
}

}  // namespace pacs
