// SPDX-License-Identifier: GPL-2.0-only
#include "model/live_system.h"

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "book/requests.h"
#include "core/ptrace/patience.h"
#include "core/sys/check.h"

namespace retrap::model {
namespace {

// The rules' "eventually" is 2 s of a machine that has nothing else to do; a
// guest's clock may also run fast.
constexpr std::chrono::seconds kEventually{20};
// Then sleep: a vCPU that spins takes the host CPU the other one waits for.
constexpr int kYields = 4;

Outcome of_error(conform::Errno error) {
  Outcome outcome;
  outcome.error = error.value;
  return outcome;
}

Outcome of_status(WaitStatus status) {
  Outcome outcome;
  outcome.status = status;
  return outcome;
}

void pause_before_poll(int polls) {
  if (polls < kYields)
    (void)::sched_yield();
  else
    (void)::usleep(100);
}

Outcome of_call(long rc) { return of_error({rc == -1 ? errno : 0}); }

Outcome getsiginfo(pid_t tid) {
  const conform::Info info = conform::siginfo(tid);
  Outcome outcome = of_error(info.error);
  outcome.signo = info.signo;
  outcome.code = info.code;
  outcome.stopped = info.stopped;
  return outcome;
}

// A wait without WNOHANG, woken by a timer if the kernel forgot to.
Outcome await(pid_t tid) {
  const itimerval looks{{1, 0}, {kEventually.count(), 0}};
  check_unix(::setitimer(ITIMER_REAL, &looks, nullptr), "setitimer");
  Patience patience(tid, kEventually);
  WaitStatus status{};
  bool is_interrupted = false;
  do {
    status = conform::wait_asleep(tid);
    is_interrupted = status == kWaitFailed && errno == EINTR;
  } while (is_interrupted && patience.lasts());
  const itimerval none{};
  check_unix(::setitimer(ITIMER_REAL, &none, nullptr), "setitimer");
  return of_status(is_interrupted ? kNothing : status);
}

void interrupt_waits() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  check_unix(::sigaction(SIGALRM, &action, nullptr), "sigaction of SIGALRM");
}

}  // namespace

LiveSystem::LiveSystem(Interface interface, const std::vector<int>& cpus,
                       Sender& sender, std::chrono::seconds deadline)
    : interface_(interface), sender_(sender), tracee_(cpus, deadline) {
  interrupt_waits();
  for (int i = 0; i < tracee_.threads(); ++i) {
    const conform::Errno error = conform::seize(tracee_.tid(i), interface);
    if (error != conform::kOk) throw_errno(error.value, "PTRACE_SEIZE");
  }
}

Outcome LiveSystem::letters() const {
  Outcome outcome;
  for (int i = 0; i < tracee_.threads(); ++i) {
    const char letter = tracee_.letter(i);
    outcome.states[static_cast<std::size_t>(i)] = letter == '\0' ? '-' : letter;
  }
  return outcome;
}

// A thread that something was done to leaves t, T and S before the doer goes
// on. Twice the same, in case one thread disturbed another in between, or was
// just going to sleep.
Outcome LiveSystem::settle() {
  if (!orders_are_carried_out()) return letters();
  Patience patience(tracee_.tid(0), kEventually);
  Outcome before;
  for (int polls = 0;; ++polls) {
    const Outcome now = letters();
    const bool quiet =
        std::strspn(now.states.data(), "tTS") == std::strlen(now.states.data());
    if (quiet && now == before) return now;
    if (!patience.lasts()) return now;
    before = quiet ? now : Outcome{};
    if (!quiet) pause_before_poll(polls);
  }
}

// Eventually.
bool LiveSystem::orders_are_carried_out() const {
  Patience patience(sender_.pid(), kEventually);
  for (int polls = 0; sender_.left() != 0; ++polls) {
    if (!patience.lasts()) return false;
    pause_before_poll(polls);
  }
  return true;
}

Outcome LiveSystem::perform(const Action& action) {
  const pid_t tid = tracee_.tid(action.thread);
  switch (action.verb) {
    case Verb::kCont:
      return of_error(conform::cont(tid, action.sig));
    case Verb::kListen:
      return of_error(conform::listen(tid));
    case Verb::kJobctlCont:
      return of_error(conform::jobctl_cont(tid));
    case Verb::kInterrupt:
      return of_error(conform::interrupt(tid));
    case Verb::kGetSiginfo:
      return getsiginfo(tid);
    case Verb::kSetSiginfo: {
      const Siginfo info = siginfo_of(action);
      return of_error(conform::set_siginfo(tid, info.signo, info.code));
    }
    case Verb::kGetRegs:
      return of_error(conform::registers(tid).error);
    case Verb::kWait:
      return of_status(conform::wait_at_once(tid));
    case Verb::kPeek:
      return of_status(conform::peek_wait_at_once(tid));
    case Verb::kAwait:
      return await(tid);
    case Verb::kDetach:
      return of_error(conform::detach(tid, action.sig));
    case Verb::kSeize:
      return of_error(conform::seize(tid, interface_));
    case Verb::kPtraceKill:
      return of_error(conform::request(PTRACE_KILL, tid));
    case Verb::kKill:
      return of_call(::kill(tracee_.tid(0), action.sig));
    case Verb::kTgkill:
      return of_call(::syscall(SYS_tgkill, tracee_.tid(0), tid, action.sig));
    case Verb::kOrder:
      sender_.order(tracee_.tid(0), action.sig);
      return {};
    case Verb::kSettle:
      break;
  }
  return settle();
}

std::string LiveSystem::finish() {
  std::string left = tracee_.finish();
  if (!orders_are_carried_out()) left += "orders not carried out; ";
  return left;
}

}  // namespace retrap::model
