// What the server asks of the operating system: signals as a thing to wait for, descriptors, file
// permissions, and word to the service manager. POSIX; the one file that would differ elsewhere.
#pragma once

#include <string_view>

namespace pacs::apps {

/// SIGTERM and SIGINT as something to wait for. Made before any thread, since threads inherit what
/// is blocked.
class StopSignals {
 public:
  StopSignals();
  /// Returns the first one. From then on another one ends the process at once (exit code 128 + n).
  int wait();
};

/// A closed pipe is an error of the write and not the end; as many descriptors as the system
/// allows (associations and files each cost one); keep_archive_private.
void prepare_server_process();
/// Nothing that this process writes from here on is readable for everybody: before an archive is
/// opened, whose index holds every patient's name.
void keep_archive_private();

/// "READY=1", "STOPPING=1": sd_notify(3). Does nothing without a service manager that listens.
void notify_service_manager(std::string_view state);

}  // namespace pacs::apps
