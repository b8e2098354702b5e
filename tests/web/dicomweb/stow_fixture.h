// The language of STOW-RS tests: a real archive, requests whose bodies arrive in pieces, and
// answers read back as data sets.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/dicom_dataset.h"
#include "storage/archive.h"
#include "tests/storage/temporary_folder.h"
#include "web/dicomweb/store/stow.h"

namespace pacs::web::test {

/// A CT image of series STUDY.4; its pixels hold what multipart readers stumble over.
[[nodiscard]] DataSet ct_image(const std::string& instance, const std::string& study = "1.2.3");
/// A file of a data set: preamble, meta group, data set.
[[nodiscard]] std::string part10(const DataSet& data_set,
                                 std::string_view transfer_syntax_uid = "1.2.840.10008.1.2.1");

struct Part {
  std::string fields;  ///< "Content-Type: application/dicom\r\n"
  std::string content;
};
/// With the boundary "b".
[[nodiscard]] std::string multipart_body(const std::vector<Part>& parts);

class StowTest : public testing::Test {
 protected:
  struct Answer {
    unsigned status = 0;
    std::string content_type, warning, body;
    DataSet module{};  ///< of an answer with one
    /// Of the module: each item's SOP instance and its warning or failure reason in hexadecimal.
    [[nodiscard]] std::string stored() const;
    [[nodiscard]] std::string failed() const;
  };

  explicit StowTest(storage::DuplicatePolicy on_duplicate = storage::DuplicatePolicy::Keep);

  /// Posts a body that arrives in pieces of `piece_bytes`.
  Answer post(std::string body, const std::string& content_type = kObjects,
              const std::string& study = "");
  /// Parts of application/dicom.
  Answer post_files(const std::vector<std::string>& files, const std::string& study = "");
  /// The stored data set, byte for byte; nullopt when there is none.
  [[nodiscard]] std::optional<std::string> stored_data_set(const std::string& instance);
  [[nodiscard]] std::string preamble(const std::string& instance);

  static constexpr const char* kObjects =
      "multipart/related; type=\"application/dicom\"; boundary=b";

  storage::test::TemporaryFolder folder;
  std::unique_ptr<storage::Archive> archive;
  integration::WorkPool workers{1};
  std::unique_ptr<StowService> service;
  std::size_t piece_bytes = 1000;
  std::optional<Error> body_error;  ///< what the body ends with
  std::string accept;
};

}  // namespace pacs::web::test
