# SPDX-License-Identifier: GPL-2.0-only
# Names in depfiles that ninja can read. GCC writes the clone's path as it is,
# and ninja ends a name at a ', a " or a & (its src/depfile_parser.in.cc): such
# a file does not exist, so every object was made again at every build. In a
# clone with such a path, names below it are written relative to the build
# directory, where ninja runs.
if(PROJECT_SOURCE_DIR MATCHES "[^A-Za-z0-9/._+-]")
  # As GCC writes it for make, then as a regular expression of sed.
  string(REGEX REPLACE "([ #])" "\\\\\\1" root "${PROJECT_SOURCE_DIR}")
  string(REPLACE "$" "$$" root "${root}")
  string(REGEX REPLACE "([][\\.*^$|])" "\\\\\\1" root "${root}")
  file(RELATIVE_PATH up ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
  file(WRITE ${PROJECT_BINARY_DIR}/depfile.sed "s|${root}/|${up}|g\n")
  foreach(language C CXX)
    list(APPEND CMAKE_${language}_COMPILE_OBJECT
         "sed -i -f depfile.sed <DEP_FILE>")
  endforeach()
endif()
