// SPDX-License-Identifier: GPL-2.0-only
// A scenario at a placement, open for sampling.
//
// A scenario is a class with
//   explicit Scenario(const CellConfig&)    set-up; may throw, must not wait
//   bool arm() noexcept                     reaches the start state, checks it
//   WaitStatus fire() noexcept              the trigger and the wait
//   static constexpr WaitStatus kExpected   what it brings
//   static constexpr FamilyInfo kFamily     name, parameters, help (family.h)
//   Steps& steps() noexcept                 and its const twin
//   static const char* missing() noexcept   optional: what this kernel does not
//                                           have and the scenario needs
//   std::span<const std::uint64_t> readings() const noexcept
//                                           with stages or tallies: what fire()
//                                           read off RawClock at each stage,
//                                           then each tally, in order
#ifndef RETRAP_SCENARIOS_CELL_H_
#define RETRAP_SCENARIOS_CELL_H_

#include <sched.h>

#include <memory>
#include <span>
#include <vector>

#include "core/measure/nops.h"
#include "core/measure/placement.h"
#include "core/measure/sampler.h"
#include "core/ptrace/interface.h"
#include "core/sys/clock.h"
#include "scenarios/steps.h"

namespace retrap {

struct CellConfig {
  Ends ends;
  Interface interface = Interface::kListen;
  std::vector<int> arguments = {};  // of the family's parameters, in order
};

class Cell {
 public:
  Cell() = default;
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  Cell(Cell&&) = delete;
  Cell& operator=(Cell&&) = delete;
  virtual ~Cell() = default;

  // One cycle: re-arms, waits `turns` of a busy loop, times one event. Once
  // one has failed the cell is spent.
  virtual Sample sample(std::uint32_t turns) noexcept = 0;

  // Re-arms now rather than in the next sample(): the other end is then off its
  // CPU. False when the start state is not reached; sample() says why.
  virtual bool settle() noexcept = 0;

  // Of the last sample, the time at each stage, then each tally.
  [[nodiscard]] virtual std::span<const std::uint64_t> readings()
      const noexcept = 0;

  [[nodiscard]] virtual const Failure& failure() const noexcept = 0;

  // The other end, for the watchdog; 0: there is none.
  [[nodiscard]] virtual pid_t partner() const noexcept = 0;
};

// The call of sample() is the only one through a table; it is over before the
// timed region begins.
template <typename Scenario>
class CellOf final : public Cell {
 public:
  explicit CellOf(const CellConfig& config) : scenario_(config) {}

  Sample sample(std::uint32_t turns) noexcept override {
    if (!settle()) return not_started();
    settled_ = false;
    spin(turns);
    Sample sample =
        time_once<RawClock>([this]() noexcept { return scenario_.fire(); });
    return judged(sample);
  }

  bool settle() noexcept override {
    if (!settled_) settled_ = scenario_.arm();
    return settled_;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings()
      const noexcept override {
    if constexpr (requires { scenario_.readings(); })
      return scenario_.readings();
    return {};
  }

  [[nodiscard]] const Failure& failure() const noexcept override {
    return scenario_.steps().failure();
  }
  [[nodiscard]] pid_t partner() const noexcept override {
    return scenario_.steps().pid();
  }

 private:
  Sample not_started() noexcept {
    Sample sample;
    sample.t_trigger_ns = RawClock::now();
    sample.wait_status = failure().got;
    sample.outcome = failure().outcome == Outcome::kCallFailed
                         ? Outcome::kCallFailed
                         : Outcome::kStartNotReached;
    sample.cpu = static_cast<std::uint16_t>(::sched_getcpu());
    return sample;
  }

  Sample judged(Sample sample) noexcept {
    sample.cpu = static_cast<std::uint16_t>(::sched_getcpu());
    if (sample.wait_status == kCallFailed) {
      sample.wait_status = failure().got;
      if (failure().outcome == Outcome::kCallFailed)
        sample.t_return_ns = kNeverReturned;
    } else if (sample.wait_status != Scenario::kExpected) {
      scenario_.steps().unexpected_stop(sample.wait_status,
                                        Scenario::kExpected);
    }
    sample.outcome = failure().outcome;
    return sample;
  }

  Scenario scenario_;
  bool settled_ = false;
};

template <typename Scenario>
std::unique_ptr<Cell> open_cell(const CellConfig& config) {
  return std::make_unique<CellOf<Scenario>>(config);
}

// What the kernel lacks; nullptr: nothing.
template <typename Scenario>
const char* missing_for() noexcept {
  if constexpr (requires { Scenario::missing(); }) return Scenario::missing();
  return nullptr;
}

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_CELL_H_
