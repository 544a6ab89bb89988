// SPDX-License-Identifier: GPL-2.0-only
#include "model/job_control.h"

#include <bit>

#include "core/ptrace/wait_status.h"

namespace retrap::model {
namespace {

// prepare_signal(): C11, and what makes a change of the group-stop.
void cancel_opposites(const Design& design, State& s, int sig) {
  const SignalSet opposites = sig == SIGCONT ? kStopSignals : mask_of(SIGCONT);
  if (sig != SIGCONT && !is_stop(sig)) return;
  s.pending &= ~opposites;
  for (int i = 0; i < s.threads; ++i) {
    Thread& t = s.thread[i];
    t.pending &= ~opposites;
    if (sig != SIGCONT) continue;
    t.must_stop = t.is_counted = t.has_dequeued = false;  // C12
    if (t.is_traced)
      design.on_change(t);  // Q13: whether or not the group was stopped
    else if (t.phase == Phase::kStopped)
      leave_trap(t);
  }
  if (sig != SIGCONT) return;
  s.is_stopped = false;
  s.stop_count = 0;
}

// complete_signal(): which thread is to take a signal to the process. A thread
// that is in motion will find it anyway, and the kernel may or may not pick it.
std::vector<State> wake_one(const State& s, int thread) {
  const auto wants = [&s](int i) {
    return s.thread[i].phase == Phase::kRunning && !s.thread[i].is_in_motion;
  };
  const int first = thread == kWholeProcess ? 0 : thread;
  std::vector<State> next;
  const auto wake = [&](int i) {
    next.push_back(s);
    next.back().thread[i].is_in_motion = true;
  };
  if (wants(first)) {
    wake(first);
    return next;
  }
  next.push_back(s);  // nobody, or a thread that is in motion already
  if (thread != kWholeProcess) return next;
  bool is_certain = true;
  for (int i = 0; i < s.threads; ++i) {
    const Thread& t = s.thread[i];
    if (t.phase == Phase::kRunning && t.is_in_motion) is_certain = false;
    if (wants(i)) wake(i);
  }
  if (is_certain && next.size() > 1) next.erase(next.begin());
  return next;
}

// task_participate_group_stop()
void participate(State& s, Thread& t) {
  if (!t.must_stop) return;
  if (t.is_counted && --s.stop_count == 0) s.is_stopped = true;
  t.must_stop = t.is_counted = t.has_dequeued = false;
}

// The second half of do_signal_stop(): `t` stops, or is going to trap.
void join_group_stop(const Design& design, State& s, Thread& t) {
  if (t.is_traced) {
    t.is_interrupted = true;
    design.on_join(t);
    return;
  }
  participate(s, t);
  t.phase = Phase::kStopped;
  t.is_in_motion = false;
}

// Its first half: a thread acts on a stop signal. C02, C16, C19.
void stop_group(const Design& design, State& s, int thread, int sig) {
  Thread& self = s.thread[thread];
  if (!self.must_stop) {
    if (!self.has_dequeued) return;  // C12: SIGCONT came in between
    s.stop_count = 0;
    for (int i = 0; i < s.threads; ++i) {
      Thread& t = s.thread[i];
      if (t.phase == Phase::kStopped) continue;
      t.must_stop = t.is_counted = true;
      t.stop_signal = static_cast<std::uint8_t>(sig);
      ++s.stop_count;
      if (i == thread) continue;
      if (t.is_traced)
        design.on_change(t);
      else
        nudge(t);
    }
  }
  join_group_stop(design, s, self);
}

void trap(Thread& t, Trap kind, int sig, int code) {
  t.phase = Phase::kTrapped;
  t.is_in_motion = false;
  t.trap = kind;
  t.report = t.info_signo = static_cast<std::uint8_t>(sig);
  t.info_code = code;
  t.is_interrupted = false;  // by any trap
  t.is_trapping = false;
}

void take_stop_trap(const Design& design, State& s, Thread& t) {
  const int sig = stop_signal_now(s, t);
  participate(s, t);
  trap(t, Trap::kStop, sig, stop_code_of(stop_trap(sig)));
  design.on_stop_trap(t, sig != SIGTRAP);
}

// The lowest number first, the thread's own before the process's. 0: none.
int dequeue(State& s, Thread& t, bool& is_own) {
  is_own = t.pending != 0;
  SignalSet& queue = is_own ? t.pending : s.pending;
  if (queue == 0) return 0;
  const int sig = std::countr_zero(queue);
  queue &= ~mask_of(sig);
  return sig;
}

}  // namespace

int stop_signal_now(const State& state, const Thread& t) {
  return state.in_group_stop() ? t.stop_signal : SIGTRAP;
}

std::vector<State> send(const Design& design, State s, int thread, int sig,
                        bool is_being_seized) {
  cancel_opposites(design, s, sig);
  if (sig == SIGTERM) return {s};  // blocked: stays pending for ever
  const bool is_shared = thread == kWholeProcess;
  // sig_ignored() asks the thread that kill(2) names: the leader.
  const Thread& named = s.thread[is_shared ? 0 : thread];
  if (sig == SIGCONT && !named.is_traced && !is_being_seized) return {s};
  SignalSet& queue = is_shared ? s.pending : s.thread[thread].pending;
  if ((queue & mask_of(sig)) != 0) return {s};  // legacy_queue()
  queue |= mask_of(sig);
  return wake_one(s, thread);
}

void advance(const Design& design, State& s, int thread) {
  Thread& t = s.thread[thread];
  if (t.injected != 0) {
    const int sig = t.injected;
    t.injected = 0;  // a handler runs, or SIGCONT's nothing happens
    if (is_stop(sig)) stop_group(design, s, thread, sig);
    if (t.phase != Phase::kRunning) return;
  }
  if (t.must_stop) join_group_stop(design, s, t);
  if (t.phase != Phase::kRunning) return;
  if (t.is_interrupted || t.must_notify) return take_stop_trap(design, s, t);
  bool is_own = false;
  const int sig = dequeue(s, t, is_own);
  if (sig == 0) {
    t.is_in_motion = false;
    if (t.user_mode < kMaxUserMode) ++t.user_mode;
    return;
  }
  if (t.is_traced || is_stop(sig)) t.has_dequeued = true;
  if (t.is_traced)
    trap(t, Trap::kSignalDelivery, sig, is_own ? SI_TKILL : SI_USER);
  else
    t.injected = static_cast<std::uint8_t>(sig);
}

}  // namespace retrap::model
