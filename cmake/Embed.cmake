# embed_files(TARGET SYMBOL_PREFIX FILE...): compiles files into the program.
#
# For each FILE "lua/join.lua" the target gets the symbol PREFIX_join_lua (a NUL-terminated byte array) and
# PREFIX_join_lua_bytes (its size without the NUL), declared in the generated header PREFIX_files.h.
# PREFIX_FILES(X) in there is X("join.lua", PREFIX_join_lua) for each file.
function(embed_files target prefix)
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/embed")
  set(header "${dir}/${prefix}_files.h")
  set(source "${dir}/${prefix}_files.c")
  set(paths "")
  foreach(file IN LISTS ARGN)
    get_filename_component(path "${file}" ABSOLUTE)
    list(APPEND paths "${path}")
  endforeach()
  string(REPLACE ";" "|" joined "${paths}")
  add_custom_command(
    OUTPUT "${header}" "${source}"
    COMMAND "${CMAKE_COMMAND}" "-DPREFIX=${prefix}" "-DFILES=${joined}" "-DHEADER=${header}" "-DSOURCE=${source}"
            -P "${CMAKE_SOURCE_DIR}/cmake/EmbedStep.cmake"
    DEPENDS ${paths} "${CMAKE_SOURCE_DIR}/cmake/EmbedStep.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${source}" "${header}")
  target_include_directories(${target} PRIVATE "${dir}")
endfunction()
