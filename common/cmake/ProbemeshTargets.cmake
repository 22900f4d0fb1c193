# How this project declares targets: one static library per module with its allowed dependencies spelled out.

add_library(probemesh_warnings INTERFACE)
target_compile_options(probemesh_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${PROBEMESH_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>)

if(PROBEMESH_SANITIZE)
  add_compile_options(-fsanitize=${PROBEMESH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PROBEMESH_SANITIZE})
  # GCC 12 sees uninitialised members in libstdc++'s own <regex> and <functional> once instrumented.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong -ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections -Wl,-z,relro -Wl,-z,now)
endif()

if(PROBEMESH_BUILD_FUZZERS)
  # Coverage of the code under test, without which a fuzzer is blind.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# probemesh_library(NAME SOURCES a.cc ... HEADERS a.h ... DEPS probemesh::x ... PRIVATE_DEPS ...)
# Includes are written from the project's root: #include "common/base/clock.h".
function(probemesh_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(probemesh_${name} STATIC ${ARG_SOURCES} ${ARG_HEADERS})
    target_include_directories(probemesh_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(probemesh_${name} PUBLIC ${ARG_DEPS} PRIVATE probemesh_warnings ${ARG_PRIVATE_DEPS})
  else()
    add_library(probemesh_${name} INTERFACE)
    target_include_directories(probemesh_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(probemesh_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(probemesh::${name} ALIAS probemesh_${name})
endfunction()

# probemesh_executable(NAME SOURCES ... DEPS ...): a program in bin/ called NAME.
function(probemesh_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE PROBEMESH_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} probemesh_warnings)
endfunction()

# probemesh_test(NAME SOURCES ... DEPS ... [LABELS unit|integration|lab|tidy] [TIMEOUT seconds])
# One test binary; each of its cases becomes a CTest test of that label (default: unit).
include(GoogleTest)
function(probemesh_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE PROBEMESH_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             PROBEMESH_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} probemesh_warnings GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
                       PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# probemesh_fuzzer(NAME SOURCES ... DEPS ...): a libFuzzer target, only in the fuzz preset.
function(probemesh_fuzzer name)
  if(NOT PROBEMESH_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} probemesh_warnings)
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endfunction()
