// SPDX-License-Identifier: GPL-2.0-only
// The command line of retrap-model.
#ifndef RETRAP_MODEL_OPTIONS_H_
#define RETRAP_MODEL_OPTIONS_H_

#include <string>

#include "model/campaign.h"

namespace retrap::model {

struct CommandLine {
  Options options;        // interfaces: empty for all that are offered
  std::string json_file;  // empty: none
};

// Throws Refusal (exit_code.h), with the help text when that was asked for.
CommandLine parse(int argc, const char* const* argv);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_OPTIONS_H_
