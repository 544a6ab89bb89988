// SPDX-License-Identifier: GPL-2.0-only
// tracer/stop/HOW/ORDER/DOING/{threads,processes}:N: what debuggers, live
// patchers, profilers and checkpointers do to a program that runs: stop all N
// tasks, take the registers of each, let all go.
//
//   HOW    seize: PTRACE_SEIZE and PTRACE_INTERRUPT; attach: PTRACE_ATTACH
//   ORDER  one-by-one: request, wait, then the next task;
//          at-once: all requests, then all waits
//   DOING  asleep in pause(2), or busy: N loops share the tracee's CPU
//
// The stage `stopped` is when the last stop was waited for, `examined` when the
// last PTRACE_GETREGSET returned; the sample ends after the last PTRACE_DETACH.
// Whether the tasks run again by then is not asked.
//
// ptrace_attach(), ptrace_request() with signal_wake_up() or kick_process(),
// get_signal() with do_jobctl_trap() or ptrace_signal(), ptrace_stop(),
// do_wait_pid(), wait_task_stopped(); ptrace_check_attach() with
// wait_task_inactive(), ptrace_regset(); ptrace_detach(), __ptrace_unlink().
#ifndef RETRAP_SCENARIOS_TRACER_STOP_H_
#define RETRAP_SCENARIOS_TRACER_STOP_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "scenarios/attach.h"
#include "scenarios/crowd.h"
#include "scenarios/family.h"

namespace retrap {

enum class Order { kOneByOne, kAtOnce };

// By how, then by order, then by what they do.
inline constexpr std::string_view kStopNames[2][2][2] = {
    {{"tracer/stop/attach/one-by-one/asleep",
      "tracer/stop/attach/one-by-one/busy"},
     {"tracer/stop/attach/at-once/asleep", "tracer/stop/attach/at-once/busy"}},
    {{"tracer/stop/seize/one-by-one/asleep",
      "tracer/stop/seize/one-by-one/busy"},
     {"tracer/stop/seize/at-once/asleep", "tracer/stop/seize/at-once/busy"}}};

template <Attach kHow, Order kOrder, Doing kDoing, Tasks kTasks>
class TracerStop {
  static constexpr bool kOneByOne = kOrder == Order::kOneByOne;
  static constexpr bool kBusy = kDoing == Doing::kBusy;
  static constexpr bool kThreads = kTasks == Tasks::kThreads;

  // One by one all busy ones that still run have a turn before each stop, so
  // that it takes the square of N.
  static constexpr int kMost = kBusy ? 64 : 1000;
  static constexpr std::array kSome = {1, 10};
  static constexpr std::array kSomeBusy = {2};

 public:
  static constexpr std::array kParameters = {Parameter{
      kThreads ? "threads" : "processes", 1, kMost,
      kBusy ? std::span<const int>(kSomeBusy) : std::span<const int>(kSome)}};
  static constexpr std::array<std::string_view, 2> kStages = {"stopped",
                                                              "examined"};
  static constexpr FamilyInfo kFamily{
      .name = kStopNames[static_cast<int>(kHow)][static_cast<int>(kOrder)]
                        [static_cast<int>(kDoing)],
      .help = kOneByOne ? "stop so many one by one, GETREGSET, DETACH"
                        : "stop so many at once, GETREGSET, DETACH",
      .parameters = kParameters,
      .interfaces = kInNoMode,
      .stages = kStages};
  static constexpr WaitStatus kExpected = first_stop(kHow);

  explicit TracerStop(const CellConfig& config)
      : crowd_(config.arguments.at(0), kTasks, kDoing, config.ends),
        steps_(crowd_.tids().front()) {
    for (const pid_t tid : crowd_.tids()) tasks_.emplace_back(tid);
  }

  bool arm() noexcept { return crowd_.settled(steps_); }

  WaitStatus fire() noexcept {
    if (!stop_all()) return kCallFailed;
    readings_[0] = RawClock::now();
    if (!each(&TracerStop::examine)) return kCallFailed;
    readings_[1] = RawClock::now();
    return each(&TracerStop::release) ? status_ : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return readings_;
  }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  bool stop_all() noexcept {
    if constexpr (kOneByOne)
      return each(&TracerStop::stop);
    else
      return each(&TracerStop::request) && each(&TracerStop::await);
  }
  bool stop(Steps& task) noexcept { return request(task) && await(task); }
  bool request(Steps& task) noexcept { return attach_and_stop(task, kHow); }
  bool await(Steps& task) noexcept {
    status_ = task.wait();
    return status_ == kExpected || task.unexpected_stop(status_, kExpected);
  }
  bool examine(Steps& task) noexcept { return task.getregset(registers_); }
  bool release(Steps& task) noexcept { return task.detach(); }

  bool each(bool (TracerStop::*what)(Steps&) noexcept) noexcept {
    return std::ranges::all_of(tasks_, [&](Steps& task) noexcept {
      return (this->*what)(task) || steps_.failed_as(task);
    });
  }

  Crowd crowd_;
  Steps steps_;
  std::vector<Steps> tasks_;
  Registers registers_{};
  WaitStatus status_{};
  std::array<std::uint64_t, 2> readings_{};
};

// Every how and order, of so busy threads or processes.
template <Doing kDoing, Tasks kTasks>
struct StopRegistrations {
  Registration<TracerStop<Attach::kSeize, Order::kOneByOne, kDoing, kTasks>>
      seize_one_by_one;
  Registration<TracerStop<Attach::kSeize, Order::kAtOnce, kDoing, kTasks>>
      seize_at_once;
  Registration<TracerStop<Attach::kAttach, Order::kOneByOne, kDoing, kTasks>>
      attach_one_by_one;
  Registration<TracerStop<Attach::kAttach, Order::kAtOnce, kDoing, kTasks>>
      attach_at_once;
};

inline const StopRegistrations<Doing::kAsleep, Tasks::kThreads>
    kStopSleepingThreads;
inline const StopRegistrations<Doing::kAsleep, Tasks::kProcesses>
    kStopSleepingProcesses;
inline const StopRegistrations<Doing::kBusy, Tasks::kThreads> kStopBusyThreads;
inline const StopRegistrations<Doing::kBusy, Tasks::kProcesses>
    kStopBusyProcesses;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_STOP_H_
