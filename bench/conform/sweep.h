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
// last. A few turns find, by halving, how long the tracer has to spin to get
// the signal just behind its call. From a little before that it makes the call
// one NOP later each turn, so that the signal moves across the call from behind
// it to before it, and the pass ends when it has been before it for a while.
// Timers of the local APIC tick every 16 ns, and a path may be longer in a
// turn, so the position is measured; while a gap is left there is another pass.
//
// In a third to a half of the turns the first CPU is not run at its instant,
// but later, often only when the tracer sleeps. They are counted as late, and
// the same step comes again, a little later so that it is not the same turn.
#ifndef RETRAP_CONFORM_SWEEP_H_
#define RETRAP_CONFORM_SWEEP_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
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

  // The whole call is swept, or --sweep is used up.
  [[nodiscard]] bool is_over() const;
  // Records which positions were hit, and whether that is the whole call. The
  // signal must have been behind, inside and before it.
  void expect_covered() const;

 private:
  enum class Order { kCallFirst, kInside, kSignalFirst };

  void serve() noexcept;
  [[nodiscard]] Order order() const noexcept;
  [[nodiscard]] bool is_late();
  void search(Order order) noexcept;
  void advance(Order order);
  [[nodiscard]] std::int64_t widest_gap() const;

  pid_t pid_;
  int sig_;
  std::atomic<std::int64_t> instant_{0};  // of the next signal; < 0: the end
  std::atomic<std::uint64_t> sent_{0};
  std::int64_t signal_begin_ = 0;
  std::int64_t signal_end_ = 0;
  std::thread thread_;

  std::int64_t awake_ = 0;  // the tracer, after its instant
  std::multiset<std::int64_t> wakeups_;
  std::multiset<std::int64_t> signal_wakeups_;
  std::int64_t soonest_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t length_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t appointment_ = 0;  // when the signal was to come
  std::int64_t begin_ = 0;        // of the last call
  std::int64_t end_ = 0;
  std::int64_t delay_ = 0;  // of the next call
  std::int64_t low_ = 0;    // the longest delay known to put the call first
  std::int64_t high_ = 0;   // the shortest that does not; 0: not looked for
  bool searches_ = true;
  std::uint64_t before_ = 0;  // turns in a row with the signal before the call
  std::uint64_t turn_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t late_in_a_row_ = 0;
  std::uint64_t passes_ = 0;  // begun
  bool whole_ = false;        // one of them was
  std::uint64_t pass_call_first_ = 0;
  std::uint64_t pass_inside_ = 0;
  std::uint64_t signal_first_ = 0;
  std::uint64_t call_first_ = 0;
  std::uint64_t inside_ = 0;
  std::set<std::int64_t> positions_;  // of a signal inside, from the begin
};

}  // namespace retrap::conform

#endif  // RETRAP_CONFORM_SWEEP_H_
