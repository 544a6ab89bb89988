// SPDX-License-Identifier: GPL-2.0-only
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

namespace {

using testing::HasSubstr;
using testing::Not;

// What `environment RETRAP_TWO_THREADS` prints, to stderr too.
std::string printed(const std::string& environment) {
  const std::string line = environment + " " RETRAP_TWO_THREADS " 2>&1";
  const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(
      ::popen(line.c_str(), "r"), close);
  std::string text;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), part.size(), pipe.get()) != nullptr)
    text += part.data();
  return text;
}

TEST(Turns, WithoutThemThreadsRunSideBySide) {
  EXPECT_THAT(printed(""), Not(HasSubstr("ahead 0 of")));
}

TEST(Turns, TheVcpusWaitUntilTheMainThreadDoes) {
  const std::string text = printed("LD_PRELOAD=" RETRAP_TURNS);
  EXPECT_THAT(text, HasSubstr("ahead 0 of"));
  EXPECT_THAT(text, HasSubstr("retrap-turns: "));
}

}  // namespace
