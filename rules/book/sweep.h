// SPDX-License-Identifier: GPL-2.0-only
// A signal and a call of the tracer, moved past each other step by step.
//
// In exact mode a nanosecond is an instruction, and QEMU runs one vCPU at a
// time until the next timer of any vCPU is due (icount_get_limit()). Then it
// runs the timers and begins with the first vCPU again (rr_cpu_thread_fn()).
// A thread that sleeps on the first CPU until an instant therefore cuts in
// between two given instructions of a tracer on the last one, in the kernel
// too and with interrupts off: it sends its signal and sleeps, whoever it woke
// on its CPU has a turn, and the tracer goes on. The other way round it would
// run only when the tracer sleeps.
//
// Both sleep until an instant of their own, so that each turn is like the
// last. A few turns find, by halving, how long the tracer has to spin to get
// the signal just behind its call. From a little before that it makes the call
// a step later each turn, a NOP or some, so that the signal moves across the
// call from behind it to before it, and the pass ends when it has been before
// it for a while.
// Of a call that takes long, an exec say, it stops where a Stretch begins.
// The position is where the call is by the instant of the signal; while a gap
// is left between them there is another pass. The cut comes a little after it,
// by tens of instructions on x86_64, where a local APIC counts in 16 ns.
//
// Two things would keep the first CPU from its instant. When its interrupt sets
// its next timer, and that is the next one of all, QEMU leaves the vCPU to look
// again (qemu_timer_notify_cb()) and runs the other until that timer is due: so
// the tracer's CPU has a timer of its own, the guard, due before that. And a
// tracee on the first CPU may have been woken by the call: so the signaller is
// of a higher scheduling class. A signal that is late all the same says nothing
// about an order: it is counted, and the same step comes again a few times.
// Some 30 instructions of a request cannot be cut from the tracee's CPU: the
// signaller is late in each, most likely because the tracer holds the lock of
// that CPU's run queue (wait_task_inactive()), which its wakeup needs.
#ifndef RETRAP_BOOK_SWEEP_H_
#define RETRAP_BOOK_SWEEP_H_

#include <semaphore.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <thread>

#include "book/encounter.h"
#include "core/sys/unique_fd.h"

namespace retrap::conform {

// Instants for a thread that sleeps until one is made. An atomic's wait() would
// spin with PAUSE first, and there QEMU lets the next vCPU run.
class Appointments {
 public:
  Appointments();
  Appointments(const Appointments&) = delete;
  Appointments& operator=(const Appointments&) = delete;
  Appointments(Appointments&&) = delete;
  Appointments& operator=(Appointments&&) = delete;
  ~Appointments();
  // The last one is over.
  void make(std::int64_t instant) noexcept;
  [[nodiscard]] std::int64_t next() noexcept;

 private:
  sem_t made_{};
  std::int64_t instant_ = 0;
};

// What is swept of a call, in instructions.
struct Stretch {
  std::int64_t step = 1;          // of the call a turn: 1 meets the most
  std::int64_t longest = 20'000;  // that the call takes
  std::int64_t last = longest;    // before its end: all of it, or less
  std::int64_t gap = 40;          // at most, from one position to the next
};

class Sweep : public Encounter {
 public:
  Sweep(pid_t pid, int sig, Stretch stretch = {});
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;
  Sweep(Sweep&&) = delete;
  Sweep& operator=(Sweep&&) = delete;
  ~Sweep() override;

  // The next turn is with another process, whose making has moved the tracer.
  // The signaller looks, before it signals, whether what the stretch is about
  // `has_happened`: it has to be so in some turns and not in others.
  void aim(pid_t pid, std::function<bool()> has_happened = nullptr);

  Errno run(const std::function<Errno()>& call) override;
  [[nodiscard]] bool finish() override;

  // The whole stretch is swept, or --sweep is used up.
  [[nodiscard]] bool is_over() const;
  // Records which positions were hit: they must be the whole stretch, and the
  // signal has been behind it and, if it is the whole call, before it too.
  // `name` sets a sweep apart from others of one test.
  void expect_covered(const std::string& name = "") const;

 private:
  enum class Order { kCallFirst, kInside, kSignalFirst };

  void serve() noexcept;
  [[nodiscard]] Order order() const noexcept;
  void search(Order order) noexcept;
  void advance(Order order);
  [[nodiscard]] std::int64_t stretch_begin() const noexcept;
  [[nodiscard]] std::int64_t widest_gap() const;

  pid_t pid_;
  int sig_;
  Stretch stretch_;
  std::uint64_t edge_turns_;
  UniqueFd guard_;  // a timer of the tracer's CPU
  std::atomic<bool> is_first_{false};
  Appointments appointments_;  // of signals; < 0: the end
  std::atomic<std::uint64_t> sent_{0};
  std::int64_t signal_begin_ = 0;
  std::function<bool()> has_happened_;
  bool had_happened_ = false;
  std::thread thread_;

  // Of the shortest call that the signal came behind.
  std::int64_t length_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t appointment_ = 0;  // when the signal was to come
  std::int64_t begin_ = 0;        // of the last call
  std::int64_t end_ = 0;
  std::int64_t delay_ = 0;  // of the next call
  std::int64_t low_ = 0;    // the longest delay known to put the call first
  std::int64_t high_ = 0;   // the shortest that does not; 0: not looked for
  bool searches_ = true;
  bool is_doubtful_ = false;  // what the last turn of the search says
  std::uint64_t before_ = 0;  // turns in a row with the signal before it all
  std::uint64_t turn_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t late_in_a_row_ = 0;
  std::uint64_t passes_ = 0;  // begun
  bool whole_ = false;        // no wide gap is left
  std::uint64_t signal_first_ = 0;
  std::uint64_t call_first_ = 0;
  std::uint64_t inside_ = 0;
  std::uint64_t happened_ = 0;        // the turns of them that found it so
  std::set<std::int64_t> positions_;  // of the signal, from the call's begin
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_SWEEP_H_
