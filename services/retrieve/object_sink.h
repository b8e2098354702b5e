// ObjectSink: where objects go that come as streams: a folder of Part 10 files.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "services/dispatch/service.h"

namespace pacs::services {

/// What a C-STORE says of its object.
struct IncomingObject {
  std::string sop_class_uid, sop_instance_uid, transfer_syntax_uid, source_ae;
};

/// One object arriving. Dropped without commit it leaves nothing.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  /// The next bytes of the data set.
  [[nodiscard]] virtual Result<> append(ByteView bytes) = 0;
  virtual Task<Result<>> commit() = 0;
};

using OpenSink = std::function<Result<std::unique_ptr<ObjectSink>>(const IncomingObject&)>;

/// Files `folder/<SOP Instance UID>.dcm`, written under another name and renamed when they are
/// whole. No file is overwritten: one that is there and the same stays, beside another one the new
/// is `<SOP Instance UID>.2.dcm`, and so on. The folder must be there. Blocks on the disk: for
/// programs whose thread may. Errors: InvalidArgument for a UID that cannot be a file name,
/// OutOfResources and Io.
[[nodiscard]] OpenSink folder_sink(std::filesystem::path folder);

}  // namespace pacs::services
