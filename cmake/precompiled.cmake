# The headers of libraries that most sources include, compiled once for each set of flags. None of
# ours: touching one must not recompile everything.
function(pacs_precompile target)
  cmake_parse_arguments(ARG "ASIO;TESTS" "" "" ${ARGN})
  set(headers <algorithm> <array> <atomic> <chrono> <cstdint> <filesystem> <functional> <map>
      <memory> <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <utility>
      <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
  if(ARG_ASIO)
    list(APPEND headers <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
         <boost/asio/detached.hpp> <boost/asio/dispatch.hpp> <boost/asio/ip/tcp.hpp>
         <boost/asio/post.hpp> <boost/asio/redirect_error.hpp> <boost/asio/steady_timer.hpp>
         <boost/asio/use_awaitable.hpp>)
  endif()
  if(ARG_TESTS)
    list(APPEND headers <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
endfunction()
