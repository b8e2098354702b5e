#include "tests/web/dicomweb/wado_fixture.h"

#include <chrono>
#include <future>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/data_sets/data_set_codec.h"
#include "web/dicomweb/retrieve/wado.h"

namespace pacs::web {
namespace {

constexpr std::string_view kTestJpegLs = "1.2.840.10008.1.2.4.80";

FrameFormat test_format() {
  return {.rows = kTestSide, .columns = kTestSide, .bits_allocated = 16, .bits_stored = 16};
}

Element coded_pixels(std::uint32_t frames) {
  auto all = std::make_shared<std::vector<Bytes>>();
  for (std::uint32_t frame = 0; frame < frames; ++frame) {
    Bytes codestream;
    EXPECT_TRUE(find_frame_codec(Codec::JpegLs)
                    ->encode(TestImage::frame(frame), test_format(), {}, codestream));
    const auto half = static_cast<std::ptrdiff_t>(codestream.size() / 4 * 2);
    all->emplace_back(codestream.begin(), codestream.begin() + half);
    all->emplace_back(codestream.begin() + half, codestream.end());
  }
  Fragments fragments;
  for (const Bytes& one : *all) fragments.fragments.emplace_back(one);
  return Element::fragments(kPixelData, VR::OB, std::move(fragments), all);
}

}  // namespace

std::string TestImage::path() const {
  return fmt::format("/dicomweb/studies/{}/series/{}/instances/{}", study, series, instance);
}

Bytes TestImage::frame(std::uint32_t number) {
  Bytes pixels;
  for (std::uint32_t p = 0; p < kTestSide * kTestSide; ++p) {
    append(pixels, static_cast<std::uint16_t>(100 * number + p), ByteOrder::Little);
  }
  return pixels;
}

DataSet TestImage::data_set() const {
  DataSet object = more;
  object.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
  object.set_text(tags::SOPInstanceUID, instance);
  object.set_text(tags::StudyInstanceUID, study);
  object.set_text(tags::SeriesInstanceUID, series);
  object.set_text(tags::PatientID, "P1");
  object.set_text(tags::InstanceNumber, std::to_string(number));
  if (!has_pixels) return object;
  object.set_text(tags::NumberOfFrames, std::to_string(frames));
  object.set_text(tags::PhotometricInterpretation, "MONOCHROME2");
  object.set_integer(tags::SamplesPerPixel, VR::US, 1);
  object.set_integer(tags::Rows, VR::US, kTestSide);
  object.set_integer(tags::Columns, VR::US, kTestSide);
  object.set_integer(tags::BitsAllocated, VR::US, 16);
  object.set_integer(tags::BitsStored, VR::US, bits_stored);
  object.set_integer(tags::HighBit, VR::US, bits_stored - 1);
  object.set_integer(tags::PixelRepresentation, VR::US, 0);
  if (transfer_syntax == kTestJpegLs) {
    object.set(coded_pixels(frames));
    return object;
  }
  Bytes pixels;
  for (std::uint32_t f = 0; f < frames; ++f) append(pixels, frame(f));
  object.set_bytes(kPixelData, VR::OW, std::move(pixels));
  return object;
}

WadoTest::WadoTest() {
  Router router;
  Resources resources{router};
  add_wado(resources, {*archive, frame_memory, std::chrono::milliseconds{20}});
  serve(std::move(router));
}

void WadoTest::stores_image(const TestImage& image) {
  auto ingest = *archive->begin_ingest({.transfer_syntax_uid = image.transfer_syntax,
                                        .sop_class_uid = {},
                                        .sop_instance_uid = {},
                                        .source_ae = {},
                                        .trace_id = {}});
  const auto bytes = write_data_set(image.data_set(), *find_transfer_syntax(image.transfer_syntax));
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  ASSERT_TRUE(ingest->append(*bytes));
  std::promise<bool> stored;
  ingest->commit([&](auto outcome) { stored.set_value(outcome.has_value()); });
  ASSERT_TRUE(stored.get_future().get());
}

std::vector<TestPart> parts_of(const Answer& answer) {
  const std::string type = answer.header("Content-Type");
  const std::size_t at = type.find("boundary=");
  EXPECT_TRUE(type.starts_with("multipart/")) << type;
  std::vector<TestPart> parts;
  if (at == type.npos) return parts;
  std::string boundary = type.substr(at + 9);
  std::erase(boundary, '"');
  const std::string delimiter = "\r\n--" + boundary;
  const std::string body = "\r\n" + answer.body;
  EXPECT_NE(body.find(delimiter + "--"), body.npos) << "the last part does not end";
  for (std::size_t from = body.find(delimiter); from != body.npos;) {
    from += delimiter.size();
    if (body.substr(from, 2) == "--") break;
    const std::size_t end = body.find(delimiter, from);
    const std::size_t head_end = body.find("\r\n\r\n", from);
    parts.push_back(
        {body.substr(from + 2, head_end - from), body.substr(head_end + 4, end - head_end - 4)});
    from = end;
  }
  return parts;
}

std::string text_of(const Bytes& bytes) {
  return std::string(as_text(bytes));
}

}  // namespace pacs::web
