// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "profile/instruction.h"

namespace retrap::profile {
namespace {

using Bytes = std::vector<std::uint8_t>;

Flow x86(const Bytes& bytes) { return flow_of(Isa::kX86_64, bytes); }

Bytes arm(std::uint32_t word) {
  Bytes bytes;
  for (int i = 0; i < 4; ++i)
    bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  return bytes;
}

Flow arm64(std::uint32_t word) { return flow_of(Isa::kArm64, arm(word)); }

// As `objdump -d` shows them.
TEST(Flow, X86) {
  EXPECT_EQ(x86({0xe8, 0, 0, 0, 0}), Flow::kCall);
  EXPECT_EQ(x86({0x41, 0xff, 0xd3}), Flow::kCall);        // call *%r11
  EXPECT_EQ(x86({0xff, 0x15, 0, 0, 0, 0}), Flow::kCall);  // call *0(%rip)
  EXPECT_EQ(x86({0x3e, 0xff, 0xe0}), Flow::kJump);        // notrack jmp
  EXPECT_EQ(x86({0xff, 0xc0}), Flow::kNext);              // inc %eax
  EXPECT_EQ(x86({0xeb, 0x1d}), Flow::kJump);
  EXPECT_EQ(x86({0x74, 0x02}), Flow::kJump);
  EXPECT_EQ(x86({0x0f, 0x84, 0, 0, 0, 0}), Flow::kJump);
  EXPECT_EQ(x86({0x2e, 0xc3}), Flow::kReturn);  // cs ret
  EXPECT_EQ(x86({0xf3, 0xc3}), Flow::kReturn);  // rep ret
  EXPECT_EQ(x86({0x0f, 0x05}), Flow::kToKernel);
  EXPECT_EQ(x86({0x0f, 0x0b}), Flow::kToKernel);
  EXPECT_EQ(x86({0x48, 0xcf}), Flow::kToUser);        // iretq
  EXPECT_EQ(x86({0x48, 0x0f, 0x07}), Flow::kToUser);  // sysretq
  EXPECT_EQ(x86({0xf4}), Flow::kHalt);
  EXPECT_EQ(x86({0xf3, 0x90}), Flow::kNext);  // pause
  EXPECT_EQ(x86({0x0f, 0x31}), Flow::kNext);
}

TEST(Flow, Arm64) {
  EXPECT_EQ(arm64(0x94000001), Flow::kCall);      // bl
  EXPECT_EQ(arm64(0xd63f0020), Flow::kCall);      // blr x1
  EXPECT_EQ(arm64(0xd65f03c0), Flow::kReturn);    // ret
  EXPECT_EQ(arm64(0x14000001), Flow::kJump);      // b
  EXPECT_EQ(arm64(0x54000041), Flow::kJump);      // b.ne
  EXPECT_EQ(arm64(0xb4000040), Flow::kJump);      // cbz x0
  EXPECT_EQ(arm64(0x37000040), Flow::kJump);      // tbnz w0, #0
  EXPECT_EQ(arm64(0xd61f0200), Flow::kJump);      // br x16
  EXPECT_EQ(arm64(0xd4000001), Flow::kToKernel);  // svc #0
  EXPECT_EQ(arm64(0xd69f03e0), Flow::kToUser);    // eret
  EXPECT_EQ(arm64(0xd503207f), Flow::kHalt);      // wfi
  EXPECT_EQ(arm64(0xd503201f), Flow::kNext);      // nop
  EXPECT_EQ(arm64(0x91000400), Flow::kNext);      // add x0, x0, #1
}

TEST(ClockRead, IsKnown) {
  EXPECT_TRUE(reads_clock(Isa::kX86_64, Bytes{0x0f, 0x31}));
  EXPECT_TRUE(reads_clock(Isa::kX86_64, Bytes{0x0f, 0x01, 0xf9}));
  EXPECT_FALSE(reads_clock(Isa::kX86_64, Bytes{0x0f, 0x01, 0xf8}));  // swapgs
  EXPECT_FALSE(reads_clock(Isa::kX86_64, Bytes{0x31}));
  EXPECT_TRUE(reads_clock(Isa::kArm64, arm(0xd53be043)));   // cntvct_el0
  EXPECT_TRUE(reads_clock(Isa::kArm64, arm(0xd53be0c3)));   // cntvctss_el0
  EXPECT_FALSE(reads_clock(Isa::kArm64, arm(0xd53be003)));  // cntfrq_el0
}

// What mark() assembles to is told from what a compiler makes, on either.
TEST(Markers, AreFoundAndNothingElseIs) {
  for (std::uint32_t number = 1; number <= kLastMarker; ++number) {
    Bytes nop{0x0f, 0x1f, 0x84, 0x00};
    for (const std::uint8_t byte : arm(kMarkerDisplacement + number))
      nop.push_back(byte);
    EXPECT_EQ(marker_of(Isa::kX86_64, nop), static_cast<Marker>(number));
    const std::uint32_t movz = 0xd280001fU | (kMarkerImmediate + number) << 5;
    EXPECT_EQ(marker_of(Isa::kArm64, arm(movz)), static_cast<Marker>(number));
    EXPECT_FALSE(marker_of(Isa::kArm64, arm(movz & ~0x1fU)));  // movz x0
  }
  const Bytes padding{0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0};
  EXPECT_FALSE(marker_of(Isa::kX86_64, padding));
  EXPECT_FALSE(marker_of(Isa::kArm64, arm(0xd280001f)));
}

#if defined(__x86_64__)
[[gnu::noinline]] void marked() { mark<Marker::kOpen>(); }

TEST(Markers, AreWhatTheCompilerMakesOfMark) {
  const auto* code = reinterpret_cast<const std::uint8_t*>(&marked);
  bool found = false;
  for (int i = 0; i < 24 && !found; ++i)
    found = marker_of(Isa::kX86_64, std::span(code + i, 8)) == Marker::kOpen;
  EXPECT_TRUE(found);
}
#endif

}  // namespace
}  // namespace retrap::profile
