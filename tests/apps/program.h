// Runs the program `pacs` as a person does and gives what it printed.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace pacs::apps {

struct Ran {
  int exit_code = -1;
  std::string output;  ///< standard output and error as they came
};

inline Ran run_shell(const std::string& command) {
  Ran run;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return run;
  char buffer[4096];
  for (std::size_t read = 0; (read = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    run.output.append(buffer, read);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  return run;
}

/// `arguments` as in a shell.
inline Ran pacs(const std::string& arguments) {
  return run_shell("'" PACS_BINARY_DIR "/pacs' " + arguments);
}

}  // namespace pacs::apps
