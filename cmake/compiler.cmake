# C++20, warnings as errors, ccache and mold when present.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers want these; nothing of ours depends on __TIME__.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND NOT PACS_COVERAGE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(pacs_flags INTERFACE)
# GCC 12's -Wshadow takes the names of scoped enumerators for declarations that shadow types.
target_compile_options(pacs_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion
                       $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow>
                       -Wno-sign-conversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms about std::string (GCC bugs 105329 and 105651); Clang builds everything too.
  target_compile_options(pacs_flags INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()
# In a batch of tests a local name of one may be a constant of another.
target_compile_options(pacs_flags INTERFACE $<$<BOOL:$<TARGET_PROPERTY:PACS_BATCHED_TESTS>>:-Wno-shadow>)
target_include_directories(pacs_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(PACS_SANITIZE)
  add_compile_options(-fsanitize=${PACS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${PACS_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang AND PACS_SANITIZE MATCHES undefined)
    # Clang 14 cannot emit this check for coroutines ("difference across sections", LLVM 50345).
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
if(PACS_FUZZ_COVERAGE)
  # What libFuzzer reads to find new inputs, in every library; the targets add its main.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(PACS_COVERAGE)
  add_compile_options(--coverage -g)
  add_link_options(--coverage)
endif()
