# SPDX-License-Identifier: GPL-2.0-only
# Writes OUTPUT from TEMPLATE with the version of SOURCE_DIR.
find_package(Git QUIET)
set(RETRAP_VERSION "")
if(GIT_FOUND)
  execute_process(
    COMMAND ${GIT_EXECUTABLE} -C ${SOURCE_DIR} describe --always --dirty --tags
    OUTPUT_VARIABLE RETRAP_VERSION
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(RETRAP_VERSION STREQUAL "")
  set(RETRAP_VERSION ${FALLBACK})
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
