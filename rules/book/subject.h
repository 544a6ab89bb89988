// SPDX-License-Identifier: GPL-2.0-only
// The process under test: one or more threads that count in shared memory, so
// that the tracer sees whether user mode was reached.
#ifndef RETRAP_BOOK_SUBJECT_H_
#define RETRAP_BOOK_SUBJECT_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "book/options.h"

namespace retrap::conform {

std::ostream& operator<<(std::ostream& out, Placement placement);

// kSpin never enters the kernel of its own accord; kSyscalls makes one system
// call a tick; kPause sleeps until a signal comes, so that it leaves the CPU to
// a tracer beside it; kNap sleeps a little each tick; kTraceme asks to be
// traced, stops itself and then spins.
// kCode32 and kInt80 make i386's system calls for ever, the one in 32-bit code
// and without a tick (code32.h), the other in 64-bit code.
enum class Body { kSpin, kSyscalls, kPause, kNap, kTraceme, kCode32, kInt80 };

// What a thread does when it next runs in user mode: a new thread that the
// subject does not know, /bin/sleep in place of the program, or its end.
enum class Command : int { kNone, kClone, kExec, kExit };

// The CPUs this program was started with; fewer than two rule out kCrossCpu.
[[nodiscard]] const std::vector<int>& usable_cpus();

// Forked, pinned, killed at the deadline; killed and reaped on every path. A
// tracee that outlives SIGKILL fails the test and is left behind.
// Nothing traces it yet. The constructor returns when all threads count.
class Subject {
 public:
  static constexpr int kMaxThreads = 4;

  explicit Subject(Placement placement, int threads = 1,
                   Body body = Body::kSpin);
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  Subject(Subject&&) = delete;
  Subject& operator=(Subject&&) = delete;
  ~Subject();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] int threads() const noexcept { return threads_; }
  // tid(0) is the thread group leader.
  [[nodiscard]] pid_t tid(int thread) const noexcept;
  // How often the thread went round its loop in user mode.
  [[nodiscard]] std::uint64_t ticks(int thread = 0) const noexcept;

  // A signal to the process, or to one of its threads.
  void kill(int sig) const;
  void tgkill(int thread, int sig) const;
  void order(int thread, Command command) const noexcept;

  // The test has waited for the death: its pid belongs to nobody now.
  void set_reaped() noexcept;

  // From the outside, as the tracer of another process would see it.
  [[nodiscard]] char state(int thread = 0) const;
  [[nodiscard]] bool reaches_state(char state, int thread = 0) const;
  [[nodiscard]] bool has_executed() const;  // /bin/sleep runs
  [[nodiscard]] std::uint64_t voluntary_switches(int thread = 0) const;
  // In the queue of the process or of its first thread.
  [[nodiscard]] bool is_pending(int sig) const;
  // From SIGKILL, also that of an exec or of a group exit, to the end.
  [[nodiscard]] bool is_being_killed(int thread) const;
  [[nodiscard]] bool is_traced() const;  // its first thread
  // task->exit_code: in a trap the report that nobody waited for, or 0.
  [[nodiscard]] int exit_code() const;

 private:
  struct Page {
    std::atomic<std::uint64_t> ticks[kMaxThreads];
    std::atomic<pid_t> tids[kMaxThreads];
    std::atomic<Command> commands[kMaxThreads];
  };
  Subject() = default;
  static void obey(Command command) noexcept;
  [[noreturn]] static void count(Page& page, int thread, Body body) noexcept;
  [[noreturn]] static void live(Page& page, int threads, Body body,
                                int cpu) noexcept;
  void wait_until_counting() const;
  [[nodiscard]] std::string status_field(int thread,
                                         const std::string& key) const;
  [[nodiscard]] std::vector<std::string> stat_fields(int thread) const;

  Page* page_ = nullptr;
  pid_t pid_ = -1;
  bool watched_ = false;
  int threads_ = 0;
  bool reaped_ = false;
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_SUBJECT_H_
