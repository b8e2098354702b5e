// How a fuzz target says that its invariant does not hold.
#pragma once

#include <cstdlib>

/// Ends the program, so that libFuzzer keeps the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}
