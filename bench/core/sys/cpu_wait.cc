// SPDX-License-Identifier: GPL-2.0-only
#include "core/sys/cpu_wait.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "core/sys/file.h"

namespace retrap {
namespace {

using std::chrono::nanoseconds;

nanoseconds from(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::microseconds(time.tv_usec);
}

nanoseconds used_by(int who) {
  rusage usage{};
  (void)::getrusage(who, &usage);  // cannot fail
  return from(usage.ru_utime) + from(usage.ru_stime);
}

// All its threads; none once it is reaped: RUSAGE_CHILDREN has it then.
nanoseconds used_by_process(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 ||
      ::clock_gettime(clock, &time) != 0)
    return {};
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

}  // namespace

std::optional<nanoseconds> waited_for_cpu(pid_t tid) {
  std::istringstream text(
      read_file("/proc/" + std::to_string(tid) + "/schedstat").value_or(""));
  nanoseconds::rep ran = 0;
  nanoseconds::rep waited = 0;
  if (!(text >> ran >> waited)) return std::nullopt;
  return nanoseconds(waited);
}

nanoseconds lost_to_others(pid_t partner) {
  const nanoseconds none{0};
  const nanoseconds own = waited_for_cpu(::getpid()).value_or(none) -
                          used_by(RUSAGE_CHILDREN) - used_by_process(partner);
  const nanoseconds partners =
      waited_for_cpu(partner).value_or(none) - used_by(RUSAGE_SELF);
  return std::max({none, own, partners});
}

}  // namespace retrap
