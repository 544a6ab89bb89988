# SPDX-License-Identifier: GPL-2.0-only
# The language, the flags and the libraries of retrap-bench: of the one that is
# shipped, and of one with scenarios of a user (bench/own).
set(CMAKE_C_STANDARD 11)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
include(${CMAKE_CURRENT_LIST_DIR}/CompilerFlags.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/Depfiles.cmake)

find_package(benchmark 1.7 REQUIRED)
set(RETRAP_STATIC_BENCHMARK "" CACHE FILEPATH "libbenchmark.a, of a static program")
if(RETRAP_STATIC_BENCHMARK)
  set_target_properties(
    benchmark::benchmark
    PROPERTIES IMPORTED_LOCATION_NONE "${RETRAP_STATIC_BENCHMARK}"
               INTERFACE_LINK_LIBRARIES pthread)
  add_link_options(-static)
endif()
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
