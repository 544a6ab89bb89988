// SPDX-License-Identifier: GPL-2.0-only
// The version of this build.
#ifndef RETRAP_VERSION_H_
#define RETRAP_VERSION_H_

namespace retrap {

extern const char* const kVersion;  // git describe

}  // namespace retrap

#endif  // RETRAP_VERSION_H_
