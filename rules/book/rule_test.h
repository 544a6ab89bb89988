// SPDX-License-Identifier: GPL-2.0-only
// The fixtures of the rules: "n.a." where the kernel does not offer the
// interface or the machine has no second CPU.
#ifndef RETRAP_BOOK_RULE_TEST_H_
#define RETRAP_BOOK_RULE_TEST_H_

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "book/options.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {

[[nodiscard]] bool is_offered(Interface interface);
// Listen first; for the rules that cover every mode of seizing.
[[nodiscard]] const std::vector<Interface>& offered_interfaces();

// How to seize a tracee whose INTERRUPT reports again (LR), where that is to be
// had: by a kernel that does it for every tracee (--property), or by choice.
[[nodiscard]] std::optional<Interface> republishing();

// Runs `rule` in each mode; a fatal failure in one ends the test.
void in_each_mode(void (*rule)(Placement, Interface), Placement placement);

// Each rule runs once a placement of the tracer and the tracee.
class RuleTest : public ::testing::TestWithParam<Placement> {
 protected:
  void SetUp() override;
};

class CommonRules : public RuleTest {};
class ListenRules : public RuleTest {};
class RaceRules : public RuleTest {};  // of mainline, on every kernel

class Code32Rules : public RuleTest {
 protected:
  void SetUp() override;
};

class AsyncRetrapRules : public RuleTest {
 protected:
  void SetUp() override;
};

// Races whose second actor is moved step by step (sweep.h): with --sweep, and
// on two CPUs.
class SweepRules : public RuleTest {
 protected:
  void SetUp() override;
};

class AsyncRetrapSweepRules : public SweepRules {
 protected:
  void SetUp() override;
};

class RepublishRules : public RuleTest {
 protected:
  void SetUp() override;
};

class PleaseNotifyRules : public RuleTest {
 protected:
  void SetUp() override;
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_RULE_TEST_H_
