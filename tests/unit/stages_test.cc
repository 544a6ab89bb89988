// SPDX-License-Identifier: GPL-2.0-only
// A family that reads the clock between its trigger and its return.
#include <gmock/gmock.h>

#include <array>
#include <cstring>

#include "core/output/npy.h"
#include "scenarios/family.h"

namespace retrap {
namespace {

class TwoStages {
 public:
  static constexpr std::array<std::string_view, 2> kStages = {"entry", "exit"};
  static constexpr FamilyInfo kFamily{.name = "test/two-stages",
                                      .help = "reads the clock twice",
                                      .stages = kStages,
                                      .has_partner = false};
  static constexpr WaitStatus kExpected{};

  explicit TwoStages(const CellConfig&) {}
  bool arm() noexcept { return true; }
  WaitStatus fire() noexcept {
    for (std::uint64_t& stamp : stamps_) stamp = RawClock::now();
    return kExpected;
  }
  [[nodiscard]] std::span<const std::uint64_t> stamps() const noexcept {
    return stamps_;
  }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  std::array<std::uint64_t, 2> stamps_{};
  Steps steps_;
};

TEST(Stages, HaveAStampEachBehindTheSample) {
  CellOf<TwoStages> cell({{0, 0}, Interface::kListen});
  SampleBuffer samples(2, TwoStages::kStages.size());
  samples.push(cell.sample(0), cell.stamps());
  samples.push({.t_trigger_ns = 1, .outcome = Outcome::kDeadline});  // failed
  ASSERT_EQ(samples.stamps().size(), 4U);
  const Sample& first = samples.samples()[0];
  EXPECT_LE(first.t_trigger_ns, samples.stamps()[0]);
  EXPECT_LE(samples.stamps()[0], samples.stamps()[1]);
  EXPECT_LE(samples.stamps()[1], first.t_return_ns);
  EXPECT_EQ(samples.stamps()[2], kNeverReturned);
  EXPECT_EQ(samples.stamps()[3], kNeverReturned);
}

TEST(Stages, AreFieldsOfTheFile) {
  std::vector<std::string> names;
  for (const SampleField& field : sample_fields(TwoStages::kStages))
    names.push_back(field.name + field.type);
  EXPECT_THAT(names,
              testing::ElementsAre("t_trigger_ns<u8", "t_return_ns<u8",
                                   "wait_status<i4", "outcome<u2", "cpu<u2",
                                   "t_entry_ns<u8", "t_exit_ns<u8"));
  SampleBuffer samples(1, 2);
  samples.push({}, std::array<std::uint64_t, 2>{7, 9});
  const auto file = npy_bytes(samples, TwoStages::kStages);
  const std::string header = npy_header(1, TwoStages::kStages);
  ASSERT_EQ(file.size(), header.size() + sizeof(Sample) + 16);
  std::uint64_t stamps[2];
  std::memcpy(stamps, file.data() + header.size() + sizeof(Sample), 16);
  EXPECT_EQ(stamps[0], 7U);
  EXPECT_EQ(stamps[1], 9U);
  EXPECT_THAT(header, testing::HasSubstr("('cpu', '<u2'), ('t_entry_ns', "));
}

TEST(Stages, AreNoneOfAFamilyWithout) {
  SampleBuffer samples(1);
  samples.push({}, std::array<std::uint64_t, 1>{7});
  EXPECT_TRUE(samples.stamps().empty());
  EXPECT_EQ(sample_fields().size(), 5U);
}

}  // namespace
}  // namespace retrap
