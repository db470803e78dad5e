# Sndfile as Sndfile::sndfile. Debian's libsndfile1-dev brings no CMake package.
find_path(Sndfile_INCLUDE_DIR sndfile.h)
find_library(Sndfile_LIBRARY sndfile)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Sndfile REQUIRED_VARS Sndfile_LIBRARY Sndfile_INCLUDE_DIR)
mark_as_advanced(Sndfile_INCLUDE_DIR Sndfile_LIBRARY)
if(Sndfile_FOUND AND NOT TARGET Sndfile::sndfile)
  add_library(Sndfile::sndfile UNKNOWN IMPORTED)
  set_target_properties(Sndfile::sndfile PROPERTIES
    IMPORTED_LOCATION "${Sndfile_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Sndfile_INCLUDE_DIR}")
endif()
