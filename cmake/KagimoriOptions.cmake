# Compiler settings that hold for every target.
option(KAGIMORI_TESTS "Build unit tests" ON)
option(KAGIMORI_FUZZ "Build fuzz targets (clang with libFuzzer)" OFF)
option(KAGIMORI_HEADERS "Make the target that compiles each header alone" OFF)
set(KAGIMORI_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# -O3 costs a third more time to compile and wins nothing that could be measured here.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(kagimori_flags INTERFACE)
target_compile_options(kagimori_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Wunused -Woverloaded-virtual
  -Wnull-dereference -Wimplicit-fallthrough -Wextra-semi
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  -ftrivial-auto-var-init=zero)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside libstdc++ at -O2 for code that is right (gcc bugs 105651, 105762).
  # -fpch-preprocess, -fno-pch-timestamp: what ccache needs to cache files that use a precompiled header.
  target_compile_options(kagimori_flags INTERFACE -Wno-restrict -Wno-null-dereference -Wno-stringop-overflow -fpch-preprocess)
else()
  # libstdc++ 12's stable_sort uses a function that it deprecates itself, and clang tells us; g++ still shows our own uses.
  target_compile_options(kagimori_flags INTERFACE
    -Wthread-safety -Wno-deprecated-declarations "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(KAGIMORI_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers g++ 12 takes temporaries that are bound to references for uninitialised (gcc bug 105562): in fmt.
    # Instrumented code sets off more of its false alarms than plain code does; the plain builds keep -Werror.
    target_compile_options(kagimori_flags INTERFACE -Wno-uninitialized -Wno-maybe-uninitialized -Wno-error)
  endif()
  target_compile_options(kagimori_flags INTERFACE -fsanitize=${KAGIMORI_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(kagimori_flags INTERFACE -fsanitize=${KAGIMORI_SANITIZE})
  # The secret slab asks for locked, non-dumpable pages; sanitizers need to know to keep their own hands off.
  target_compile_definitions(kagimori_flags INTERFACE KAGIMORI_SANITIZED=1)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(kagimori_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fzero-call-used-regs=used-gpr)
  target_compile_definitions(kagimori_flags INTERFACE _GLIBCXX_ASSERTIONS)
  # What the tests themselves say runs once; to optimise it took half of the time to compile them.
  set(KAGIMORI_TEST_OPTIONS -O0 -U_FORTIFY_SOURCE)
  set(KAGIMORI_COLD_OPTIONS -O1)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # At -O1 g++ 12 takes a moved std::string's own buffer for one that is overrun (gcc bug 105329).
    list(APPEND KAGIMORI_COLD_OPTIONS -Wno-array-bounds -Wno-stringop-overread)
    # From 13 on it refuses a precompiled header that was made with another -O.
    if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
      set(KAGIMORI_COLD_OPTIONS)
    endif()
  endif()
endif()
target_link_options(kagimori_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)
if(KAGIMORI_TESTS)
  find_package(GTest REQUIRED)
endif()
