#include "web/dicomweb/retrieve/frame_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/uids.h"
#include "encoding/pixels/transcoder.h"
#include "encoding/transfer_syntax.h"

namespace pacs::web {
namespace {

constexpr std::string_view kOctets = "application/octet-stream";

/// A row of PS3.18 Table 8.7.3-5: today's name of a media type, its older ones, its transfer
/// syntaxes, and the one that frames are coded in for it.
struct FrameMedia {
  std::string_view name;
  std::array<std::string_view, 3> other_names;
  std::array<std::string_view, 4> syntaxes;
  std::string_view written;  ///< empty: none that loses nothing is written here
};
// clang-format off
constexpr std::array kFrameMedia{
    FrameMedia{"image/jpeg", {"image/dicom+jpeg", "image/jpg"}, {uids::JPEGBaseline8Bit, uids::JPEGExtended12Bit, uids::JPEGLossless, uids::JPEGLosslessSV1}, {}},
    FrameMedia{"image/dicom-rle", {"image/dicom+rle", "image/x-dicom-rle"}, {uids::RLELossless}, uids::RLELossless},
    FrameMedia{"image/jls", {"image/x-jls", "image/dicom+jls"}, {uids::JPEGLSLossless, uids::JPEGLSNearLossless}, uids::JPEGLSLossless},
    FrameMedia{"image/jp2", {"image/dicom+jp2"}, {uids::JPEG2000Lossless, uids::JPEG2000}, uids::JPEG2000Lossless},
    FrameMedia{"image/jpx", {"image/dicom+jpx"}, {uids::JPEG2000MCLossless, uids::JPEG2000MC}, {}},
    FrameMedia{"image/jphc", {"image/jhc", "image/jph"}, {uids::HTJ2KLossless, uids::HTJ2KLosslessRPCL, uids::HTJ2K}, uids::HTJ2KLossless},
    FrameMedia{"image/jxl", {}, {uids::JPEGXLLossless, uids::JPEGXLJPEGRecompression, uids::JPEGXL}, {}},
};
// clang-format on

/// Video and retired JPEG are not in the rows above: they go as they are or not at all.
constexpr FrameMedia alone(std::string_view name, std::string_view other = {}) {
  return {name, {other}, {}, {}};
}
constexpr FrameMedia kVideoMpeg = alone("video/mpeg", "video/mpeg2");
constexpr FrameMedia kVideoMp4 = alone("video/mp4");
constexpr FrameMedia kVideoH265 = alone("video/h265", "video/mp4");
constexpr FrameMedia kOctetMedia = alone(kOctets);

const FrameMedia& media_of(const TransferSyntax& syntax) {
  for (const FrameMedia& row : kFrameMedia) {
    if (std::ranges::find(row.syntaxes, syntax.uid) != row.syntaxes.end()) return row;
  }
  if (syntax.codec == Codec::Video) {
    if (syntax.uid.starts_with("1.2.840.10008.1.2.4.100") ||
        syntax.uid.starts_with("1.2.840.10008.1.2.4.101")) {
      return kVideoMpeg;
    }
    const bool hevc = syntax.uid == uids::HEVCMP51 || syntax.uid == uids::HEVCM10P51;
    return hevc ? kVideoH265 : kVideoMp4;
  }
  const bool jpeg = syntax.codec == Codec::Jpeg || syntax.codec == Codec::Unread;
  return jpeg ? kFrameMedia.front() : kOctetMedia;
}

bool names_media(const MediaRange& range, std::string_view media) {
  return matches(range, Offer{media, range.multipart, range.transfer_syntax_uid});
}

/// By which of its names a range asks for a media type; empty when by none.
std::string_view asked_name(const MediaRange& range, const FrameMedia& media) {
  if (names_media(range, media.name)) return media.name;
  for (const std::string_view other : media.other_names) {
    if (!other.empty() && names_media(range, other)) return other;
  }
  return {};
}

/// For one image, what a range stands for.
class FormChooser {
 public:
  explicit FormChooser(const OpenImage& image)
      : image_(image), stored_media_(media_of(*image.syntax)) {}

  [[nodiscard]] std::optional<FrameForm> form(const MediaRange& range) const {
    std::optional<FrameForm> form = octets(range);
    if (!form) form = as_stored(range);
    if (!form) form = encoded(range);
    if (!form) form = any_image(range);
    if (form) form->multipart = range.multipart;
    return form;
  }

 private:
  [[nodiscard]] bool takes_stored(const MediaRange& range) const {
    const std::string_view syntax = range.transfer_syntax_uid;
    return syntax.empty() || syntax == "*" || syntax == image_.syntax->uid;
  }

  /// Table 8.7.3-4: uncompressed is Explicit VR Little Endian. With "*", which viewers send, stored
  /// codestreams are octets too, and their part says which.
  [[nodiscard]] std::optional<FrameForm> octets(const MediaRange& range) const {
    if (!names_media(range, kOctets)) return std::nullopt;
    const std::string_view syntax = range.transfer_syntax_uid;
    const bool any_media = range.media.type == "*";
    const bool compressed = !image_.frames || image_.frames->index().encapsulated();
    if (compressed && (syntax == "*" || syntax == image_.syntax->uid)) {
      return FrameForm{FrameForm::How::Stored,
                       std::string(any_media ? stored_media_.name : kOctets), image_.syntax->uid};
    }
    const bool plain = syntax.empty() || syntax == "*" || syntax == uids::ExplicitVRLittleEndian ||
                       syntax == uids::ImplicitVRLittleEndian;
    if (!plain || !image_.can_decode()) return std::nullopt;
    const auto how = image_.is_native() ? FrameForm::How::Stored : FrameForm::How::Decoded;
    return FrameForm{how, std::string(kOctets), uids::ExplicitVRLittleEndian};
  }

  [[nodiscard]] std::optional<FrameForm> as_stored(const MediaRange& range) const {
    if (image_.frames && !image_.frames->index().encapsulated()) return std::nullopt;
    const std::string_view name = asked_name(range, stored_media_);
    if (name.empty() || !takes_stored(range)) return std::nullopt;
    return FrameForm{FrameForm::How::Stored, std::string(name), image_.syntax->uid};
  }

  [[nodiscard]] std::optional<FrameForm> encoded(const MediaRange& range) const {
    if (range.media.subtype == "*" || !image_.can_decode()) return std::nullopt;
    for (const FrameMedia& row : kFrameMedia) {
      const std::string_view name = asked_name(range, row);
      if (name.empty() || row.written.empty()) continue;
      const std::string_view syntax = range.transfer_syntax_uid;
      const bool asked = syntax.empty() || syntax == "*" || syntax == row.written;
      const TransferSyntax* written = find_transfer_syntax(row.written);
      if (!asked || !can_transcode(image_.syntax->uid, row.written)) continue;
      return FrameForm{FrameForm::How::Encoded, std::string(name), row.written,
                       find_frame_codec(written->codec)};
    }
    return std::nullopt;
  }

  /// image/* of an image that is not stored as one.
  [[nodiscard]] std::optional<FrameForm> any_image(MediaRange range) const {
    if (!range.media.is("image/*")) return std::nullopt;
    for (const std::string_view subtype : {"jls", "jp2", "jphc", "dicom-rle"}) {
      range.media.subtype = subtype;
      if (auto form = encoded(range)) return form;
    }
    return std::nullopt;
  }

  const OpenImage& image_;
  const FrameMedia& stored_media_;
};

}  // namespace

std::string FrameForm::content_type() const {
  return fmt::format("{}; transfer-syntax={}", media, transfer_syntax);
}

std::optional<FrameForm> frame_form(const OpenImage& image, std::span<const MediaRange> accepted) {
  const FormChooser chooser{image};
  std::optional<FrameForm> best;
  unsigned quality = 0;  // of the best
  for (const MediaRange& range : accepted) {
    if (best && range.quality < quality) break;
    std::optional<FrameForm> form = chooser.form(range);
    if (!form || (best && form->how >= best->how)) continue;
    best = std::move(form);
    quality = range.quality;
  }
  return best;
}

std::string_view stored_media(const TransferSyntax& syntax) {
  return media_of(syntax).name;
}

}  // namespace pacs::web
