// SPDX-License-Identifier: GPL-2.0-only
// C: what must hold, unchanged, on all kernels, in every mode of seizing.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <string>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/ptrace/interface.h"
#include "core/ptrace/uapi.h"

namespace retrap::conform {
namespace {

// From the signal-delivery-stop of SIGSTOP of a tracee that is not seized.
void expect_classic_group_stop(const Subject& subject) {
  const pid_t pid = subject.pid();
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGSTOP));
  ASSERT_EQ(siginfo(pid).error, kOk) << "not a signal-delivery-stop";
  ASSERT_EQ(cont(pid, SIGSTOP), kOk);

  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGSTOP)) << "event in it?";
  EXPECT_EQ(siginfo(pid).error, Errno{EINVAL});
  EXPECT_EQ(listen(pid), Errno{EIO});
  EXPECT_EQ(interrupt(pid), Errno{EIO});
  EXPECT_EQ(jobctl_cont(pid), Errno{EIO});

  const Stillness stillness(subject);
  subject.kill(SIGCONT);
  stillness.expect();
  EXPECT_EQ(siginfo(pid).error, Errno{EINVAL});

  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
  EXPECT_EQ(siginfo(pid).signo, SIGCONT);
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(CommonRules, C01_SeizeDoesNotStop) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    const Subject subject(GetParam());
    const pid_t pid = subject.pid();
    const unsigned long mode = seize_option(interface);
    EXPECT_EQ(request(PTRACE_SEIZE, pid, 1, mode), Errno{EIO});
    EXPECT_EQ(request(PTRACE_SEIZE, pid, 0, mode | (1UL << 30)), Errno{EIO});
    ASSERT_EQ(seize(pid, interface), kOk);
    EXPECT_EQ(wait_at_once(pid), kNothing);
    EXPECT_EQ(subject.state(), 'R');
    expect_runs_silently(subject);
    EXPECT_EQ(seize(pid, interface), Errno{EPERM});
  }
}

// One at most: where only one is offered, the other is an unknown option.
TEST_P(CommonRules, C01_SeizeTakesOneModeAtMost) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    const Subject subject(GetParam());
    ASSERT_EQ(request(PTRACE_SEIZE, subject.pid(), 0,
                      kOptionAsyncRetrap | kOptionPleaseNotify),
              Errno{EIO});
    ASSERT_EQ(interrupt(subject.pid()), Errno{ESRCH}) << "is a tracee";
    ASSERT_EQ(seize(subject.pid(), interface), kOk);
  }
}

// PTRACE_SETOPTIONS has no part in the mode: it neither takes one...
void setoptions_with_a_mode(Placement placement, Interface interface) {
  const Subject subject(placement, 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  for (const auto mode : {kOptionAsyncRetrap, kOptionPleaseNotify}) {
    EXPECT_EQ(request(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | mode),
              Errno{EINVAL});
  }
  ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGTRAP))
      << "TRACESYSGOOD is set";
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_NO_FATAL_FAILURE(expect_mode(subject, pid, interface));
}

TEST_P(CommonRules, C01_SetoptionsRefusesTheModes) {
  in_each_mode(setoptions_with_a_mode, GetParam());
}

// ... nor does it drop the one of PTRACE_SEIZE.
void setoptions_without_a_mode(Placement placement, Interface interface) {
  const Subject subject(placement, 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(request(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), kOk);
  ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kSyscallStop);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_NO_FATAL_FAILURE(expect_mode(subject, pid, interface));
}

TEST_P(CommonRules, C01_SetoptionsKeepsTheMode) {
  in_each_mode(setoptions_without_a_mode, GetParam());
}

TEST_P(CommonRules, C02_StopSignalIsDeliveredOnceThenStopsTheGroup) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    const Subject subject(GetParam(), 2);
    ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
    subject.tgkill(1, SIGSTOP);
    ASSERT_EQ(wait_eventually(subject.tid(1)), signal_stop(SIGSTOP));
    EXPECT_EQ(wait_at_once(subject.tid(0)), kNothing);
    ASSERT_EQ(cont(subject.tid(1)), kOk);  // suppressed
    expect_runs_silently(subject, 0);
    expect_runs_silently(subject, 1);

    ASSERT_NO_FATAL_FAILURE(stop_group(subject));
    for (int thread = 0; thread < subject.threads(); ++thread) {
      const Stillness one_report(subject, thread);
      one_report.expect();
    }
  }
}

TEST_P(CommonRules, C03_SeizingStoppedTaskReportsAtOnce) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    const Subject subject(GetParam());
    subject.kill(SIGSTOP);
    ASSERT_TRUE(subject.reaches_state('T'));
    ASSERT_EQ(seize(subject.pid(), interface), kOk);
    EXPECT_EQ(wait_at_once(subject.pid()), stop_trap(SIGSTOP));
  }
  const Subject subject(GetParam());
  subject.kill(SIGSTOP);
  ASSERT_TRUE(subject.reaches_state('T'));
  ASSERT_EQ(attach(subject.pid()), kOk);
  EXPECT_EQ(wait_at_once(subject.pid()), signal_stop(SIGSTOP));
}

TEST_P(CommonRules, C04_GroupStopOfAttachedTraceeStaysClassic) {
  {
    SCOPED_TRACE("PTRACE_ATTACH");
    const Subject subject(GetParam());
    ASSERT_EQ(attach(subject.pid()), kOk);
    expect_classic_group_stop(subject);
  }
  SCOPED_TRACE("PTRACE_TRACEME");
  const Subject subject(GetParam(), 1, Body::kTraceme);
  expect_classic_group_stop(subject);
}

TEST_P(CommonRules, C10_DetachLeavesTheGroupAsItIs) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    const Subject stopped(GetParam());
    ASSERT_NO_FATAL_FAILURE(seize_and_stop(stopped, interface));
    EXPECT_EQ(detach(stopped.pid()), kOk);
    EXPECT_TRUE(stopped.reaches_state('T'));
    EXPECT_EQ(wait_at_once(stopped.pid()), kNothing);
    stopped.kill(SIGCONT);
    expect_runs_silently(stopped);

    const Subject continued(GetParam());
    ASSERT_NO_FATAL_FAILURE(seize_and_stop(continued, interface));
    continued.kill(SIGCONT);
    EXPECT_EQ(detach(continued.pid()), kOk);
    expect_runs_silently(continued);
  }
}

TEST_P(CommonRules, C14_WnowaitLeavesTheReportWaitTakesItOnce) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    const Subject subject(GetParam());
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
    ASSERT_EQ(cont(pid), kOk);
    ASSERT_EQ(interrupt(pid), kOk);
    ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGSTOP));
    EXPECT_EQ(peek_wait_at_once(pid), stop_trap(SIGSTOP));
    EXPECT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
    EXPECT_EQ(wait_at_once(pid), kNothing);
    EXPECT_EQ(peek_wait_at_once(pid), kNothing);
  }
}

}  // namespace
}  // namespace retrap::conform
