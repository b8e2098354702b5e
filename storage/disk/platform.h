// What the kernel offers beyond POSIX, each with a fallback: platform_linux.cpp is the only file
// that includes Linux's own calls.
#pragma once

#include <cstdint>

namespace pacs::storage::platform {

/// Flag for open(2) that goes past the page cache; 0 where there is none.
[[nodiscard]] int direct_io_flag();
/// Starts writing dirty pages of a range without waiting.
void start_writeback(int descriptor, std::uint64_t offset, std::uint64_t length);
/// Flushes the file system that `descriptor` lies on: 0, or -1 with errno.
[[nodiscard]] int sync_file_system(int descriptor);
/// Lets threads that answer somebody run before the calling thread.
void lower_thread_priority();
/// Names the calling thread for debuggers and `top`; at most 15 letters.
void name_thread(const char* name);

}  // namespace pacs::storage::platform
