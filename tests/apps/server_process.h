// The real program as a child process: started, read, signalled and waited for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pacs::apps {

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// `pacs ARGUMENTS`, the program of $PACS or of this build; killed at the end if it still runs.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Reads until both outputs together hold `text`; fails the test when they end or 60 s pass.
  void says(std::string_view text);
  void gets_signal(int number) const;
  /// Reads to the end of the output; the exit code, or -signal.
  int exit_code();
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] int pid() const { return pid_; }

 private:
  bool read_more();
  int pid_ = -1, pipe_ = -1;
  std::string output_;
};

/// `pacs serve` on free ports with its data in a folder of its own, ready.
class Server {
 public:
  /// `settings` are "key=value" laid over that.
  explicit Server(std::vector<std::string> settings = {});

  TemporaryFolder folder;
  Process process;
  std::uint16_t dicom_port = 0, http_port = 0;

  struct Answer {
    unsigned status = 0;  ///< 0: nobody answers
    std::string body;
  };
  [[nodiscard]] Answer get(std::string_view target) const;
};

}  // namespace pacs::apps
