// SummedWarnings: warnings that a peer can cause as often as it likes. The first few of a minute
// are written as they are, the others as one line that says how many there were.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "integration/logging.h"

namespace pacs::integration {

class IoPool;

/// Thread-safe.
class SummedWarnings {
 public:
  /// Warnings written as they are, of equal ones in one window.
  static constexpr std::size_t kFirst = 5;
  static constexpr std::chrono::seconds kWindow{60};

  /// The pool outlives it, or is stopped.
  SummedWarnings(Logger log, IoPool& pool, std::chrono::milliseconds window = kWindow);
  ~SummedWarnings();  ///< writes what is summed
  SummedWarnings(const SummedWarnings&) = delete;
  SummedWarnings& operator=(const SummedWarnings&) = delete;

  /// `message` with `fields`, one of which may say the reason. Equal are those of one peer (an
  /// address without a port) with the same message and reason.
  void warning(std::string_view id, std::string_view peer, std::string_view message,
               std::string_view reason, std::initializer_list<LogField> fields);

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace pacs::integration
