# KissFFT in single precision as Kissfft::kissfft. Debian's own CMake package has names that differ from release to
# release.
find_path(Kissfft_INCLUDE_DIR kiss_fftr.h PATH_SUFFIXES kissfft)
find_library(Kissfft_LIBRARY kissfft-float)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Kissfft REQUIRED_VARS Kissfft_LIBRARY Kissfft_INCLUDE_DIR)
mark_as_advanced(Kissfft_INCLUDE_DIR Kissfft_LIBRARY)
if(Kissfft_FOUND AND NOT TARGET Kissfft::kissfft)
  add_library(Kissfft::kissfft UNKNOWN IMPORTED)
  set_target_properties(Kissfft::kissfft PROPERTIES
    IMPORTED_LOCATION "${Kissfft_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Kissfft_INCLUDE_DIR}")
endif()
