// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/wait_status.h"

#include <gtest/gtest.h>

#include <sstream>

namespace retrap {
namespace {

struct Row {
  int word;
  StopKind kind;
};

class WaitStatusWord : public testing::TestWithParam<Row> {};

TEST_P(WaitStatusWord, IsOfAKind) {
  EXPECT_EQ(kind_of(WaitStatus(GetParam().word)), GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WaitStatusWord,
    testing::Values(
        Row{0x0000, StopKind::kExited}, Row{0x0100, StopKind::kExited},
        Row{0x0009, StopKind::kKilled},
        Row{0x008b, StopKind::kKilled},  // SIGSEGV, core dumped
        Row{0xffff, StopKind::kNone},    // continued
        Row{-1, StopKind::kNone}, Row{-2, StopKind::kNone},
        Row{-3, StopKind::kNone}, Row{0x137f, StopKind::kSignalDelivery},
        Row{0x127f, StopKind::kSignalDelivery},
        Row{0x057f, StopKind::kSignalDelivery}, Row{0x857f, StopKind::kSyscall},
        Row{0x80057f, StopKind::kTrapStop}, Row{0x80137f, StopKind::kGroupStop},
        Row{0x80147f, StopKind::kGroupStop},  // SIGTSTP
        Row{0x80157f, StopKind::kGroupStop},  // SIGTTIN
        Row{0x80167f, StopKind::kGroupStop},  // SIGTTOU
        Row{0x80127f, StopKind::kEvent},      // not a stop signal
        Row{0x1057f, StopKind::kEvent},       // EVENT_FORK
        Row{0x6057f, StopKind::kEvent}));     // EVENT_EXIT

TEST(WaitStatus, IsTheWordOfTheKernel) {
  EXPECT_EQ(word_of(stop_trap(SIGSTOP)), 0x80137f);
  EXPECT_EQ(word_of(signal_stop(SIGCONT)), 0x127f);
  EXPECT_EQ(word_of(kSyscallStop), 0x857f);
  EXPECT_EQ(word_of(event_stop(6)), 0x6057f);
  EXPECT_EQ(word_of(exited(7)), 0x700);
  EXPECT_EQ(word_of(killed_by(SIGKILL)), 9);
  EXPECT_EQ(word_of(kContinued), 0xffff);
}

TEST(WaitStatus, TellsEventSignalAndExitCode) {
  constexpr WaitStatus kStop{0x80147f};
  EXPECT_EQ(event_of(kStop), 128);
  EXPECT_EQ(stop_signal_of(kStop), SIGTSTP);
  EXPECT_EQ(stop_code_of(kStop), 0x8014);
  EXPECT_EQ(stopped(stop_code_of(kStop)), kStop);
  EXPECT_EQ(exit_code_of(exited(7)), 7);
}

TEST(WaitStatus, IsAStopOrNot) {
  EXPECT_TRUE(is_stop(stop_trap(SIGTRAP)));
  EXPECT_TRUE(is_stop(signal_stop(SIGUSR1)));
  for (const WaitStatus other : {exited(0), killed_by(SIGKILL), kContinued,
                                 kWaitFailed, kNothing, kNoTracee})
    EXPECT_FALSE(is_stop(other)) << other;
}

std::string text(WaitStatus status) {
  std::ostringstream out;
  out << status;
  return out.str();
}

TEST(WaitStatus, IsPutIntoWords) {
  EXPECT_EQ(text(stop_trap(SIGSTOP)), "0x80137f STOP(STOP)");
  EXPECT_EQ(text(signal_stop(SIGCONT)), "0x127f SD(CONT)");
  EXPECT_EQ(text(killed_by(SIGKILL)), "0x9 killed by KILL");
  EXPECT_EQ(text(exited(1)), "0x100");
  EXPECT_EQ(text(kNothing), "nothing to wait for");
  EXPECT_EQ(text(kNoTracee), "ECHILD");
  EXPECT_EQ(text(kWaitFailed), "waitpid failed");
}

}  // namespace
}  // namespace retrap
