// How a fuzz target says that its invariant does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program, so that libFuzzer keeps the input; says at which line.
inline void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "the invariant at line %d does not hold\n", line);
  std::abort();
}
