// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/other_tracer.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <ctime>

#include "core/sys/check.h"

namespace retrap {

void let_any_trace() {
  // Without Yama there is nothing to allow.
  (void)::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  sleep_in_pause();
}

OtherTracer::OtherTracer(const CellConfig& config, pid_t tracee, Wants wants)
    : wants_(wants),
      process_(Tracee::spawn([this, &config, tracee] { run(config, tracee); },
                             config.ends.tracee_cpu)),
      steps_(process_.pid(), config.ends.same_cpu()) {
  orders_.reader.reset();  // so that a dead tracer ends a wait for it
  answers_.writer.reset();
  if (!is_done()) throw_errno(EPERM, "PTRACE_SEIZE of a sibling");
}

bool OtherTracer::order(char what) noexcept {
  return ::write(orders_.writer.get(), &what, 1) == 1;
}

bool OtherTracer::is_done() noexcept {
  char answer = 0;
  return ::read(answers_.reader.get(), &answer, 1) == 1;
}

// It ends at the first step that fails, and then there is no answer.
void OtherTracer::run(const CellConfig& config, pid_t tracee) noexcept {
  (void)std::signal(SIGPIPE, SIG_IGN);
  answers_.reader.reset();
  if (try_seize_task(tracee, seize_option(config.interface))) return;
  StopLoop loop(config.interface, tracee, config.ends.same_cpu());
  const char done = 0;
  if (!loop.asleep()) return;
  do {
    if (::write(answers_.writer.get(), &done, 1) != 1) return;
  } while (obey(loop));
}

bool OtherTracer::obey(StopLoop& loop) noexcept {
  char what = 0;
  if (::read(orders_.reader.get(), &what, 1) != 1) return false;
  if (what == kResume) return loop.resume_after_sigcont();
  if (!loop.stop() || !loop.acknowledge(true)) return false;
  if (wants_ == Wants::kNoReports) return true;
  const char done = 0;
  if (loop.interface() != Interface::kAsyncRetrap && !loop.ask(true))
    return false;
  return ::write(answers_.writer.get(), &done, 1) == 1 &&
         loop.steps().wait_for(stop_trap(SIGTRAP)) &&
         loop.resume_from_notification();
}

BlockedSigchld::BlockedSigchld() {
  ::sigemptyset(&sigchld_);
  ::sigaddset(&sigchld_, SIGCHLD);
  check_unix(::sigprocmask(SIG_BLOCK, &sigchld_, &before_), "sigprocmask");
}

BlockedSigchld::~BlockedSigchld() {
  (void)drop();
  (void)::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool BlockedSigchld::drop() noexcept {
  const timespec none{};
  while (::sigtimedwait(&sigchld_, nullptr, &none) == SIGCHLD) {
  }
  return true;
}

WaitStatus BlockedSigchld::wait(Steps& steps) noexcept {
  siginfo_t info{};
  if (::sigtimedwait(&sigchld_, &info, nullptr) == -1) {
    steps.call_failed("sigtimedwait");
    return kCallFailed;
  }
  switch (info.si_code) {
    case CLD_CONTINUED:
      return kContinued;
    case CLD_EXITED:
      return exited(info.si_status);
    case CLD_KILLED:
    case CLD_DUMPED:
      return killed_by(info.si_status);
    default:
      return signal_stop(info.si_status);
  }
}

}  // namespace retrap
