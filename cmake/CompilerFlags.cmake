# SPDX-License-Identifier: GPL-2.0-only
# Warnings, and paths that do not depend on where the clone lies. The presets
# turn warnings into errors; a build by hand does not.
add_compile_options(
  -Wall -Wextra -Wshadow -Wconversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
  -ffile-prefix-map=${PROJECT_BINARY_DIR}/=)
# Names of libc are bound before main() and not at their first call, which would
# be in the first sample (ld(1), -z now).
add_link_options(-Wl,-z,now)
if(RETRAP_SANITIZE)
  add_compile_options(
    -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
