// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <gmock/gmock.h>

#include "exit_code.h"
#include "plan.h"

namespace retrap {
namespace {

Options parse(std::vector<std::string> words) {
  words.insert(words.begin(), "retrap-bench");
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  return parse_options(static_cast<int>(argv.size()), argv.data(),
                       [](const std::string&) { return std::nullopt; });
}

// The exit code it is refused with; kOk: it is not.
ExitCode refusal_of(const std::vector<std::string>& words) {
  try {
    (void)named_cell(parse(words));
  } catch (const Refusal& refusal) {
    return refusal.code();
  }
  return ExitCode::kOk;
}

TEST(Options, HaveTheDefaultsThatHelpStates) {
  const Options options = parse({"--scenario", "floor/clock"});
  EXPECT_EQ(options.samples, 2000U);
  const CellName cell = named_cell(options);
  EXPECT_EQ(cell.placement, Placement::kSameCpu);
  EXPECT_EQ(cell.interface, Interface::kListen);
  EXPECT_EQ(options.seed, 20110526U);
  EXPECT_EQ(options.substrate, "auto");
  EXPECT_EQ(options.deadline_s, std::nullopt);  // follows from the samples
}

TEST(Options, PassGoogleBenchmarksFlagsThrough) {
  const Options options =
      parse({"--benchmark_filter=x", "--samples", "5", "--benchmark_color=no"});
  EXPECT_THAT(
      options.benchmark.words,
      testing::ElementsAre("--benchmark_filter=x", "--benchmark_color=no"));
  EXPECT_EQ(options.samples, 5U);
}

TEST(Options, AreRefusedAsUsage) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--samples", "0"},      {"--samples", "-1"}, {"--samples", "many"},
      {"--shift", "65"},       {"--no-such"},       {"extra"},
      {"--substrate", "moon"}, {"--scenario"}};
  for (const auto& words : wrong) {
    try {
      (void)parse(words);
      ADD_FAILURE() << words.front() << " was taken";
    } catch (const Refusal& refusal) {
      EXPECT_EQ(refusal.code(), ExitCode::kUsage) << refusal.what();
    }
  }
}

TEST(Options, HelpNamesEveryLongOptionAndItsDefault) {
  const std::string help = parse({"--help"}).help_text;
  for (const auto* option :
       {"--scenario", "--placement", "--interface", "--samples", "--out",
        "--expect-interfaces", "--variant", "--substrate", "--tracer-cpu",
        "--tracee-cpu", "--seed", "--shift", "--perf-control",
        "--config-sha256", "--deadline", "--list", "--json"})
    EXPECT_THAT(help, testing::HasSubstr(option));
  EXPECT_THAT(help, testing::HasSubstr("(default: 2000)"));
}

TEST(Plan, RefusesNamesThatDoNotExist) {
  EXPECT_EQ(refusal_of({}), ExitCode::kUsage);
  EXPECT_EQ(refusal_of({"--scenario", "trap/x"}), ExitCode::kUsage);
  EXPECT_EQ(refusal_of({"--scenario", "floor/pipe", "--placement", "x"}),
            ExitCode::kUsage);
  EXPECT_EQ(refusal_of({"--scenario", "floor/pipe", "--interface", "x"}),
            ExitCode::kUsage);
}

TEST(Plan, RefusesCellsThatDoNotExist) {
  EXPECT_EQ(
      refusal_of({"--scenario", "floor/clock", "--placement", "cross-cpu"}),
      ExitCode::kNotSupported);
  EXPECT_EQ(refusal_of({"--scenario", "retrap/trigger:interrupt", "--interface",
                        "async-retrap"}),
            ExitCode::kNotSupported);
}

TEST(Interfaces, AreASetInAnyOrder) {
  EXPECT_EQ(parse_interfaces("please-notify,listen,listen"),
            (std::vector{Interface::kListen, Interface::kPleaseNotify}));
  EXPECT_THROW(parse_interfaces("poll"), Refusal);
}

}  // namespace
}  // namespace retrap
