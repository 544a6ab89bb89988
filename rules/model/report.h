// SPDX-License-Identifier: GPL-2.0-only
// What a campaign found, for people and as JSON.
#ifndef RETRAP_MODEL_REPORT_H_
#define RETRAP_MODEL_REPORT_H_

#include <ostream>
#include <string>
#include <vector>

#include "model/campaign.h"

namespace retrap::model {

std::string_view cpus_name(Cpus cpus);

void print(std::ostream& out, const Options& options, const Result& result);
std::string to_json(const Options& options, const std::vector<Result>& results);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_REPORT_H_
