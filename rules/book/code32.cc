// SPDX-License-Identifier: GPL-2.0-only
#include "book/code32.h"

#include <sys/mman.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "core/sys/check.h"

namespace retrap::conform {
namespace {

constexpr std::size_t kPageSize = 4096;

#if !defined(__x86_64__)
[[noreturn]] void refuse() {
  throw std::runtime_error("32-bit code: this is not x86_64");
}
#endif

}  // namespace

#if defined(__x86_64__)

LowPage::LowPage() : bytes_(nullptr) {
  void* page = ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (page == MAP_FAILED) check_unix(-1, "mmap below 4 GiB");
  bytes_ = static_cast<std::byte*>(page);
}

std::int32_t call32(Call32 call, std::uint32_t first, std::uint32_t second,
                    std::uint32_t third, std::uint32_t fourth) {
  std::int32_t result = 0;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(call), "b"(first), "c"(second), "d"(third), "S"(fourth)
               : "memory", "cc", "r8", "r9", "r10", "r11");
  return result;
}

void run_code32() {
  static_assert(static_cast<int>(Call32::kGetppid) == 0x40);
  static constexpr std::array<unsigned char, 11> kCode = {
      0xf3, 0x90,                    // again: pause, as subject.cc relaxes
      0xb8, 0x40, 0x00, 0x00, 0x00,  // mov $64, %eax
      0xcd, 0x80,                    // int $0x80
      0xeb, 0xf5,                    // jmp again
  };
  const LowPage page;
  std::memcpy(&page.at<unsigned char>(0), kCode.data(), kCode.size());
  struct FarPointer {
    std::uint32_t address;
    std::uint16_t segment;
  };
  // No lret: QEMU 7.2 reads its stack as the kernel would, which SMAP forbids.
  const FarPointer target{page.address(0), 0x23};  // __USER32_CS
  asm volatile("ljmp *%0" : : "m"(target) : "memory");
  __builtin_unreachable();
}

#else

LowPage::LowPage() : bytes_(nullptr) { refuse(); }
std::int32_t call32(Call32 /*call*/, std::uint32_t /*first*/,
                    std::uint32_t /*second*/, std::uint32_t /*third*/,
                    std::uint32_t /*fourth*/) {
  refuse();
}
void run_code32() { refuse(); }

#endif

LowPage::~LowPage() {
  if (bytes_ != nullptr) (void)::munmap(bytes_, kPageSize);
}

}  // namespace retrap::conform
