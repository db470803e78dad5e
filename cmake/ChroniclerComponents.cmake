# The packages Chronicler is built from: all from the system, none fetched. What the core needs is an error if it is
# missing, what a component needs turns that component off; either way the Debian package is named.

function(chronicler_require name debian_package)
  find_package(${name} QUIET ${ARGN})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR
      "Chronicler needs ${name}, which was not found.\n"
      "On Debian: apt-get install ${debian_package}   (or ./scripts/setup, which installs all there is)")
  endif()
  set(${name}_FOUND ${${name}_FOUND} PARENT_SCOPE)
endfunction()

# chronicler_component(<title> <variable> <wanted> <package found> <Debian package>): sets the variable and notes a line.
function(chronicler_component title variable wanted found debian_package)
  if(NOT wanted)
    set(state "OFF (not asked for)")
    set(on OFF)
  elseif(NOT found)
    set(state "OFF (apt-get install ${debian_package})")
    set(on OFF)
  else()
    set(state "ON")
    set(on ON)
  endif()
  set(${variable} ${on} PARENT_SCOPE)
  set_property(GLOBAL APPEND PROPERTY CHRONICLER_COMPONENT_LINES "${title}: ${state}")
endfunction()

function(chronicler_print_components)
  message(STATUS "Chronicler ${PROJECT_VERSION}, ${CMAKE_BUILD_TYPE}, ${CMAKE_CXX_COMPILER_ID} "
    "${CMAKE_CXX_COMPILER_VERSION}")
  get_property(lines GLOBAL PROPERTY CHRONICLER_COMPONENT_LINES)
  foreach(line IN LISTS lines)
    message(STATUS "  ${line}")
  endforeach()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
chronicler_require(Threads libc6-dev)
chronicler_require(hwy libhwy-dev)
chronicler_require(fmt libfmt-dev)
chronicler_require(nlohmann_json nlohmann-json3-dev)
chronicler_require(Utf8proc libutf8proc-dev)
chronicler_require(Eigen3 libeigen3-dev NO_MODULE)

find_package(CLI11 QUIET)
chronicler_component("Command line" CHRONICLER_HAVE_APPS
  "${CHRONICLER_BUILD_APPS}" "${CLI11_FOUND}" libcli11-dev)

find_package(GTest QUIET)
chronicler_component("Tests" CHRONICLER_HAVE_TESTS
  "${CHRONICLER_BUILD_TESTS}" "${GTest_FOUND}" libgtest-dev)

find_package(rapidcheck QUIET)
chronicler_component("Property tests" CHRONICLER_HAVE_RAPIDCHECK
  "${CHRONICLER_HAVE_TESTS}" "${rapidcheck_FOUND}" librapidcheck-dev)

find_package(Libzip QUIET)
find_package(ZLIB QUIET)
if(Libzip_FOUND AND ZLIB_FOUND)
  set(zip_found ON)
else()
  set(zip_found OFF)
endif()
chronicler_component("Keras files" CHRONICLER_HAVE_LIBZIP
  "${CHRONICLER_KERAS_FILES}" "${zip_found}" "libzip-dev zlib1g-dev")

find_package(SentencePiece QUIET)
chronicler_component("Sub-words" CHRONICLER_HAVE_SENTENCEPIECE
  "${CHRONICLER_SUBWORDS}" "${SentencePiece_FOUND}" libsentencepiece-dev)

find_package(Sndfile QUIET)
find_package(Samplerate QUIET)
find_package(Kissfft QUIET)
if(Sndfile_FOUND AND Samplerate_FOUND AND Kissfft_FOUND)
  set(audio_found ON)
else()
  set(audio_found OFF)
endif()
chronicler_component("Recordings" CHRONICLER_HAVE_AUDIO
  "${CHRONICLER_AUDIO}" "${audio_found}" "libsndfile1-dev libsamplerate0-dev libkissfft-dev")

if(CHRONICLER_CCACHE)
  set_property(GLOBAL APPEND PROPERTY CHRONICLER_COMPONENT_LINES "Compiler cache: ON")
elseif(PROJECT_IS_TOP_LEVEL)
  set_property(GLOBAL APPEND PROPERTY CHRONICLER_COMPONENT_LINES
    "Compiler cache: OFF (apt-get install ccache)")
endif()
