// SPDX-License-Identifier: GPL-2.0-only
// The states of the rules that hold in any state.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <stdexcept>
#include <string>

#include "book/situations.h"

namespace retrap::conform {
namespace {

void running(const Subject& subject, Interface interface,
             unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface, options));
  expect_runs(subject);
}

void signal_delivery(const Subject& subject, Interface interface,
                     unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface, options));
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(subject.pid()), signal_stop(SIGUSR1));
}

void syscall_stop(const Subject& subject, Interface interface,
                  unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(
      seize_all(subject, interface, options | PTRACE_O_TRACESYSGOOD));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(request(PTRACE_SYSCALL, subject.pid()), kOk);
  ASSERT_EQ(wait_eventually(subject.pid()), kSyscallStop);
}

void unwaited_stop(const Subject& subject, Interface interface,
                   unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface, options));
  subject.kill(SIGSTOP);
  ASSERT_EQ(wait_eventually(subject.pid()), signal_stop(SIGSTOP));
  ASSERT_EQ(cont(subject.pid(), SIGSTOP), kOk);
}

void stopped_then_sigcont(const Subject& subject, Interface interface,
                          unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface, options));
  subject.kill(SIGCONT);
}

void interrupted(const Subject& subject, Interface interface,
                 unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface, options));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
}

void rearmed_stopped(const Subject& subject, Interface interface,
                     unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface, options));
  ASSERT_EQ(rearm(subject.pid(), interface), kOk);
}

void rearmed_interrupted(const Subject& subject, Interface interface,
                         unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(interrupted(subject, interface, options));
  ASSERT_EQ(rearm(subject.pid(), interface), kOk);
}

void retrap_in_flight(const Subject& subject, Interface interface,
                      unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(rearmed_stopped(subject, interface, options));
  subject.kill(SIGCONT);
}

void interrupt_in_flight(const Subject& subject, Interface interface,
                         unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(rearmed_stopped(subject, interface, options));
  ASSERT_EQ(interrupt(subject.pid()), kOk);
}

void running_in_stopped_group(const Subject& subject, Interface interface,
                              unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface, options));
  ASSERT_EQ(siginfo(subject.pid()).error, kOk);
  ASSERT_EQ(cont(subject.pid()), kOk);
  expect_runs(subject);
}

}  // namespace

const std::vector<Situation>& all_situations() {
  static const std::vector<Situation> situations = {
      {"running", Body::kSpin, running},
      {"signal-delivery-stop", Body::kSpin, signal_delivery},
      {"syscall-stop", Body::kSyscalls, syscall_stop},
      {"group-stop", Body::kSpin, seize_and_stop},
      {"group-stop, not waited", Body::kSpin, unwaited_stop},
      {"group-stop, then SIGCONT", Body::kSpin, stopped_then_sigcont},
      {"STOP(TRAP)", Body::kSpin, interrupted},
      {"re-armed in group-stop", Body::kSpin, rearmed_stopped},
      {"re-armed in STOP(TRAP)", Body::kSpin, rearmed_interrupted},
      {"re-trap in flight", Body::kSpin, retrap_in_flight},
      {"INTERRUPT in flight", Body::kSpin, interrupt_in_flight},
      {"running in a stopped group", Body::kSpin, running_in_stopped_group},
  };
  return situations;
}

const Situation& find_situation(std::string_view name) {
  for (const Situation& situation : all_situations()) {
    if (situation.name == name) return situation;
  }
  throw std::out_of_range("no situation " + std::string(name));
}

}  // namespace retrap::conform
