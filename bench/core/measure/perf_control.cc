// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/perf_control.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include "core/ptrace/patience.h"
#include "core/sys/check.h"
#include "core/sys/relax.h"

namespace retrap {
namespace {

constexpr auto kAtLeast = std::chrono::seconds(10);

// O_RDWR: opening a FIFO for one direction waits for its other end.
UniqueFd open_fifo(const std::string& path) {
  return UniqueFd(
      check_unix(::open(path.c_str(), O_RDWR | O_CLOEXEC), path.c_str()));
}

}  // namespace

PerfControl::PerfControl(const std::string& fifos) {
  const std::size_t comma = fifos.find(',');
  if (comma == 0 || comma == std::string::npos || comma + 1 == fifos.size())
    throw std::invalid_argument("not a pair of FIFOs: " + fifos);
  control_ = open_fifo(fifos.substr(0, comma));
  ack_ = open_fifo(fifos.substr(comma + 1));
}

void PerfControl::command(std::string_view text) const {
  check_unix(::write(control_.get(), text.data(), text.size()),
             "write to perf's control FIFO");
  // perf answers "ack\n" and a NUL, which may be left over from last time. It
  // is asked again and again: going to sleep would be a switch, and counted or
  // not depending on whether perf was faster.
  Patience patience(::getppid(), kAtLeast);  // perf started this program
  for (char byte = 0; byte != '\n';) {
    pollfd ready{ack_.get(), POLLIN, 0};
    if (check_unix(::poll(&ready, 1, 0), "poll") == 0) {
      if (!patience.lasts()) throw_errno(ETIMEDOUT, "perf's acknowledgement");
      relax();
      (void)::sched_yield();  // perf may want this CPU
      continue;
    }
    check_unix(::read(ack_.get(), &byte, 1), "read of perf's acknowledgement");
  }
}

}  // namespace retrap
