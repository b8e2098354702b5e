# What runs once takes longer to optimise than to run; the layers keep their optimisation. Under sanitizers
# UBSan and line numbers are for the layers: in tests they cost a third of the time to compile.
function(pacs_unoptimised)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE -O0)
    if(PACS_SANITIZE)
      target_compile_options(${target} PRIVATE -fno-sanitize=undefined -g0)
    endif()
  endforeach()
endfunction()

# Sources of one folder in batches, those of a room beside each other.
function(pacs_unity target batch)
  if(PACS_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
    # Of a struct Impl with members from its source's anonymous namespace: in one source it is right.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# One static library for each folder, made of every .cpp below it. PRECOMPILED names its set of
# cmake/precompiled.cmake.
function(pacs_layer folder)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  add_library(pacs_${folder} STATIC ${sources})
  target_link_libraries(pacs_${folder} PUBLIC pacs_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  target_precompile_headers(pacs_${folder} REUSE_FROM pacs_precompiled_${ARG_PRECOMPILED})
  pacs_unity(pacs_${folder} ${PACS_BATCH})
endfunction()

function(pacs_program folder name)
  cmake_parse_arguments(ARG "" "" "PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/apps/main\\.cpp$")
  add_library(pacs_${folder} STATIC ${sources})
  target_link_libraries(pacs_${folder} PUBLIC pacs_flags ${ARG_PRIVATE})
  target_precompile_headers(pacs_${folder} REUSE_FROM pacs_precompiled_apps)
  pacs_unity(pacs_${folder} ${PACS_BATCH})
  add_executable(${name} ${CMAKE_SOURCE_DIR}/${folder}/main.cpp)
  target_link_libraries(${name} PRIVATE pacs_${folder})
endfunction()

# One test program for each folder of tests: tests/core/*_test.cpp -> test_core. tests/run_unit runs them.
# The sources named behind ALONE use names that others use too, and stay out of batches.
function(pacs_tests folder)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "LINK;ALONE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  list(TRANSFORM ARG_ALONE PREPEND ${CMAKE_SOURCE_DIR}/tests/${folder}/)
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  add_executable(test_${folder} ${sources})
  target_link_libraries(test_${folder} PRIVATE ${ARG_LINK} GTest::gtest_main GTest::gmock)
  target_precompile_headers(test_${folder} REUSE_FROM pacs_precompiled_${ARG_PRECOMPILED})
  target_compile_definitions(test_${folder} PRIVATE PACS_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             PACS_BINARY_DIR="${CMAKE_BINARY_DIR}")
  pacs_unity(test_${folder} 8)
  pacs_unoptimised(test_${folder})
  set_target_properties(test_${folder} PROPERTIES PACS_BATCHED_TESTS ${PACS_UNITY})
  add_test(NAME test_${folder} COMMAND test_${folder} --gtest_brief=1)
endfunction()
