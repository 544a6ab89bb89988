// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/registry.h"

#include <gmock/gmock.h>

namespace retrap {
namespace {

using testing::HasSubstr;

// As a file outside of the repository does it: one class, one registration.
class Outside {
 public:
  static constexpr std::array kUsual = {2, 4};
  static constexpr std::array kDepths = {1, 3};
  static constexpr std::array kParameters = {Parameter{"threads", 1, 9, kUsual},
                                             Parameter{"depth", 0, 3, kDepths}};
  static constexpr FamilyInfo kFamily{.name = "outside/of-here",
                                      .help = "does nothing",
                                      .parameters = kParameters,
                                      .has_partner = false};
  static constexpr WaitStatus kExpected{};

  explicit Outside(const CellConfig&) {}
  bool arm() noexcept { return true; }
  WaitStatus fire() noexcept { return kExpected; }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  Steps steps_;
};

const Registration<Outside> kOutside;

std::string complaint_about(std::string_view name) {
  try {
    (void)find_scenario(name);
  } catch (const NoScenario& error) {
    return error.what();
  }
  return "";
}

TEST(Registry, FindsWhatIsRegisteredFromOutside) {
  const Scenario scenario = find_scenario("outside/of-here/threads:9/depth:0");
  EXPECT_EQ(scenario.family->open, open_cell<Outside>);
  EXPECT_THAT(scenario.arguments, testing::ElementsAre(9, 0));
  EXPECT_EQ(scenario.name(), "outside/of-here/threads:9/depth:0");
  EXPECT_EQ(pattern_of(scenario.info()),
            "outside/of-here/threads:1..9/depth:0..3");
}

TEST(Registry, HasTheUsualScenariosOfEachFamily) {
  const Scenario any = find_scenario("outside/of-here/threads:1/depth:1");
  std::vector<std::string> names;
  for (const Scenario& each : usual_scenarios(*any.family))
    names.push_back(each.name());
  EXPECT_THAT(names, testing::ElementsAre("outside/of-here/threads:2/depth:1",
                                          "outside/of-here/threads:2/depth:3",
                                          "outside/of-here/threads:4/depth:1",
                                          "outside/of-here/threads:4/depth:3"));
  for (const Family& family : families())
    for (const Scenario& each : usual_scenarios(family))
      if (family.info.name != Outside::kFamily.name) {
        EXPECT_EQ(find_scenario(each.name()).family, &family);
      }
}

TEST(Registry, TakesEveryNumberOfTheRangeAndNoOther) {
  EXPECT_EQ(find_scenario("elsewhere/jobctl/threads:37").arguments.at(0), 37);
  for (const char* text :
       {"0", "257", "08", "+8", "8x", "", "-1", "99999999999999999999"})
    EXPECT_EQ(complaint_about("elsewhere/jobctl/threads:" + std::string(text)),
              "threads is 1 to 256, and not '" + std::string(text) + "'");
}

TEST(Registry, KnowsNoOtherNames) {
  for (const char* name :
       {"", "floor", "floor/pipe/x", "elsewhere/jobctl", "elsewhere/wait",
        "elsewhere/jobctl/threads:8/threads:8", "elsewhere/wait/children:8"})
    EXPECT_THAT(complaint_about(name), HasSubstr("there are continued/"))
        << name;
}

}  // namespace
}  // namespace retrap
