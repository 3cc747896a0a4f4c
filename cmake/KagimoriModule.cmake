# kagimori_module(NAME [COLD] [DEPS lib...] [TEST_DEPS lib...] [EXCLUDE file...])
#
# One folder of src/ is one static library `kagimori_<name>` made of its *.cc files, and one test binary
# `<name>_test` made of its *_test.cc files. DEPS is what the folder may include; tools/check_includes checks the same.
# COLD: no request runs through it, or its time is the disk's; it is optimised less and compiles faster.
#
# The lowest floor, base, precompiles the header of all libraries, and its test that of all tests: to make one of each
# for every folder took a sixth of the time of a build.
function(kagimori_module NAME)
  cmake_parse_arguments(ARG "COLD" "" "DEPS;TEST_DEPS;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  foreach(excluded ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${excluded})
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  if(sources)
    add_library(kagimori_${NAME} STATIC ${sources})
    target_include_directories(kagimori_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(kagimori_${NAME} PUBLIC kagimori_flags ${ARG_DEPS})
    if(ARG_COLD)
      target_compile_options(kagimori_${NAME} PRIVATE ${KAGIMORI_COLD_OPTIONS})
    endif()
    if(NAME STREQUAL "base")
      target_precompile_headers(kagimori_base PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
    else()
      target_precompile_headers(kagimori_${NAME} REUSE_FROM kagimori_base)
    endif()
  else()
    add_library(kagimori_${NAME} INTERFACE)
    target_include_directories(kagimori_${NAME} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(kagimori_${NAME} INTERFACE kagimori_flags ${ARG_DEPS})
  endif()

  if(KAGIMORI_TESTS AND tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE kagimori_${NAME} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${NAME}_test PRIVATE
      KAGIMORI_SHARED_DIR="${CMAKE_SOURCE_DIR}/../shared" KAGIMORI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_compile_options(${NAME}_test PRIVATE ${KAGIMORI_TEST_OPTIONS})
    if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
      # Test files leave GoogleTest's includes to the precompiled header.
      target_compile_options(${NAME}_test PRIVATE "SHELL:-include ${CMAKE_SOURCE_DIR}/cmake/pch_test.h")
    elseif(NAME STREQUAL "base")
      target_precompile_headers(base_test PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch_test.h)
    else()
      target_precompile_headers(${NAME}_test REUSE_FROM base_test)
    endif()
    add_test(NAME ${NAME} COMMAND ${NAME}_test)
  endif()
endfunction()
