# Compiles the files of web/ui into pacs_web. As a script (cmake -P) it writes the source: bytes, not
# raw strings, whose length compilers limit.
if(CMAKE_SCRIPT_MODE_FILE)
  set(arrays "")
  set(rows "")
  set(index 0)
  foreach(file ${FILES})
    get_filename_component(name ${file} NAME)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "constexpr char kFile${index}[]{${bytes}};\n")
    string(APPEND rows "    {\"${name}\", {kFile${index}, sizeof kFile${index}}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(WRITE ${OUTPUT} "// Generated from web/ui by cmake/embed.cmake.\n#include \"web/ui/ui_files.h\"\n\n"
    "namespace pacs::web {\nnamespace {\n${arrays}constexpr UiFile kFiles[]{\n${rows}};\n}  // namespace\n\n"
    "std::span<const UiFile> ui_files() { return kFiles; }\n\n}  // namespace pacs::web\n")
  return()
endif()

function(pacs_embed target folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
  list(FILTER files EXCLUDE REGEX "\\.h$")
  set(output ${CMAKE_BINARY_DIR}/generated/${target}_ui_files.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${files}" -DOUTPUT=${output} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
