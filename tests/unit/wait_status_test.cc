// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/wait_status.h"

#include <gtest/gtest.h>

namespace retrap {
namespace {

struct Row {
  int status;
  StopKind kind;
};

class WaitStatus : public testing::TestWithParam<Row> {};

TEST_P(WaitStatus, IsClassified) {
  EXPECT_EQ(classify(GetParam().status), GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WaitStatus,
    testing::Values(
        Row{0x0000, StopKind::kExited}, Row{0x0100, StopKind::kExited},
        Row{0x0009, StopKind::kKilled},
        Row{0x008b, StopKind::kKilled},   // SIGSEGV, core dumped
        Row{0xffff, StopKind::kRunning},  // WIFCONTINUED
        Row{0x137f, StopKind::kSignalDelivery},
        Row{0x127f, StopKind::kSignalDelivery},
        Row{0x057f, StopKind::kSignalDelivery}, Row{0x857f, StopKind::kSyscall},
        Row{0x80057f, StopKind::kTrapStop}, Row{0x80137f, StopKind::kGroupStop},
        Row{0x80147f, StopKind::kGroupStop},  // SIGTSTP
        Row{0x80157f, StopKind::kGroupStop},  // SIGTTIN
        Row{0x80167f, StopKind::kGroupStop},  // SIGTTOU
        Row{0x80127f, StopKind::kEvent},      // not a stop signal
        Row{0x1057f, StopKind::kEvent},       // EVENT_FORK
        Row{0x6057f, StopKind::kEvent}));     // EVENT_EXIT

TEST(WaitStatusOf, SignalsIsWhatTheKernelReports) {
  EXPECT_EQ(stop_status(SIGSTOP), 0x80137f);
  EXPECT_EQ(delivery_status(SIGCONT), 0x127f);
}

}  // namespace
}  // namespace retrap
