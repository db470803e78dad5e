# Samplerate as Samplerate::samplerate. Debian's libsamplerate0-dev brings no CMake package.
find_path(Samplerate_INCLUDE_DIR samplerate.h)
find_library(Samplerate_LIBRARY samplerate)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Samplerate REQUIRED_VARS Samplerate_LIBRARY Samplerate_INCLUDE_DIR)
mark_as_advanced(Samplerate_INCLUDE_DIR Samplerate_LIBRARY)
if(Samplerate_FOUND AND NOT TARGET Samplerate::samplerate)
  add_library(Samplerate::samplerate UNKNOWN IMPORTED)
  set_target_properties(Samplerate::samplerate PROPERTIES
    IMPORTED_LOCATION "${Samplerate_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Samplerate_INCLUDE_DIR}")
endif()
