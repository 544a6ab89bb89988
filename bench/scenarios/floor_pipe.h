// SPDX-License-Identifier: GPL-2.0-only
// floor/pipe: a byte to a sleeping process and one back; two wakeups, as in
// every ptrace scenario, and no ptrace.
#ifndef RETRAP_SCENARIOS_FLOOR_PIPE_H_
#define RETRAP_SCENARIOS_FLOOR_PIPE_H_

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/ptrace/tracee.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/family.h"

namespace retrap {

struct Pipe {
  Pipe() {
    int ends[2];
    check_unix(::pipe2(ends, O_CLOEXEC), "pipe2");
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
  }
  UniqueFd reader;
  UniqueFd writer;
};

class FloorPipe {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "floor/pipe",
      .help = "round trip to a sleeping process over pipes",
      .is_floor = true};
  static constexpr WaitStatus kExpected{};  // no wait

  explicit FloorPipe(const CellConfig& config)
      : partner_(Tracee::spawn([this] { echo(); }, config.ends.tracee_cpu)),
        steps_(partner_.pid(), config.ends.same_cpu()) {
    ping_.reader.reset();  // so that a dead partner ends fire()
    pong_.writer.reset();
  }

  bool arm() noexcept { return steps_.asleep_in(SYS_read); }

  WaitStatus fire() noexcept {
    char byte = 0;
    if (::write(ping_.writer.get(), &byte, 1) == 1 &&
        ::read(pong_.reader.get(), &byte, 1) == 1)
      return kExpected;
    steps_.call_failed("ping-pong over pipes");
    return kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  void echo() const noexcept {
    char byte = 0;
    while (::read(ping_.reader.get(), &byte, 1) == 1 &&
           ::write(pong_.writer.get(), &byte, 1) == 1) {
    }
  }

  Pipe ping_;
  Pipe pong_;
  Tracee partner_;
  Steps steps_;
};

inline const Registration<FloorPipe> kFloorPipe;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_FLOOR_PIPE_H_
