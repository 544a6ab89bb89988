# SPDX-License-Identifier: GPL-2.0-only
# retrap-version: an object whose only content is `git describe`. It is looked
# up at each build, and compiled again only when it has changed.
set(version_dir ${PROJECT_BINARY_DIR}/version)
add_custom_target(
  retrap-describe
  COMMAND
    ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR}
    -DFALLBACK=${PROJECT_VERSION}
    -DTEMPLATE=${PROJECT_SOURCE_DIR}/cmake/version.cc.in
    -DOUTPUT=${version_dir}/version.cc -P
    ${PROJECT_SOURCE_DIR}/cmake/Describe.cmake
  BYPRODUCTS ${version_dir}/version.cc
  VERBATIM)
