// SPDX-License-Identifier: GPL-2.0-only
// floor/syscall: the cheapest way into the kernel and back.
#ifndef RETRAP_SCENARIOS_FLOOR_SYSCALL_H_
#define RETRAP_SCENARIOS_FLOOR_SYSCALL_H_

#include <sys/syscall.h>
#include <unistd.h>

#include "scenarios/family.h"

namespace retrap {

class FloorSyscall {
 public:
  static constexpr FamilyInfo kFamily{.name = "floor/syscall",
                                      .help = "getppid(2)",
                                      .is_floor = true,
                                      .has_partner = false};
  static constexpr WaitStatus kExpected{};  // no wait

  explicit FloorSyscall(const CellConfig&) {}
  bool arm() noexcept { return true; }
  WaitStatus fire() noexcept {
    (void)::syscall(SYS_getppid);  // cannot fail
    return kExpected;
  }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  Steps steps_;
};

inline const Registration<FloorSyscall> kFloorSyscall;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_FLOOR_SYSCALL_H_
