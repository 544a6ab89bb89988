// SPDX-License-Identifier: GPL-2.0-only
// 32-bit code of x86 in a 64-bit program: no 32-bit libraries are needed. On
// other architectures every function here throws.
#ifndef RETRAP_BOOK_CODE32_H_
#define RETRAP_BOOK_CODE32_H_

#include <cstddef>
#include <cstdint>

namespace retrap::conform {

// i386's numbers of system calls.
enum class Call32 : std::uint32_t {
  kPtrace = 26,
  kGetppid = 64,
  kWait4 = 114,
};

// A page below 4 GiB, where 32-bit code and its arguments lie.
class LowPage {
 public:
  LowPage();  // readable, writable, executable; throws when there is none
  LowPage(const LowPage&) = delete;
  LowPage& operator=(const LowPage&) = delete;
  LowPage(LowPage&&) = delete;
  LowPage& operator=(LowPage&&) = delete;
  ~LowPage();

  // `offset` in bytes; the page is zero at first.
  template <typename T>
  [[nodiscard]] T& at(std::size_t offset) const noexcept {
    return *reinterpret_cast<T*>(bytes_ + offset);
  }
  [[nodiscard]] std::uint32_t address(std::size_t offset) const noexcept {
    return static_cast<std::uint32_t>(
        reinterpret_cast<std::uintptr_t>(bytes_ + offset));
  }

 private:
  std::byte* bytes_;
};

// A system call as a 32-bit program makes it, by int 0x80: its result, or
// -errno. The kernel sees a 32-bit caller.
std::int32_t call32(Call32 call, std::uint32_t first = 0,
                    std::uint32_t second = 0, std::uint32_t third = 0,
                    std::uint32_t fourth = 0);

// Runs 32-bit code that calls getppid() for ever.
[[noreturn]] void run_code32();

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_CODE32_H_
