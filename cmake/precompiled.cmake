# The library headers that most sources include, compiled once for all targets of a kind. None of
# ours is among them: touching one must not recompile everything. CMAKE_DISABLE_PRECOMPILE_HEADERS
# shows what a source forgets to include.
if(NOT EXISTS ${CMAKE_BINARY_DIR}/generated/precompiled.cpp)
  file(WRITE ${CMAKE_BINARY_DIR}/generated/precompiled.cpp "")
endif()

function(pacs_precompiled_set name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINK" ${ARGN})
  add_library(pacs_precompiled_${name} OBJECT ${CMAKE_BINARY_DIR}/generated/precompiled.cpp)
  target_link_libraries(pacs_precompiled_${name} PRIVATE pacs_flags ${ARG_LINK})
  target_precompile_headers(pacs_precompiled_${name} PRIVATE ${ARG_HEADERS})
endfunction()

set(plain <algorithm> <array> <atomic> <chrono> <cstdint> <filesystem> <functional> <map> <memory>
    <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant>
    <vector> <fmt/format.h> <tl/expected.hpp>)
set(asio <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/detached.hpp>
    <boost/asio/dispatch.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp>
    <boost/asio/redirect_error.hpp> <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp>
    <boost/asio/use_awaitable.hpp>)
set(tests <gmock/gmock.h> <gtest/gtest.h>)

pacs_precompiled_set(plain HEADERS ${plain} LINK tl::expected fmt::fmt)
pacs_precompiled_set(asio HEADERS ${plain} ${asio} LINK tl::expected fmt::fmt pacs_asio)
pacs_precompiled_set(apps HEADERS ${plain} ${asio} <CLI/CLI.hpp>
                     LINK tl::expected fmt::fmt pacs_asio CLI11::CLI11)
if(PACS_TESTS)
  find_package(GTest REQUIRED)
  pacs_precompiled_set(tests HEADERS ${plain} ${tests} LINK tl::expected fmt::fmt GTest::gmock)
  pacs_precompiled_set(asio_tests HEADERS ${plain} ${asio} ${tests}
                       LINK tl::expected fmt::fmt pacs_asio GTest::gmock)
  pacs_unoptimised(pacs_precompiled_tests pacs_precompiled_asio_tests)
endif()
