// SPDX-License-Identifier: GPL-2.0-only
// The race rules again, each interleaving in its turn (--sweep; see sweep.h).
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <vector>

#include "conform/options.h"
#include "conform/race_turns.h"
#include "conform/requests.h"
#include "conform/rule_test.h"
#include "conform/situations.h"
#include "conform/subject.h"
#include "conform/sweep.h"

namespace retrap::conform {
namespace {

enum class From { kUserMode, kTrap };

class SweepRules : public RuleTest {
 protected:
  void SetUp() override {
    RuleTest::SetUp();
    if (usable_cpus().size() < 2) GTEST_SKIP() << "n.a.: one CPU";
  }

  void sweep(Interface interface, From from, Turn turn) {
    if (!is_offered(interface)) {
      GTEST_SKIP() << "n.a.: kernel does not offer "
                   << interface_name(interface);
    }
    const Subject subject(GetParam(), 1, Body::kPause);
    ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
    if (from == From::kTrap) {
      ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
    }
    Sweep sweep(subject.pid(), SIGCONT);
    for (std::uint64_t i = 0; !sweep.is_over(); ++i) {
      ASSERT_NO_FATAL_FAILURE(turn(subject, sweep)) << "turn " << i;
    }
    sweep.expect_covered();
  }
};

TEST_P(SweepRules, ML22_SweepOfSigcontAcrossListen) {
  sweep(Interface::kListen, From::kTrap, sigcont_meets_listen);
}

TEST_P(SweepRules, ML23_SweepOfSigcontAcrossInterrupt) {
  sweep(Interface::kListen, From::kUserMode,
        sigcont_meets_interrupt_while_listening);
}

TEST_P(SweepRules, AR07_SweepOfSigcontAcrossGetsiginfo) {
  sweep(Interface::kAsyncRetrap, From::kUserMode, sigcont_meets_getsiginfo);
}

TEST_P(SweepRules, AR27_SweepOfSigcontAcrossCont) {
  sweep(Interface::kAsyncRetrap, From::kUserMode, sigcont_meets_cont);
}

TEST_P(SweepRules, PN24_SweepOfSigcontAcrossJobctlCont) {
  sweep(Interface::kPleaseNotify, From::kTrap, sigcont_meets_jobctl_cont);
}

TEST_P(SweepRules, PN24_SweepOfSigcontAcrossInterrupt) {
  sweep(Interface::kPleaseNotify, From::kTrap,
        sigcont_meets_interrupt_after_jobctl_cont);
}

TEST_P(SweepRules, PN24_SweepOfTheEndOfAGroupStopAcrossJobctlCont) {
  sweep(Interface::kPleaseNotify, From::kUserMode,
        sigcont_meets_jobctl_cont_in_group_stop);
}

TEST_P(SweepRules, PN24_SweepOfTheEndOfAGroupStopAcrossInterrupt) {
  sweep(Interface::kPleaseNotify, From::kUserMode,
        sigcont_meets_interrupt_then_jobctl_cont);
}

// No sweep, no tests of it: they would say "n.a." where they mean "not asked".
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SweepRules);
INSTANTIATE_TEST_SUITE_P(Rules, SweepRules,
                         ::testing::ValuesIn(options().sweep > 0
                                                 ? options().placements
                                                 : std::vector<Placement>{}),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace retrap::conform
