// SPDX-License-Identifier: GPL-2.0-only
// The examples of the rules: what the models make of them.
#include <gtest/gtest.h>

#include <string>

#include "model/possible.h"

namespace retrap::model {
namespace {

constexpr char kNothing[] = "nothing to wait for";
constexpr char kTrap[] = "0x80057f STOP(TRAP)";
constexpr char kStop[] = "0x80137f STOP(STOP)";
constexpr char kDeliverCont[] = "0x127f SD(CONT)";

// One tracee; actions whose outcome the model leaves no choice about.
class Tale {
 public:
  explicit Tale(Interface interface, int threads = 1)
      : possible_(design_of(interface), start(threads)) {}

  // The outcomes that are allowed, in words, and one of them has come.
  std::string operator()(const std::string& word) {
    const auto action = action_from_word(word);
    if (!action || !possible_.is_applicable(*action)) return "not here";
    const auto outcomes = possible_.allowed(*action);
    std::string text;
    for (const Outcome& outcome : outcomes)
      text += (text.empty() ? "" : ", ") + to_text(action->verb, outcome);
    const bool goes_on =
        outcomes.empty() || possible_.apply(*action, *outcomes.begin());
    EXPECT_TRUE(goes_on) << word;
    return text;
  }

  // Running -> a waited group-stop.
  void stop() {
    EXPECT_EQ((*this)("kill.STOP"), "0");
    EXPECT_EQ((*this)("await.0"), "0x137f SD(STOP)");
    EXPECT_EQ((*this)("cont.0.STOP"), "0");
    EXPECT_EQ((*this)("await.0"), kStop);
  }
  // Running -> a waited STOP(TRAP).
  void interrupt() {
    EXPECT_EQ((*this)("interrupt.0"), "0");
    EXPECT_EQ((*this)("await.0"), kTrap);
  }

 private:
  static State start(int threads) {
    State state;
    state.threads = static_cast<std::uint8_t>(threads);
    return state;
  }
  Possible possible_;
};

TEST(ModelListen, ML4_ListeningTellsOfSigcont) {
  Tale act(Interface::kListen);
  act.stop();
  EXPECT_EQ(act("listen.0"), "0");
  EXPECT_EQ(act("getregs.0"), "ESRCH");  // ML03
  act("kill.CONT");
  EXPECT_EQ(act("await.0"), kTrap);
  act("cont.0");
  EXPECT_EQ(act("await.0"), kDeliverCont);
}

TEST(ModelListen, ML6_TheGapMayBeSeen) {
  Tale act(Interface::kListen);
  act.stop();
  act("listen.0");
  act("interrupt.0");
  EXPECT_EQ(act("getregs.0"), "0, ESRCH");
}

TEST(ModelListen, ML7_ML8_TrappedIsQuietUntilResumed) {
  Tale act(Interface::kListen);
  act.stop();
  act("kill.CONT");
  act("settle");
  EXPECT_EQ(act("wait.0"), kNothing);
  EXPECT_EQ(act("getsiginfo.0"), "si_signo 19, si_code 0x8013, not stopped");
  EXPECT_EQ(act("cont.0"), "0");
  EXPECT_EQ(act("await.0"), kTrap);
}

TEST(ModelListen, ML18_UnwaitedStatusIsHidden) {
  Tale act(Interface::kListen);
  act("interrupt.0");
  act("settle");
  EXPECT_EQ(act("listen.0"), "0");
  EXPECT_EQ(act("wait.0"), kNothing);
  EXPECT_EQ(act("await.0"), "not here");
}

TEST(ModelListen, ML19_ListenBelievesSetsiginfo) {
  Tale act(Interface::kListen);
  act.interrupt();
  EXPECT_EQ(act("setsiginfo.0"), "0");
  EXPECT_EQ(act("listen.0"), "EIO");
}

TEST(ModelListen, ML19_AForgedStopTrapListensAndKeepsItsSignal) {
  Tale act(Interface::kListen);
  act("kill.USR1");
  act("settle");
  EXPECT_EQ(act("setsiginfo.0.STOP"), "0");
  EXPECT_EQ(act("getsiginfo.0"), "si_signo 19, si_code 0x8013, not stopped");
  EXPECT_EQ(act("listen.0"), "0");
  EXPECT_EQ(act("wait.0"), kNothing);
  act("kill.CONT");
  EXPECT_EQ(act("await.0"), kTrap);
}

TEST(ModelAsyncRetrap, AR2_NewStatusAtOnce) {
  Tale act(Interface::kAsyncRetrap);
  act.stop();
  act("kill.CONT");
  EXPECT_EQ(act("wait.0"), kTrap);
}

TEST(ModelAsyncRetrap, AR5_AR6_UserModeOnlyAfterGetsiginfo) {
  Tale act(Interface::kAsyncRetrap);
  act.stop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(act("cont.0"), "0");
    EXPECT_EQ(act("await.0"), kStop);
  }
  EXPECT_EQ(act("getsiginfo.0"), "si_signo 19, si_code 0x8013, stopped");
  act("cont.0");
  EXPECT_EQ(act("settle"), "threads in state S");
}

TEST(ModelAsyncRetrap, AR4_SiginfoIsOfNow) {
  Tale act(Interface::kAsyncRetrap);
  act.stop();
  act("kill.CONT");
  EXPECT_EQ(act("getsiginfo.0"), "si_signo 5, si_code 0x8005, not stopped");
}

TEST(ModelAsyncRetrap, AR18_AR25_SetsiginfoAndListenAreRefused) {
  Tale act(Interface::kAsyncRetrap);
  act.interrupt();
  EXPECT_EQ(act("setsiginfo.0"), "EINVAL");
  EXPECT_EQ(act("listen.0"), "EIO");
}

TEST(ModelPleaseNotify, PN2_TrappedIsQuiescent) {
  Tale act(Interface::kPleaseNotify);
  act.stop();
  act("kill.CONT");
  EXPECT_EQ(act("wait.0"), kNothing);
  EXPECT_EQ(act("getsiginfo.0"), "si_signo 19, si_code 0x8013, stopped");
}

TEST(ModelPleaseNotify, PN6_AChangeBeforeTheQuestionIsTold) {
  Tale act(Interface::kPleaseNotify);
  act.stop();
  act("kill.CONT");
  EXPECT_EQ(act("jobctl_cont.0"), "0");
  EXPECT_EQ(act("await.0"), kTrap);
}

TEST(ModelPleaseNotify, PN7_PN8_InterruptReportsAtOnceAndOnce) {
  Tale act(Interface::kPleaseNotify);
  act.interrupt();
  act("jobctl_cont.0");
  EXPECT_EQ(act("cont.0"), "ESRCH");  // PN04
  act("interrupt.0");
  EXPECT_EQ(act("wait.0"), kTrap);
  act("cont.0");
  EXPECT_EQ(act("settle"), "threads in state S");
}

TEST(ModelPleaseNotify, PN27_AnInterruptOfBeforeIsAnsweredByTheQuestion) {
  Tale act(Interface::kPleaseNotify);
  act.interrupt();
  act("interrupt.0");  // one more trap is owed, until the question
  act("jobctl_cont.0");
  EXPECT_EQ(act("wait.0"), kTrap);
  act("cont.0");
  EXPECT_EQ(act("settle"), "threads in state S");
}

TEST(ModelPleaseNotify, PN1_AForgedStopTrapIsNone) {
  Tale act(Interface::kPleaseNotify);
  act("kill.USR1");
  act("settle");
  EXPECT_EQ(act("setsiginfo.0.STOP"), "0");
  EXPECT_EQ(act("jobctl_cont.0"), "EIO");
  act("interrupt.0");
  EXPECT_EQ(act("wait.0"), "0xa7f SD(USR1)");
}

TEST(ModelPleaseNotify, PN12_ResumedFromAGroupStopNotifies) {
  Tale act(Interface::kPleaseNotify);
  act.stop();
  act("kill.CONT");
  act("cont.0");
  EXPECT_EQ(act("await.0"), kTrap);
}

TEST(ModelPleaseNotify, PN13_NobodyAskedNobodyIsTold) {
  Tale act(Interface::kPleaseNotify);
  act("kill.CONT");
  EXPECT_EQ(act("await.0"), kDeliverCont);
}

TEST(ModelPleaseNotify, PN20_UnwaitedStatusIsDropped) {
  Tale act(Interface::kPleaseNotify);
  act("interrupt.0");
  act("settle");
  EXPECT_EQ(act("jobctl_cont.0"), "0");
  EXPECT_EQ(act("wait.0"), kNothing);
}

TEST(ModelListenRepublish, LR1_LR2_InterruptReportsAtOnceAndOnce) {
  Tale act(Interface::kListenRepublish);
  act.stop();
  act("interrupt.0");  // one more trap is owed, until LISTEN and INTERRUPT
  act("listen.0");
  EXPECT_EQ(act("wait.0"), kNothing);
  act("interrupt.0");
  EXPECT_EQ(act("getregs.0"), "0");
  EXPECT_EQ(act("wait.0"), kStop);
  act("cont.0");
  EXPECT_EQ(act("settle"), "threads in state S");
}

TEST(ModelListenRepublish, LR3_AForgedStopTrapIsLeft) {
  Tale act(Interface::kListenRepublish);
  act("kill.USR1");
  act("settle");
  EXPECT_EQ(act("setsiginfo.0.STOP"), "0");
  EXPECT_EQ(act("listen.0"), "0");
  act("interrupt.0");
  EXPECT_EQ(act("await.0"), kTrap);
}

TEST(ModelCommon, C3_C10_DetachStopsAndSeizeTrapsAtOnce) {
  Tale act(Interface::kListen);
  act.stop();
  EXPECT_EQ(act("detach.0"), "0");
  EXPECT_EQ(act("settle"), "threads in state T");
  EXPECT_EQ(act("seize.0"), "0");
  EXPECT_EQ(act("wait.0"), kStop);
}

TEST(ModelCommon, C12_SigcontCancelsAStopSignalThatIsReported) {
  Tale act(Interface::kPleaseNotify);
  act("kill.STOP");
  act("await.0");
  act("kill.CONT");
  act("cont.0.STOP");
  EXPECT_EQ(act("await.0"), kDeliverCont);
}

TEST(ModelCommon, SigcontDuringSeizeMayBeQueuedAndNotTold) {
  Tale act(Interface::kListen);
  act.interrupt();
  act("detach.0");
  act("settle");
  act("order.CONT");
  act("seize.0");
  EXPECT_EQ(act("wait.0"),
            std::string(kNothing) + ", " + kDeliverCont + ", " + kTrap);
}

TEST(ModelCommon, OrdersTakeEffectNowOrLater) {
  Tale act(Interface::kListen);
  act("order.STOP");
  EXPECT_EQ(act("settle"), "threads in state t");
  Tale again(Interface::kListen);
  again("order.STOP");
  EXPECT_EQ(again("wait.0"), std::string(kNothing) + ", 0x137f SD(STOP)");
}

}  // namespace
}  // namespace retrap::model
