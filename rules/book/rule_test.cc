// SPDX-License-Identifier: GPL-2.0-only
#include "book/rule_test.h"

#include <algorithm>
#include <string>

#include "book/requests.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

std::string placement_name(const ::testing::TestParamInfo<Placement>& info) {
  return ::testing::PrintToString(info.param);
}

}  // namespace

const std::vector<Interface>& offered_interfaces() {
  static const std::vector<Interface> offered = probe_offered();
  return offered;
}

bool is_offered(Interface interface) {
  const auto& offered = offered_interfaces();
  return std::find(offered.begin(), offered.end(), interface) != offered.end();
}

std::optional<Interface> republishing() {
  if (options().republishes) return Interface::kListen;
  if (is_offered(Interface::kListenRepublish))
    return Interface::kListenRepublish;
  return std::nullopt;
}

void in_each_mode(void (*rule)(Placement, Interface), Placement placement) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    ASSERT_NO_FATAL_FAILURE(rule(placement, interface));
  }
}

void RuleTest::SetUp() {
  if (GetParam() == Placement::kCrossCpu && usable_cpus().size() < 2) {
    GTEST_SKIP() << "n.a.: one CPU";
  }
  (void)take_sigchld();
}

void AsyncRetrapRules::SetUp() {
  RuleTest::SetUp();
  if (!is_offered(Interface::kAsyncRetrap)) {
    GTEST_SKIP() << "n.a.: kernel does not offer async-retrap";
  }
}

void SweepRules::SetUp() {
  RuleTest::SetUp();
  if (usable_cpus().size() < 2) GTEST_SKIP() << "n.a.: one CPU";
}

void AsyncRetrapSweepRules::SetUp() {
  SweepRules::SetUp();
  if (!is_offered(Interface::kAsyncRetrap)) {
    GTEST_SKIP() << "n.a.: kernel does not offer async-retrap";
  }
}

void Code32Rules::SetUp() {
  RuleTest::SetUp();
  if (!options().ia32) GTEST_SKIP() << "n.a.: without --property ia32";
}

void RepublishRules::SetUp() {
  RuleTest::SetUp();
  if (!republishing()) {
    GTEST_SKIP() << "n.a.: kernel does not offer listen-republish";
  }
}

void PleaseNotifyRules::SetUp() {
  RuleTest::SetUp();
  if (!is_offered(Interface::kPleaseNotify)) {
    GTEST_SKIP() << "n.a.: kernel does not offer please-notify";
  }
}

// The placements are read when main() calls InitGoogleTest().
INSTANTIATE_TEST_SUITE_P(Rules, CommonRules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Rules, ListenRules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Rules, RaceRules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Rules, Code32Rules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Rules, AsyncRetrapRules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Rules, RepublishRules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Rules, PleaseNotifyRules,
                         ::testing::ValuesIn(options().placements),
                         placement_name);

}  // namespace retrap::conform
