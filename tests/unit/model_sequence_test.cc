// SPDX-License-Identifier: GPL-2.0-only
#include <gmock/gmock.h>

#include <algorithm>

#include "model/generator.h"
#include "model/please_notify.h"
#include "model/sequence.h"
#include "model/shrink.h"
#include "model_simulated.h"

namespace retrap::model {
namespace {

State start(int threads) {
  State state;
  state.threads = static_cast<std::uint8_t>(threads);
  return state;
}

Source random_actions(Interface interface, int steps, std::uint64_t seed) {
  return [generator = Generator(interface, seed),
          steps](Possible& possible) mutable -> std::optional<Action> {
    if (steps-- == 0) return std::nullopt;
    return generator.next(possible);
  };
}

class EveryDesign : public ::testing::TestWithParam<Interface> {};

TEST_P(EveryDesign, AgreesWithItself) {
  const Design& design = design_of(GetParam());
  for (int threads = 1; threads <= kMaxThreads; ++threads) {
    Simulated system(design, start(threads), 3);
    Counts counts;
    const auto failure =
        run_sequence(system, design, start(threads),
                     random_actions(GetParam(), 300, 7), counts);
    EXPECT_FALSE(failure) << failure->seen;
    EXPECT_GT(counts.steps, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Model, EveryDesign, ::testing::ValuesIn(kInterfaces));

// One line wrong: PN13 forgotten.
class NotifiesAlways : public PleaseNotify {
  void on_change(Thread& t) const override {
    t.must_notify = true;
    PleaseNotify::on_change(t);
  }
};

std::optional<Failure> replay_against_mutant(const Actions& actions) {
  const NotifiesAlways mutant;
  Simulated system(mutant, start(1), 1);
  Counts counts;
  return run_sequence(system, design_of(Interface::kPleaseNotify), start(1),
                      replay(actions), counts);
}

TEST(ModelSequence, FindsAForgottenRuleAndShortensIt) {
  const NotifiesAlways mutant;
  const Design& design = design_of(Interface::kPleaseNotify);
  std::optional<Failure> failure;
  Counts counts;
  // A sequence may end early, with SIGKILL. The first that fails of these is
  // told by a wait; one from before them is by GETSIGINFO.
  for (std::uint64_t seed = 5; seed < 20 && !failure; ++seed) {
    Simulated system(mutant, start(1), seed);
    failure = run_sequence(system, design, start(1),
                           random_actions(Interface::kPleaseNotify, 500, seed),
                           counts);
  }
  ASSERT_TRUE(failure);
  const Actions few = shrink(
      failure->actions,
      [](const Actions& a) { return replay_against_mutant(a).has_value(); },
      1000);
  EXPECT_LE(few.size(), 3U) << to_text(few);
  const auto again = replay_against_mutant(few);
  ASSERT_TRUE(again);
  EXPECT_THAT(to_text(few), ::testing::HasSubstr("CONT"));
  EXPECT_THAT(again->seen, ::testing::HasSubstr("STOP(TRAP)"));
}

TEST(ModelSequence, SomethingLeftOverIsAFailure) {
  struct Leaky : Simulated {
    using Simulated::Simulated;
    std::string finish() override { return "thread 0 in state t"; }
  };
  const Design& design = design_of(Interface::kListen);
  Leaky system(design, start(1), 1);
  Counts counts;
  const auto failure =
      run_sequence(system, design, start(1), replay({}), counts);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->seen, "thread 0 in state t");
}

TEST(ModelSequence, UserModeNobodyAllowedIsAFailure) {
  struct Runs : Simulated {
    using Simulated::Simulated;
    std::uint64_t ticks(int) override { return ticks_++; }
    std::uint64_t ticks_ = 0;
  };
  const Design& design = design_of(Interface::kAsyncRetrap);
  Runs system(design, start(1), 1);
  Counts counts;
  const auto failure = run_sequence(system, design, start(1),
                                    replay({{Verb::kWait, 0, 0}}), counts);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->expected, "thread 0 not in user mode");
}

TEST(ModelShrink, KeepsWhatMatters) {
  Actions actions(100, Action{Verb::kWait, 0, 0});
  actions[17] = {Verb::kInterrupt, 0, 0};
  actions[71] = {Verb::kCont, 0, 0};
  const auto fails = [](const Actions& some) {
    const Action first{Verb::kInterrupt, 0, 0};
    const Action second{Verb::kCont, 0, 0};
    const auto at = std::find(some.begin(), some.end(), first);
    return std::find(at, some.end(), second) != some.end();
  };
  EXPECT_EQ(to_text(shrink(actions, fails, 1000)), "interrupt.0 cont.0");
}

TEST(ModelShrink, StopsWhenItMay) {
  int asked = 0;
  const auto fails = [&asked](const Actions&) { return ++asked, false; };
  const Actions actions(64, Action{});
  EXPECT_EQ(shrink(actions, fails, 5), actions);
  EXPECT_EQ(asked, 5);
}

TEST(ModelAction, WordsAreReadAsTheyAreWritten) {
  const std::string text =
      "cont.0 cont.2.STOP listen.1 jobctl_cont.0 peek.0 await.1 detach.0 "
      "tgkill.1.USR1 kill.KILL order.CONT ptrace_kill.0 settle";
  std::string bad;
  const auto actions = actions_from_text(text, bad);
  ASSERT_TRUE(actions) << bad;
  EXPECT_EQ(to_text(*actions), text);
}

TEST(ModelAction, OtherWordsAreNamed) {
  for (const char* word : {"walk.0", "cont.9", "cont", "kill", "kill.FOO",
                           "wait.0.CONT", "cont.0.FOO", "settle.1"}) {
    std::string bad;
    EXPECT_FALSE(actions_from_text(word, bad)) << word;
    EXPECT_EQ(bad, word);
  }
}

}  // namespace
}  // namespace retrap::model
