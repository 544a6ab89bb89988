// SPDX-License-Identifier: GPL-2.0-only
// How retrap-bench ends.
#ifndef RETRAP_EXIT_CODE_H_
#define RETRAP_EXIT_CODE_H_

#include <stdexcept>
#include <string>

namespace retrap {

enum class ExitCode {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kMismatch = 3,       // the kernel or machine is not what was asked for
  kSamplesFailed = 4,  // data written
  kNotSupported = 77,
};

// Ends the program with a message: what is wrong; what to do.
class Refusal : public std::runtime_error {
 public:
  Refusal(ExitCode code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

}  // namespace retrap

#endif  // RETRAP_EXIT_CODE_H_
