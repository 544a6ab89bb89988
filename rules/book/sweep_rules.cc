// SPDX-License-Identifier: GPL-2.0-only
// The race rules again, each interleaving in its turn (--sweep; see sweep.h).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "book/death_turns.h"
#include "book/options.h"
#include "book/race_turns.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "book/sweep.h"

namespace retrap::conform {
namespace {

enum class From { kUserMode, kTrap };

void sweep_request(Placement placement, Interface interface, From from,
                   Turn turn) {
  if (!is_offered(interface)) {
    GTEST_SKIP() << "n.a.: kernel does not offer " << interface_name(interface);
  }
  const Subject subject(placement, 1, Body::kPause);
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

TEST_P(SweepRules, ML22_SweepOfSigcontAcrossListen) {
  sweep_request(GetParam(), Interface::kListen, From::kTrap,
                sigcont_meets_listen);
}

TEST_P(SweepRules, ML23_SweepOfSigcontAcrossInterrupt) {
  sweep_request(GetParam(), Interface::kListen, From::kUserMode,
                sigcont_meets_interrupt_while_listening);
}

TEST_P(SweepRules, LR04_SweepOfSigcontAcrossInterrupt) {
  if (!republishing()) GTEST_SKIP() << "n.a.: not offered";
  sweep_request(GetParam(), *republishing(), From::kUserMode,
                sigcont_meets_interrupt_while_listening);
}

TEST_P(SweepRules, AR07_SweepOfSigcontAcrossGetsiginfo) {
  sweep_request(GetParam(), Interface::kAsyncRetrap, From::kUserMode,
                sigcont_meets_getsiginfo);
}

TEST_P(SweepRules, AR27_SweepOfSigcontAcrossCont) {
  sweep_request(GetParam(), Interface::kAsyncRetrap, From::kUserMode,
                sigcont_meets_cont);
}

TEST_P(SweepRules, PN24_SweepOfSigcontAcrossJobctlCont) {
  sweep_request(GetParam(), Interface::kPleaseNotify, From::kTrap,
                sigcont_meets_jobctl_cont);
}

TEST_P(SweepRules, PN24_SweepOfSigcontAcrossInterrupt) {
  sweep_request(GetParam(), Interface::kPleaseNotify, From::kTrap,
                sigcont_meets_interrupt_after_jobctl_cont);
}

TEST_P(SweepRules, PN24_SweepOfTheEndOfAGroupStopAcrossJobctlCont) {
  sweep_request(GetParam(), Interface::kPleaseNotify, From::kUserMode,
                sigcont_meets_jobctl_cont_in_group_stop);
}

TEST_P(SweepRules, PN24_SweepOfTheEndOfAGroupStopAcrossInterrupt) {
  sweep_request(GetParam(), Interface::kPleaseNotify, From::kUserMode,
                sigcont_meets_interrupt_then_jobctl_cont);
}

// An instruction a turn would be minutes where a turn costs a process.
constexpr Stretch kLethal{.step = 9, .gap = 48};

// From a waited group-stop, in async-retrap mode acknowledged.
using LethalTurn = void (*)(Subject& subject, Interface interface,
                            Sweep& sweep);

void sweep_sigkill(Placement placement, Interface interface, LethalTurn turn) {
  std::optional<Sweep> sweep;
  for (std::uint64_t i = 0; !sweep || !sweep->is_over(); ++i) {
    Subject subject(placement, 1, Body::kPause);
    ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
    ASSERT_EQ(siginfo(subject.pid()).error, kOk);
    if (!sweep) sweep.emplace(subject.pid(), SIGKILL, kLethal);
    sweep->aim(subject.pid());
    ASSERT_NO_FATAL_FAILURE(turn(subject, interface, *sweep)) << "turn " << i;
  }
  sweep->expect_covered(std::string(interface_name(interface)));
}

void sweep_rearming(Placement placement, Interface interface) {
  sweep_sigkill(
      placement, interface, [](Subject& subject, Interface mode, Sweep& sweep) {
        sigkill_meets_request(subject, sweep,
                              [&] { return rearm(subject.pid(), mode); });
      });
}

TEST_P(SweepRules, C06_SweepOfSigkillAcrossRearming) {
  in_each_mode(sweep_rearming, GetParam());
}

void sweep_interrupt(Placement placement, Interface interface) {
  sweep_sigkill(
      placement, interface, [](Subject& subject, Interface mode, Sweep& sweep) {
        const pid_t pid = subject.pid();
        ASSERT_EQ(rearm(pid, mode), kOk);
        sigkill_meets_request(subject, sweep, [pid] { return interrupt(pid); });
      });
}

TEST_P(SweepRules, C06_SweepOfSigkillAcrossInterruptOfTheRearmed) {
  in_each_mode(sweep_interrupt, GetParam());
}

void sweep_cont(Placement placement, Interface interface) {
  sweep_sigkill(placement, interface,
                [](Subject& subject, Interface, Sweep& sweep) {
                  sigkill_meets_request(subject, sweep,
                                        [&] { return cont(subject.pid()); });
                });
}

TEST_P(SweepRules, C06_SweepOfSigkillAcrossCont) {
  in_each_mode(sweep_cont, GetParam());
}

// The tracee is beside the tracer: beside the signaller it would keep that one
// waiting until it has left the kernel, so that the re-trap was never cut.
class RetrapSweepRules : public AsyncRetrapSweepRules {};

TEST_P(RetrapSweepRules, AR20_SweepOfSigkillAcrossTheRetrap) {
  sweep_sigkill(GetParam(), Interface::kAsyncRetrap,
                [](Subject& subject, Interface, Sweep& sweep) {
                  sigkill_meets_retrap(subject, sweep);
                });
}

// The thread that stops the group is beside the signaller: beside the tracer it
// would do that when the tracer has left the kernel.
class StopSweepRules : public AsyncRetrapSweepRules {};

TEST_P(StopSweepRules, AR13_SweepOfAStopAcrossGetsiginfo) {
  const Subject subject(GetParam(), 2, Body::kPause);
  ASSERT_EQ(seize(subject.pid(), Interface::kAsyncRetrap), kOk);
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(siginfo(subject.pid()).error, kOk);
  Sweep sweep(subject.pid(), SIGSTOP);
  for (std::uint64_t i = 0; !sweep.is_over(); ++i) {
    ASSERT_NO_FATAL_FAILURE(sigstop_meets_getsiginfo(subject, sweep))
        << "turn " << i;
  }
  sweep.expect_covered();
}

// No sweep, no tests of it: they would say "n.a." where they mean "not asked".
std::vector<Placement> swept(const std::vector<Placement>& of) {
  std::vector<Placement> found;
  for (const Placement placement : options().placements) {
    const bool is_of = std::find(of.begin(), of.end(), placement) != of.end();
    if (is_of && options().sweep > 0) found.push_back(placement);
  }
  return found;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SweepRules);
INSTANTIATE_TEST_SUITE_P(Rules, SweepRules,
                         ::testing::ValuesIn(swept({Placement::kSameCpu,
                                                    Placement::kCrossCpu})),
                         ::testing::PrintToStringParamName());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AsyncRetrapSweepRules);
INSTANTIATE_TEST_SUITE_P(Rules, AsyncRetrapSweepRules,
                         ::testing::ValuesIn(swept({Placement::kSameCpu,
                                                    Placement::kCrossCpu})),
                         ::testing::PrintToStringParamName());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StopSweepRules);
INSTANTIATE_TEST_SUITE_P(Rules, StopSweepRules,
                         ::testing::ValuesIn(swept({Placement::kSameCpu})),
                         ::testing::PrintToStringParamName());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RetrapSweepRules);
INSTANTIATE_TEST_SUITE_P(Rules, RetrapSweepRules,
                         ::testing::ValuesIn(swept({Placement::kCrossCpu})),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace retrap::conform
