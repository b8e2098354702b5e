#include "storage/disk/platform.h"

#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/resource.h>
#endif

namespace pacs::storage::platform {

#ifdef __linux__

int direct_io_flag() {
  return O_DIRECT;
}

void start_writeback(int descriptor, std::uint64_t offset, std::uint64_t length) {
  // A hint: what it cannot do, the flush at the end does.
  (void)::sync_file_range(descriptor, static_cast<off_t>(offset), static_cast<off_t>(length),
                          SYNC_FILE_RANGE_WRITE);
}

int sync_file_system(int descriptor) {
  return ::syncfs(descriptor);
}

void lower_thread_priority() {
  // On Linux a nice value belongs to a thread; 0 names the calling one.
  constexpr int kNice = 10;
  (void)::setpriority(PRIO_PROCESS, 0, kNice);
}

void name_thread(const char* name) {
  (void)::prctl(PR_SET_NAME, name, 0, 0, 0);
}

#else

int direct_io_flag() {
  return 0;
}
void start_writeback(int, std::uint64_t, std::uint64_t) {}
int sync_file_system(int) {
  ::sync();  // waits on most systems, promises it on none: hence fsync of each file first there
  return 0;
}
void lower_thread_priority() {}
void name_thread(const char*) {}

#endif

}  // namespace pacs::storage::platform
