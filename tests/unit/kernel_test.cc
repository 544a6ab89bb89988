// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/kernel.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace retrap {
namespace {

// An ELF note: sizes and type little endian, parts padded to four bytes.
std::string note(char type, const std::string& name, const std::string& text) {
  const auto word = [](std::size_t value) {
    return std::string{static_cast<char>(value), '\0', '\0', '\0'};
  };
  const auto padded = [](std::string part) {
    part.resize((part.size() + 3) / 4 * 4);
    return part;
  };
  return word(name.size()) + word(text.size()) +
         word(static_cast<std::size_t>(type)) + padded(name) + padded(text);
}

const std::string kGnu("GNU\0", 4);
const std::string kXen("Xen\0", 4);
const std::string kLinux("Linux\0", 6);

TEST(BuildId, IsFoundBehindOtherNotes) {
  const std::string notes = note(6, kXen, "linux") + note(3, kLinux, "no") +
                            note(3, kGnu, "\x01\xab\xff");
  EXPECT_EQ(find_build_id(notes), "01abff");
}

TEST(BuildId, IsNothingWithoutAGnuNote) {
  EXPECT_EQ(find_build_id(""), std::nullopt);
  EXPECT_EQ(find_build_id(note(3, kXen, "abcd")), std::nullopt);
  EXPECT_EQ(find_build_id(note(1, kGnu, "abcd")), std::nullopt);
}

TEST(BuildId, IsNothingWhenTheNoteIsCut) {
  const std::string whole = note(3, kGnu, "abcdefgh");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(find_build_id(whole.substr(0, size)), std::nullopt) << size;
}

TEST(BuildId, OfThisProgramIsThatOfItsFile) {
  const auto mine = read_own_build_id();
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->size(), 40u);
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::string raw;
  for (std::size_t n = 0; n < mine->size(); n += 2)
    raw.push_back(
        static_cast<char>(std::stoi(mine->substr(n, 2), nullptr, 16)));
  EXPECT_NE(bytes.find(raw), std::string::npos);
}

TEST(KernelFacts, NameTheRunningKernel) {
  const KernelFacts facts = read_kernel_facts();
  EXPECT_TRUE(facts.release);
  EXPECT_TRUE(facts.version);
  EXPECT_FALSE(facts.config_sha256);
}

}  // namespace
}  // namespace retrap
