// The fixture of the tests of WADO: an archive with images behind a server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/dicom_dataset.h"
#include "integration/work_memory.h"
#include "tests/web/api/archive_api.h"

namespace pacs::web {

/// An image of 16 bits, whose pixel p of frame f is 100 f + p.
struct TestImage {
  std::string instance = "1.2.3.4.1";
  std::string series = "1.2.3.4";
  std::string study = "1.2.3";
  std::string transfer_syntax = "1.2.840.10008.1.2.1";  ///< JPEG-LS is coded, two fragments a frame
  int number = 1;
  std::uint32_t frames = 1;
  bool has_pixels = true;
  int bits_stored = 16;  ///< as the data set says
  DataSet more{};        ///< other attributes

  [[nodiscard]] std::string path() const;  ///< "/dicomweb/studies/.../instances/..."
  [[nodiscard]] static Bytes frame(std::uint32_t number);
  [[nodiscard]] DataSet data_set() const;
};
inline constexpr std::uint32_t kTestSide = 8;  ///< rows and columns

class WadoTest : public ArchiveApiTest {
 protected:
  WadoTest();
  static constexpr std::uint64_t frame_memory_bytes = 1U << 20;
  integration::WorkMemory frame_memory{"frames_bytes_max", frame_memory_bytes};
  void stores_image(const TestImage& image);
  /// GET with these header lines, each with CRLF.
  Answer gets_as(std::string_view path, std::string_view headers) {
    return send("GET", path, "", headers);
  }
  Answer accepts(std::string_view path, std::string_view accept) {
    return gets_as(path, "Accept: " + std::string(accept) + "\r\n");
  }
};

/// The parts of a multipart answer; fails the test when it is none.
struct TestPart {
  std::string head, body;
};
[[nodiscard]] std::vector<TestPart> parts_of(const Answer& answer);
[[nodiscard]] std::string text_of(const Bytes& bytes);

}  // namespace pacs::web
