#include "services/retrieve/object_sink.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "core/uid_registry.h"
#include "encoding/dicom_file.h"

namespace pacs::services {

namespace {

Error disk_error(const std::filesystem::path& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return Error{full ? ErrorKind::OutOfResources : ErrorKind::Io,
               std::generic_category().message(code)}
      .in(path.string());
}

class FileSink final : public ObjectSink {
 public:
  static Result<std::unique_ptr<ObjectSink>> open(const std::filesystem::path& folder,
                                                  const IncomingObject& object) {
    if (!is_usable_uid(object.sop_instance_uid)) {
      return fail(ErrorKind::InvalidArgument, "the SOP Instance UID is not a valid UID");
    }
    auto sink = std::unique_ptr<FileSink>(new FileSink(folder, object.sop_instance_uid));
    if (!sink->file_) return fail(disk_error(sink->part_, errno));
    std::setvbuf(sink->file_.get(), nullptr, _IONBF, 0);  // pieces are large
    const Bytes meta = make_file_meta(object.sop_class_uid, object.sop_instance_uid,
                                      object.transfer_syntax_uid, object.source_ae);
    PACS_TRY(sink->append(meta));
    return std::unique_ptr<ObjectSink>(std::move(sink));
  }
  ~FileSink() override {
    file_.reset();
    std::error_code gone;  // renamed, or never made
    std::filesystem::remove(part_, gone);
  }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  Result<> append(ByteView bytes) override {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size()) return {};
    return fail(disk_error(part_, errno));
  }
  Task<Result<>> commit() override {
    if (std::fclose(file_.release()) != 0) co_return fail(disk_error(part_, errno));
    std::error_code failed;
    std::filesystem::rename(part_, path_, failed);
    if (failed) co_return fail(disk_error(path_, failed.value()));
    co_return Result<>{};
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  FileSink(const std::filesystem::path& folder, const std::string& name)
      : path_(folder / (name + ".dcm")),
        part_(folder / ("." + name + ".part")),
        file_(std::fopen(part_.c_str(), "wbe")) {}

  std::filesystem::path path_, part_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace

OpenSink folder_sink(std::filesystem::path folder) {
  return [folder = std::move(folder)](const IncomingObject& object) {
    return FileSink::open(folder, object);
  };
}

}  // namespace pacs::services
