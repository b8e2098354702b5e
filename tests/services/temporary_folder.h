// TemporaryFolder: DICOM files on disk for a test, gone with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "encoding/data_sets/dicom_file.h"
#include "tests/services/peer.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::services {

class TemporaryFolder : public storage::test::TemporaryFolder {
 public:
  std::filesystem::path write(const std::string& name, ByteView bytes) const {
    const std::filesystem::path path = *this / name;
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  /// A Part 10 file.
  std::filesystem::path write(const std::string& name, const TestObject& object) const {
    Bytes file = make_file_meta(object.sop_class_uid, object.sop_instance_uid,
                                object.transfer_syntax_uid, {});
    append(file, object.data_set);
    return write(name, ByteView{file});
  }
};

}  // namespace pacs::services
