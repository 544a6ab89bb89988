// SPDX-License-Identifier: GPL-2.0-only
// A signal and a call of the tracer, moved past each other step by step.
//
// In exact mode a nanosecond is an instruction, and QEMU runs one vCPU at a
// time until the next timer of any vCPU is due (icount_get_limit()). Then it
// runs the timers and begins with the first vCPU again (rr_cpu_thread_fn()).
// A thread that sleeps on the first CPU until an instant therefore cuts in
// between two given instructions of a tracer on the last one, in the kernel
// too and with interrupts off: it sends its signal, sleeps, and the tracer
// goes on. The other way round it would run only when the tracer sleeps.
//
// Both sleep until an instant of their own, so that each turn is like the
// last; the tracer then makes its call one NOP later each time. The signal so
// moves across the call from behind it to before it. Timers of the local APIC
// tick every 16 ns: the position wanders by that much, so it is measured.
#ifndef RETRAP_CONFORM_SWEEP_H_
#define RETRAP_CONFORM_SWEEP_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "conform/encounter.h"

namespace retrap::conform {

class Sweep : public Encounter {
 public:
  Sweep(pid_t pid, int sig);
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;
  Sweep(Sweep&&) = delete;
  Sweep& operator=(Sweep&&) = delete;
  ~Sweep() override;

  Errno run(const std::function<Errno()>& call) override;
  [[nodiscard]] bool finish() override;

  // The turns of the sweep: some to find the call, then one a step.
  [[nodiscard]] static std::uint64_t turns();
  // Records which positions were hit; behind, inside and before the call each
  // must have been.
  void expect_covered() const;

 private:
  void serve() noexcept;
  [[nodiscard]] std::int64_t delay() const noexcept;

  pid_t pid_;
  int sig_;
  std::atomic<std::int64_t> instant_{0};  // of the next signal; < 0: the end
  std::atomic<std::uint64_t> sent_{0};
  std::int64_t signal_begin_ = 0;
  std::int64_t signal_end_ = 0;
  std::thread thread_;

  std::int64_t begin_ = 0;  // of the last call
  std::int64_t end_ = 0;
  std::uint64_t turn_ = 0;
  std::multiset<std::int64_t> leads_;  // from an undelayed call to its signal
  std::int64_t lead_ = 0;              // the median: a tick may come between
  std::uint64_t signal_first_ = 0;
  std::uint64_t call_first_ = 0;
  std::uint64_t inside_ = 0;
  std::set<std::int64_t> positions_;  // of a signal inside, from the begin
};

}  // namespace retrap::conform

#endif  // RETRAP_CONFORM_SWEEP_H_
