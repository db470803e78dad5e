# How every target of Chronicler is compiled. `chronicler_flags` carries it; nothing of it reaches a user of the library.

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo or MinSizeRel" FORCE)
endif()

# A compiler cache, if there is one. Paths are hashed relative to the source, so that clones share it.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CHRONICLER_CCACHE ccache)
  mark_as_advanced(CHRONICLER_CCACHE)
  if(CHRONICLER_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${CHRONICLER_CCACHE}")
  endif()
endif()

add_library(chronicler_flags INTERFACE)
target_compile_features(chronicler_flags INTERFACE cxx_std_20)
target_compile_options(chronicler_flags INTERFACE
  # The same bits from every compiler: a product and a sum are fused only where the code says so.
  -ffp-contract=off
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wold-style-cast
  # Options are aggregates of which a caller names a few: {.units = 64}.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overlaps inside std::string where there are none (GCC bug 105329).
  target_compile_options(chronicler_flags INTERFACE -Wno-restrict)
endif()
if(CHRONICLER_WERROR)
  target_compile_options(chronicler_flags INTERFACE -Werror)
endif()

# What the sanitizers watch: the library and the programs. Tests are only linked with them, which halves their build; but
# ThreadSanitizer must see everything.
add_library(chronicler_sanitized INTERFACE)
if(CHRONICLER_SANITIZE)
  list(JOIN CHRONICLER_SANITIZE "," sanitizers)
  target_compile_options(chronicler_sanitized INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(chronicler_flags INTERFACE -fsanitize=${sanitizers})
  target_compile_definitions(chronicler_flags INTERFACE _GLIBCXX_ASSERTIONS)
  if("undefined" IN_LIST CHRONICLER_SANITIZE)
    target_compile_options(chronicler_sanitized INTERFACE -fsanitize=float-cast-overflow)
  endif()
  if("thread" IN_LIST CHRONICLER_SANITIZE)
    target_link_libraries(chronicler_flags INTERFACE chronicler_sanitized)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With its own instrumentation in between, g++ sees uses of uninitialised memory where there are none.
    target_compile_options(chronicler_sanitized INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
