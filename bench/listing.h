// SPDX-License-Identifier: GPL-2.0-only
// What --list prints.
#ifndef RETRAP_LISTING_H_
#define RETRAP_LISTING_H_

#include <string>

namespace retrap {

// A line a family: name, placements, interfaces.
std::string scenarios_as_text();
// Every name there is: docs/data-format.md, "What retrap-bench can measure".
std::string scenarios_as_json();

}  // namespace retrap

#endif  // RETRAP_LISTING_H_
