// SPDX-License-Identifier: GPL-2.0-only
// X: 32-bit code of x86_64 as tracee and as tracer.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/elf.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "book/code32.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr WaitStatus kTrap = stop_trap(SIGTRAP);
constexpr std::size_t kRegisters32 = 17 * sizeof(std::uint32_t);
constexpr std::size_t kRegisters64 = 27 * sizeof(std::uint64_t);
// Indices into the general registers (asm/ptrace-abi.h, sys/user.h).
constexpr std::size_t kSp32 = 15;
constexpr std::size_t kCs64 = 17;
constexpr std::size_t kSp64 = 19;
constexpr std::uint64_t kUserCs64 = 0x33;

std::uint64_t register64(pid_t pid, std::size_t index) {
  const Registers all = registers(pid);
  std::uint64_t value = 0;
  if (all.bytes.size() == kRegisters64)
    std::memcpy(&value, &all.bytes[index * sizeof value], sizeof value);
  return value;
}

// A waited stop -> the waited syscall-enter-stop of getppid, as i386's.
void reach_call(pid_t pid) {
  constexpr int kFew = 100;  // stops, until the tracee has come to its loop
  __ptrace_syscall_info info{};
  for (int stop = 0; stop < kFew && (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
                                     info.arch != AUDIT_ARCH_I386);
       ++stop) {
    ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
    ASSERT_EQ(wait_eventually(pid), kSyscallStop);
    ASSERT_GT(::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), 0);
  }
  ASSERT_EQ(info.arch, static_cast<std::uint32_t>(AUDIT_ARCH_I386));
  EXPECT_EQ(info.entry.nr, static_cast<std::uint64_t>(Call32::kGetppid));
}

void seize_in_trap(const Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(
      seize_all(subject, Interface::kListen, PTRACE_O_TRACESYSGOOD));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
}

TEST_P(Code32Rules, X01_RegistersOf32BitCodeAre32Bit) {
  const Subject subject(GetParam(), 1, Body::kCode32);
  ASSERT_NO_FATAL_FAILURE(seize_in_trap(subject));
  ASSERT_NO_FATAL_FAILURE(reach_call(subject.pid()));
  EXPECT_EQ(registers(subject.pid()).bytes.size(), kRegisters32);
  ASSERT_EQ(interrupt(subject.pid()), kOk);
  ASSERT_EQ(cont(subject.pid()), kOk);
  ASSERT_EQ(wait_eventually(subject.pid()), kTrap);
  EXPECT_EQ(registers(subject.pid()).bytes.size(), kRegisters32);
}

TEST_P(Code32Rules, X01_GroupStopsOf32BitCodeAreTheSame) {
  const Subject subject(GetParam(), 1, Body::kCode32);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_in_trap(subject));
  ASSERT_NO_FATAL_FAILURE(reach_call(pid));
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  EXPECT_EQ(siginfo(pid).signo, SIGSTOP);
  ASSERT_EQ(listen(pid), kOk);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), kTrap);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
}

// Neither size nor segment of the registers tells that the call is i386's.
TEST_P(Code32Rules, X02_64BitCodeMakes32BitCalls) {
  const Subject subject(GetParam(), 1, Body::kInt80);
  ASSERT_NO_FATAL_FAILURE(seize_in_trap(subject));
  ASSERT_NO_FATAL_FAILURE(reach_call(subject.pid()));
  EXPECT_EQ(registers(subject.pid()).bytes.size(), kRegisters64);
  EXPECT_EQ(register64(subject.pid(), kCs64), kUserCs64);
}

// The requests of a 32-bit tracer.
class Tracer32 {
 public:
  explicit Tracer32(pid_t pid) : pid_(static_cast<std::uint32_t>(pid)) {}

  [[nodiscard]] Errno request(unsigned long number, std::uint32_t addr = 0,
                              std::uint32_t data = 0) const {
    return {-call32(Call32::kPtrace, static_cast<std::uint32_t>(number), pid_,
                    addr, data)};
  }
  // Sleeps until there is one.
  [[nodiscard]] WaitStatus wait() const {
    const std::int32_t found = call32(Call32::kWait4, pid_, page_.address(0));
    return found == static_cast<std::int32_t>(pid_)
               ? WaitStatus{page_.at<int>(0)}
               : kWaitFailed;
  }
  [[nodiscard]] const LowPage& page() const { return page_; }

 private:
  std::uint32_t pid_;
  LowPage page_;
};

TEST_P(Code32Rules, X03_StopsOfA32BitTracerAreTheSame) {
  const Subject subject(GetParam());
  const Tracer32 tracer(subject.pid());
  ASSERT_EQ(tracer.request(PTRACE_SEIZE), kOk);
  ASSERT_EQ(tracer.request(PTRACE_INTERRUPT), kOk);
  ASSERT_EQ(tracer.wait(), kTrap);
  ASSERT_EQ(tracer.request(PTRACE_GETSIGINFO, 0, tracer.page().address(64)),
            kOk);
  EXPECT_EQ(tracer.page().at<int>(64), SIGTRAP);
  EXPECT_EQ(tracer.page().at<int>(72), stop_code_of(kTrap));
  ASSERT_EQ(tracer.request(PTRACE_CONT), kOk);
  subject.kill(SIGSTOP);
  ASSERT_EQ(tracer.wait(), signal_stop(SIGSTOP));
  ASSERT_EQ(tracer.request(PTRACE_CONT, 0, SIGSTOP), kOk);
  ASSERT_EQ(tracer.wait(), stop_trap(SIGSTOP));
  ASSERT_EQ(tracer.request(PTRACE_LISTEN), kOk);
  subject.kill(SIGCONT);
  ASSERT_EQ(tracer.wait(), kTrap);
}

struct Iovec32 {
  std::uint32_t base;
  std::uint32_t size;
};

// GETREGSET goes by the tracee's code; GETREGS by the tracer's, and cuts.
TEST_P(Code32Rules, X03_GetregsCutsTheRegistersOfA64BitTracee) {
  constexpr std::size_t kVector = 64;
  constexpr std::size_t kBuffer = 128;
  constexpr unsigned long kGetregs = 12;
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_in_trap(subject));
  const Tracer32 tracer(subject.pid());
  const LowPage& page = tracer.page();
  page.at<Iovec32>(kVector) = {page.address(kBuffer), 1024};
  ASSERT_EQ(
      tracer.request(PTRACE_GETREGSET, NT_PRSTATUS, page.address(kVector)),
      kOk);
  EXPECT_EQ(page.at<Iovec32>(kVector).size, kRegisters64);

  const std::uint64_t stack = register64(subject.pid(), kSp64);
  ASSERT_GT(stack >> 32, 0U);
  ASSERT_EQ(tracer.request(kGetregs, 0, page.address(kBuffer)), kOk);
  EXPECT_EQ(page.at<std::uint32_t>(kBuffer + kSp32 * sizeof(std::uint32_t)),
            static_cast<std::uint32_t>(stack));
}

}  // namespace
}  // namespace retrap::conform
