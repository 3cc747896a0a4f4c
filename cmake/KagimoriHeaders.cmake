# Target `headers`: compiles each header of src/ alone and without the precompiled header, so that none leans on what
# another file happened to include before it. Not part of `all`; ./dev lint builds it.
file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR}/src CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.h)
set(header_units)
foreach(header ${headers})
  set(unit ${CMAKE_BINARY_DIR}/headers/${header}.cc)
  file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"  // IWYU pragma: keep\n" @ONLY)
  list(APPEND header_units ${unit})
endforeach()
add_library(headers OBJECT EXCLUDE_FROM_ALL ${header_units})
target_include_directories(headers PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(headers PRIVATE kagimori_flags fmt::fmt OpenSSL::SSL)
