// SPDX-License-Identifier: GPL-2.0-only
// tracer/request/...: one request to a tracee that is trapped.
//
//   peekdata          PTRACE_PEEKDATA, eight bytes of its memory
//   process-vm-readv  the same eight bytes by process_vm_readv(2)
//   proc-mem          the same by pread(2) of /proc/PID/mem, which is open
//   getregset         PTRACE_GETREGSET, the general registers
//   getsiginfo        PTRACE_GETSIGINFO
//
// Of a ptrace request ptrace_check_attach() with wait_task_inactive() is the
// larger part; generic_ptrace_peekdata(), ptrace_regset(), ptrace_getsiginfo().
// The other two ask for no stop: process_vm_rw(), mem_rw().
#ifndef RETRAP_SCENARIOS_TRACER_REQUEST_H_
#define RETRAP_SCENARIOS_TRACER_REQUEST_H_

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

enum class Request {
  kPeekdata,
  kProcessVmReadv,
  kProcMem,
  kGetregset,
  kGetsiginfo
};

// Eight bytes of the tracee, at the tracer's address of them: it was forked.
inline volatile std::uint64_t read_of_tracee = 0x0123456789abcdef;

class TrappedTracee {
 public:
  explicit TrappedTracee(const CellConfig& config)
      : tracee_(config), memory_(open_memory(tracee_.steps().pid())) {}

  // In a STOP trap, with what the last request brought.
  bool arm() noexcept {
    if (!trapped_ && !(tracee_.asleep() && steps().interrupt() &&
                       steps().wait_for(stop_trap(SIGTRAP))))
      return false;
    trapped_ = true;
    return steps().trapped_and_quiet();
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 protected:
  [[nodiscard]] int memory() const noexcept { return memory_.get(); }

 private:
  static UniqueFd open_memory(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/mem";
    return UniqueFd(
        check_unix(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str()));
  }

  SeizedTracee tracee_;
  UniqueFd memory_;
  bool trapped_ = false;
};

template <Request kRequest>
class TracerRequest : public TrappedTracee {
  static constexpr std::array<std::string_view, 5> kNames = {
      "tracer/request/peekdata", "tracer/request/process-vm-readv",
      "tracer/request/proc-mem", "tracer/request/getregset",
      "tracer/request/getsiginfo"};
  static constexpr std::array<std::string_view, 5> kHelp = {
      "PTRACE_PEEKDATA of eight bytes", "process_vm_readv(2) of eight bytes",
      "pread(2) of eight bytes of /proc/PID/mem", "PTRACE_GETREGSET",
      "PTRACE_GETSIGINFO"};
  static constexpr bool kReads = kRequest == Request::kPeekdata ||
                                 kRequest == Request::kProcessVmReadv ||
                                 kRequest == Request::kProcMem;

 public:
  static constexpr FamilyInfo kFamily{
      .name = kNames[static_cast<std::size_t>(kRequest)],
      .help = kHelp[static_cast<std::size_t>(kRequest)],
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected{};  // no wait

  static const char* missing() noexcept {
    if (kRequest != Request::kProcessVmReadv) return nullptr;
    const long got = ::syscall(SYS_process_vm_readv, ::getpid(), nullptr, 0UL,
                               nullptr, 0UL, 0UL);
    return got == -1 && errno == ENOSYS ? "process_vm_readv(2)" : nullptr;
  }

  using TrappedTracee::TrappedTracee;
  bool arm() noexcept {
    if (kReads && fired_ && word_ != read_of_tracee)
      return steps().not_reached("the request read something else");
    fired_ = true;
    word_ = 0;
    return TrappedTracee::arm();
  }
  WaitStatus fire() noexcept { return ask() ? kExpected : kCallFailed; }

 private:
  bool ask() noexcept {
    if constexpr (kRequest == Request::kPeekdata)
      return ::syscall(SYS_ptrace, PTRACE_PEEKDATA, steps().pid(), there(),
                       &word_) == 0 ||
             steps().call_failed("PTRACE_PEEKDATA");
    if constexpr (kRequest == Request::kProcessVmReadv) {
      const iovec local{&word_, sizeof word_};
      const iovec remote{there(), sizeof word_};
      return ::syscall(SYS_process_vm_readv, steps().pid(), &local, 1UL,
                       &remote, 1UL, 0UL) == sizeof word_ ||
             steps().call_failed("process_vm_readv");
    }
    if constexpr (kRequest == Request::kProcMem)
      return ::pread(memory(), &word_, sizeof word_,
                     reinterpret_cast<off_t>(there())) == sizeof word_ ||
             steps().call_failed("pread of /proc/PID/mem");
    if constexpr (kRequest == Request::kGetregset)
      return steps().getregset(registers_);
    if constexpr (kRequest == Request::kGetsiginfo)
      return steps().getsiginfo(info_);
  }
  static void* there() noexcept {
    return const_cast<std::uint64_t*>(&read_of_tracee);
  }

  std::uint64_t word_ = 0;
  Registers registers_{};
  siginfo_t info_{};
  bool fired_ = false;
};

inline const Registration<TracerRequest<Request::kPeekdata>> kPeekdata;
inline const Registration<TracerRequest<Request::kProcessVmReadv>>
    kProcessVmReadv;
inline const Registration<TracerRequest<Request::kProcMem>> kProcMem;
inline const Registration<TracerRequest<Request::kGetregset>> kGetregset;
inline const Registration<TracerRequest<Request::kGetsiginfo>> kGetsiginfo;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_REQUEST_H_
