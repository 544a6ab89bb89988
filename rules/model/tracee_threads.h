// SPDX-License-Identifier: GPL-2.0-only
// The process under test: threads that sleep, and that count in shared memory
// whenever anything has led them back to user mode.
#ifndef RETRAP_MODEL_TRACEE_THREADS_H_
#define RETRAP_MODEL_TRACEE_THREADS_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ptrace/hang_guard.h"
#include "core/ptrace/task_state.h"
#include "core/ptrace/tracee.h"
#include "model/state.h"

namespace retrap::model {

// Killed at the deadline, and by finish() or the destructor. Nothing traces it
// yet; the constructor returns when all threads sleep.
class TraceeThreads {
 public:
  // One CPU a thread. SIGUSR1 has a handler, SIGTERM is blocked.
  TraceeThreads(const std::vector<int>& cpus, std::chrono::seconds deadline);
  TraceeThreads(const TraceeThreads&) = delete;
  TraceeThreads& operator=(const TraceeThreads&) = delete;
  TraceeThreads(TraceeThreads&&) = delete;
  TraceeThreads& operator=(TraceeThreads&&) = delete;
  ~TraceeThreads();

  [[nodiscard]] pid_t tid(int thread) const noexcept;
  [[nodiscard]] int threads() const noexcept { return threads_; }
  [[nodiscard]] std::uint64_t ticks(int thread) const noexcept;
  // Of /proc/<tid>/stat; 0 when there is no such thread. S only when it is off
  // its CPU: one that was signalled while it went to sleep shows R.
  [[nodiscard]] char letter(int thread) const noexcept;

  // SIGKILL, then until every thread is reaped and gone. What is left, if not.
  std::string finish();

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> ticks;
    std::atomic<pid_t> tid;
  };
  using Page = std::array<Slot, kMaxThreads>;
  static void live(Page& page, const std::vector<int>& cpus);
  static void sleep_and_count(Slot& slot, int cpu);
  void wait_until_asleep();

  Page* page_ = nullptr;
  int threads_;
  std::optional<Tracee> tracee_;
  std::optional<HangGuard> guard_;
  std::array<std::optional<TaskState>, kMaxThreads> states_;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_TRACEE_THREADS_H_
