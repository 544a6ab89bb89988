// SPDX-License-Identifier: GPL-2.0-only
// What --list prints.
#ifndef RETRAP_LISTING_H_
#define RETRAP_LISTING_H_

#include <string>

namespace retrap {

// A line each: name, placements, interfaces.
std::string scenarios_as_text();
// An array of objects: scenario, summary, placements, interfaces.
std::string scenarios_as_json();

}  // namespace retrap

#endif  // RETRAP_LISTING_H_
