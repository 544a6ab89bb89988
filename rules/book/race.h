// SPDX-License-Identifier: GPL-2.0-only
// A signal of another process against a call of the tracer, again and again:
// aimed so that each comes first about as often, and counted.
#ifndef RETRAP_BOOK_RACE_H_
#define RETRAP_BOOK_RACE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "book/encounter.h"
#include "book/signaller.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {

// Turns of a race that costs a process each.
[[nodiscard]] std::uint64_t lethal_turns();

// As a property of the test, when all of them are through.
void record_turns(Interface mode, std::uint64_t turns);

// Which side came first, and how long the tracer waits to make it even.
class Orders {
 public:
  // Waits for the tracer's moment.
  void delay() noexcept;
  // The signal was sent before the call began, or not when it had ended.
  void count(bool signal_first, bool call_first) noexcept;
  // Records the counts as properties of the test. On CPUs that run in
  // parallel each order must have been seen in `turns` turns.
  void expect_both(const std::string& name, std::uint64_t turns) const;

 private:
  std::uint64_t signal_first_ = 0;
  std::uint64_t call_first_ = 0;
  std::uint64_t overlapping_ = 0;
  std::uint64_t spins_ = 64;
  std::uint64_t turn_ = 0;
};

class Race : public Encounter {
 public:
  Race(pid_t pid, int sig, Orders& orders)
      : signaller_(pid, sig), orders_(orders) {}

  // The next turn is with another process.
  void aim(pid_t pid) noexcept { signaller_.aim(pid); }

  Errno run(const std::function<Errno()>& call) override {
    signaller_.order();
    orders_.delay();
    const bool signal_first = signaller_.is_done();
    const Errno result = call();
    orders_.count(signal_first, !signaller_.has_begun());
    return result;
  }
  [[nodiscard]] bool finish() override { return signaller_.finish(); }

 private:
  Signaller signaller_;
  Orders& orders_;
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_RACE_H_
