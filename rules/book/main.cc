// SPDX-License-Identifier: GPL-2.0-only
// retrap-conform: the numbered rules of the interfaces as tests.
#include <getopt.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

#include "book/options.h"

namespace {

using retrap::conform::options;
using retrap::conform::Placement;

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

constexpr char kUsage[] =
    R"(Usage: retrap-conform [--count N] [--sweep N] [--cpus same|cross|both]
                      [--deadline S] [--property NAME] [--gtest_OPTION...]

Tests the running kernel against the rules of ptrace group-stop notification.
A rule of an interface that the kernel does not offer is skipped.

  --count N      turns of the rules that are races (default 10000)
  --sweep N      for guests in exact mode: run the races between SIGCONT and a
                 request once more, the request one instruction later each
                 time until the signal has passed it; N turns at most
  --cpus WHERE   tracer and tracee on the same CPU, on two, or one after the
                 other (default both)
  --deadline S   seconds in which nothing runs, neither tracer nor tracee,
                 after which a tracee is killed and its test fails (default 60)
  --property listen-republish
                 the kernel has it for every tracee, which no probe can tell
  --property ia32
                 the kernel runs 32-bit code on x86_64
  --gtest_...    GoogleTest's: --gtest_filter=, --gtest_list_tests,
                 --gtest_output=json:FILE, --gtest_repeat= and so on
  --help         this text

Exit status: 0 all passed or skipped, 1 failure, 2 usage.
)";

// A positive number, or 0 when the text is anything else.
unsigned long parse_positive(const char* text) {
  char* end = nullptr;
  errno = 0;
  const unsigned long value = std::strtoul(text, &end, 10);
  const bool good = errno == 0 && end != text && *end == '\0' && *text != '-';
  return good ? value : 0;
}

bool set_cpus(std::string_view where) {
  auto& placements = options().placements;
  if (where == "same") {
    placements = {Placement::kSameCpu};
  } else if (where == "cross") {
    placements = {Placement::kCrossCpu};
  } else {
    return where == "both";
  }
  return true;
}

bool set_property(std::string_view name) {
  if (name == "listen-republish") {
    options().republishes = true;
  } else if (name == "ia32") {
    options().ia32 = true;
  } else {
    return false;
  }
  return true;
}

bool set_option(int letter, const char* argument) {
  switch (letter) {
    case 'n':
      options().count = parse_positive(argument);
      return options().count > 0;
    case 's':
      options().sweep = parse_positive(argument);
      return options().sweep > 0;
    case 'c':
      return set_cpus(argument);
    case 'p':
      return set_property(argument);
    case 'd':
      options().deadline = std::chrono::seconds(parse_positive(argument));
      return options().deadline.count() > 0;
    default:
      return false;
  }
}

// All words but GoogleTest's. To be called before InitGoogleTest(), which
// registers the tests once a placement.
bool parse_own_options(std::vector<char*> words) {
  static constexpr option kLong[] = {
      {"count", required_argument, nullptr, 'n'},
      {"sweep", required_argument, nullptr, 's'},
      {"cpus", required_argument, nullptr, 'c'},
      {"deadline", required_argument, nullptr, 'd'},
      {"property", required_argument, nullptr, 'p'},
      {nullptr, 0, nullptr, 0}};
  const int argc = static_cast<int>(words.size());
  words.push_back(nullptr);
  int letter = 0;
  while ((letter = ::getopt_long(argc, words.data(), "", kLong, nullptr)) !=
         -1) {
    if (!set_option(letter, optarg)) return false;
  }
  return optind == argc;
}

int run_tests() {
  // SIGCHLD is counted, not handled; children get their own mask back.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
  return RUN_ALL_TESTS() == 0 ? EXIT_SUCCESS : kExitFailure;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> own{argv[0]};
  std::vector<char*> for_gtest{argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      std::cout << kUsage;
      return EXIT_SUCCESS;
    }
    const bool is_gtest = word.rfind("--gtest_", 0) == 0;
    (is_gtest ? for_gtest : own).push_back(argv[i]);
  }
  bool understood = parse_own_options(own);
  int left = static_cast<int>(for_gtest.size());
  for_gtest.push_back(nullptr);
  if (understood) ::testing::InitGoogleTest(&left, for_gtest.data());
  understood = understood && left == 1;
  if (!understood) {
    std::cerr << "retrap-conform: cannot understand the command line\n"
              << kUsage;
    return kExitUsage;
  }
  try {
    return run_tests();
  } catch (const std::exception& error) {
    std::cerr << "retrap-conform: " << error.what() << '\n';
    return kExitFailure;
  }
}
