#include "services/retrieve/object_sink.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/uid_registry.h"
#include "encoding/data_sets/dicom_file.h"

namespace pacs::services {

namespace {

Error disk_error(const std::filesystem::path& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return Error{full ? ErrorKind::OutOfResources : ErrorKind::Io,
               std::generic_category().message(code)}
      .in(path.string());
}

/// Files of one name with different content: nobody has so many.
constexpr std::size_t kFilesOfNameMax = 1000;

bool same_content(const std::filesystem::path& one, const std::filesystem::path& other) {
  const auto first = map_file(one), second = map_file(other);
  return first && second && std::ranges::equal(first->view, second->view);
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
    co_return put_in_place();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  FileSink(const std::filesystem::path& folder, std::string name)
      : folder_(folder),
        name_(std::move(name)),
        part_(folder / ("." + name_ + ".part")),
        file_(std::fopen(part_.c_str(), "wbe")) {}

  Result<> put_in_place() const {
    for (std::size_t number = 1; number <= kFilesOfNameMax; ++number) {
      const auto path =
          folder_ / (number == 1 ? name_ + ".dcm" : fmt::format("{}.{}.dcm", name_, number));
      std::error_code failed;
      std::filesystem::create_hard_link(part_, path, failed);  // never in the place of another
      if (!failed) return {};                                  // the other name goes with the sink
      if (failed == std::errc::file_exists) {
        if (same_content(part_, path)) return {};
        continue;
      }
      // A file system without hard links.
      std::error_code ignored;
      if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) continue;
      std::filesystem::rename(part_, path, failed);
      if (failed) return fail(disk_error(path, failed.value()));
      return {};
    }
    return fail(Error{ErrorKind::Io, "too many files of this name are there"}.in(name_));
  }

  std::filesystem::path folder_;
  std::string name_;
  std::filesystem::path part_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace

OpenSink folder_sink(std::filesystem::path folder) {
  return [folder = std::move(folder)](const IncomingObject& object) {
    return FileSink::open(folder, object);
  };
}

}  // namespace pacs::services
