// SPDX-License-Identifier: GPL-2.0-only
// tracer/interrupt/long-call/kib:N: PTRACE_INTERRUPT of a tracee in a system
// call that runs long, until the wait returns its STOP trap.
//
// The call is read(2) of N KiB from a hole of a memfd. tmpfs
// (shmem_file_read_iter()) looks for no signal before the end. Where in the
// call it is: just after the beginning at cross-cpu, but anywhere at same-cpu,
// where the tracer took the CPU from it, and in exact mode.
//
// The path is that of tracer/interrupt/busy, behind the rest of the call.
#ifndef RETRAP_SCENARIOS_TRACER_INTERRUPT_CALL_H_
#define RETRAP_SCENARIOS_TRACER_INTERRUPT_CALL_H_

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/ptrace/tracee.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/family.h"
#include "scenarios/poll.h"
#include "scenarios/shared_words.h"

namespace retrap {

class InterruptLongCall {
 public:
  static constexpr std::array kUsual = {1024};
  static constexpr std::array kParameters = {
      Parameter{"kib", 1, 65536, kUsual}};
  static constexpr FamilyInfo kFamily{
      .name = "tracer/interrupt/long-call",
      .help = "PTRACE_INTERRUPT of a tracee that reads so much",
      .parameters = kParameters,
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit InterruptLongCall(const CellConfig& config)
      : same_cpu_(config.ends.same_cpu()),
        bytes_(static_cast<std::size_t>(config.arguments.at(0)) * 1024),
        hole_(make_hole(bytes_)),
        edges_(1),
        tracee_(
            Tracee::spawn([this] { read_for_ever(); }, config.ends.tracee_cpu)),
        steps_(tracee_.pid()) {
    tracee_.seize(Interface::kListen);
  }

  // In a call that began after the last stop.
  bool arm() noexcept {
    const std::uint32_t last = edges_[0].load();
    if (trapped_ && !steps_.cont()) return false;
    trapped_ = true;  // after fire()
    const auto is_in_the_next = [this, last] {
      const std::uint32_t edges = edges_[0].load();
      return edges > last && edges % 2 == 1;
    };
    return poll_until(steps_.pid(), same_cpu_, is_in_the_next) ||
           steps_.not_reached("the tracee does not begin a read");
  }
  WaitStatus fire() noexcept {
    return steps_.interrupt() ? steps_.wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }
  // Beginnings and ends of calls.
  [[nodiscard]] std::uint32_t edges() const noexcept {
    return edges_[0].load();
  }

 private:
  static UniqueFd make_hole(std::size_t bytes) {
    UniqueFd hole(
        check_unix(::memfd_create("hole", MFD_CLOEXEC), "memfd_create"));
    check_unix(::ftruncate(hole.get(), static_cast<off_t>(bytes)), "ftruncate");
    return hole;
  }
  void read_for_ever() const {
    std::vector<char> place(bytes_);
    for (;;) {
      edges_[0].fetch_add(1);
      (void)!::pread(hole_.get(), place.data(), place.size(), 0);
      edges_[0].fetch_add(1);
    }
  }

  bool same_cpu_;
  std::size_t bytes_;
  UniqueFd hole_;
  SharedWords edges_;
  Tracee tracee_;
  Steps steps_;
  bool trapped_ = false;
};

inline const Registration<InterruptLongCall> kInterruptLongCall;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_INTERRUPT_CALL_H_
