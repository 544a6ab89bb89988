// SPDX-License-Identifier: GPL-2.0-only
// retrap-bench --help, in the order of a man page.
#ifndef RETRAP_HELP_H_
#define RETRAP_HELP_H_

#include <CLI/App.hpp>
#include <string>

namespace retrap {

std::string help_text(const CLI::App& app);

}  // namespace retrap

#endif  // RETRAP_HELP_H_
