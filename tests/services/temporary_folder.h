// TemporaryFolder: DICOM files on disk for a test, gone with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "encoding/dicom_file.h"
#include "tests/services/peer.h"

namespace pacs::services {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pacs-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, ByteView bytes) const {
    std::ofstream file{path_ / name, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path_ / name;
  }
  /// A Part 10 file.
  std::filesystem::path write(const std::string& name, const TestObject& object) const {
    Bytes file = make_file_meta(object.sop_class_uid, object.sop_instance_uid,
                                object.transfer_syntax_uid, {});
    append(file, object.data_set);
    return write(name, ByteView{file});
  }

 private:
  std::filesystem::path path_;
};

}  // namespace pacs::services
