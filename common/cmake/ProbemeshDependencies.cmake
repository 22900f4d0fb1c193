# Every third-party package, found once. ARCHITECTURE.md says why each of them is here.
# gRPC first: its config finds Protobuf (module mode), OpenSSL, c-ares and Abseil by itself.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(ldns REQUIRED IMPORTED_TARGET ldns)

# ccache and lld only make the build faster; nothing needs them.
find_program(PROBEMESH_CCACHE ccache)
if(PROBEMESH_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROBEMESH_CCACHE})
endif()
find_program(PROBEMESH_LLD NAMES ld.lld ld.lld-14)
if(PROBEMESH_LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(PROBEMESH_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()
