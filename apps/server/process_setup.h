// What the server needs from the operating system: waiting for signals, descriptors, file
// permissions, and notifying the service manager. POSIX; the one file that would differ elsewhere.
#pragma once

#include <string_view>

namespace pacs::apps {

/// SIGTERM and SIGINT as something to wait for. Made before any thread, since threads inherit what
/// is blocked.
class StopSignals {
 public:
  StopSignals();
  /// Returns the first one. A further one ends the process at once (exit code 128 + n).
  int wait();
};

/// Makes a closed pipe an error of the write instead of the end of the process; allows as many
/// descriptors as the system does (associations and files each cost one); keep_archive_private.
void prepare_server_process();
/// From here on nothing this process writes is readable for everybody. Call it before an archive
/// is opened: its index holds every patient's name.
void keep_archive_private();

/// "READY=1", "STOPPING=1": sd_notify(3). Does nothing without a service manager that listens.
void notify_service_manager(std::string_view state);

}  // namespace pacs::apps
