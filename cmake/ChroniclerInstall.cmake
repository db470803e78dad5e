# What `cmake --install` lays down: libraries, headers, the command line, a CMake package and a pkg-config file. All of
# it may be moved as a whole afterwards.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/chronicler")

install(TARGETS chronicler chronicler_infer EXPORT chroniclerTargets
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${PROJECT_BINARY_DIR}/include/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
if(TARGET chronicler_cli)
  install(TARGETS chronicler_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/data/"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/chronicler/data")
  install(DIRECTORY "${PROJECT_BINARY_DIR}/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" OPTIONAL)
endif()

install(EXPORT chroniclerTargets NAMESPACE chronicler:: DESTINATION "${package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/chroniclerConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/chroniclerConfig.cmake"
  INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor version may change what a user sees.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/chroniclerConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/chroniclerConfig.cmake"
  "${PROJECT_BINARY_DIR}/chroniclerConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindKissfft.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindLibzip.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindSamplerate.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindSentencePiece.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindSndfile.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindUtf8proc.cmake"
  DESTINATION "${package_dir}")

set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_prefix_from_here "/prefix/${pc_dir}" "/prefix")
string(REGEX REPLACE "/$" "" pc_prefix_from_here "${pc_prefix_from_here}")
if(BUILD_SHARED_LIBS)
  set(pc_requires "Requires.private")
  set(pc_threads "")
else()  # a static library's own needs are every user's
  set(pc_requires "Requires")
  set(pc_threads " -pthread")
endif()
if(CHRONICLER_HAVE_LIBZIP)
  set(pc_zip " libzip zlib")
else()
  set(pc_zip "")
endif()
if(CHRONICLER_HAVE_SENTENCEPIECE)
  set(pc_subwords " sentencepiece")
else()
  set(pc_subwords "")
endif()
if(CHRONICLER_HAVE_AUDIO)
  set(pc_audio " sndfile samplerate kissfft-float")
else()
  set(pc_audio "")
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/chronicler.pc.in"
  "${PROJECT_BINARY_DIR}/chronicler.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/chronicler.pc" DESTINATION "${pc_dir}")
