// SPDX-License-Identifier: GPL-2.0-only
// A family that reads the clock between its trigger and its return, and counts.
#include <gmock/gmock.h>

#include <array>
#include <cstring>

#include "core/output/npy.h"
#include "scenarios/family.h"

namespace retrap {
namespace {

class StagesAndTally {
 public:
  static constexpr std::array<std::string_view, 2> kStages = {"entry", "exit"};
  static constexpr std::array<std::string_view, 1> kTallies = {"polls"};
  static constexpr FamilyInfo kFamily{
      .name = "test/readings",
      .help = "reads the clock twice, and counts",
      .stages = kStages,
      .tallies = kTallies,
      .has_partner = false};
  static constexpr WaitStatus kExpected{};

  explicit StagesAndTally(const CellConfig&) {}
  bool arm() noexcept { return true; }
  WaitStatus fire() noexcept {
    readings_ = {RawClock::now(), RawClock::now(), 3};
    return kExpected;
  }
  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return readings_;
  }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  std::array<std::uint64_t, 3> readings_{};
  Steps steps_;
};

TEST(Readings, LieBehindTheSample) {
  CellOf<StagesAndTally> cell({{0, 0}, Interface::kListen});
  SampleBuffer samples(2, StagesAndTally::kFamily.readings().size());
  samples.push(cell.sample(0), cell.readings());
  samples.push({.t_trigger_ns = 1, .outcome = Outcome::kDeadline});  // failed
  ASSERT_EQ(samples.readings().size(), 6U);
  const Sample& first = samples.samples()[0];
  EXPECT_LE(first.t_trigger_ns, samples.readings()[0]);
  EXPECT_LE(samples.readings()[0], samples.readings()[1]);
  EXPECT_LE(samples.readings()[1], first.t_return_ns);
  EXPECT_EQ(samples.readings()[2], 3U);
  for (std::size_t i = 3; i < 6; ++i)
    EXPECT_EQ(samples.readings()[i], kNeverReturned);
}

TEST(Readings, AreFieldsOfTheFile) {
  constexpr Readings kReadings = StagesAndTally::kFamily.readings();
  std::vector<std::string> names;
  for (const SampleField& field : sample_fields(kReadings))
    names.push_back(field.name + field.type);
  EXPECT_THAT(names, testing::ElementsAre("t_trigger_ns<u8", "t_return_ns<u8",
                                          "wait_status<i4", "outcome<u2",
                                          "cpu<u2", "t_entry_ns<u8",
                                          "t_exit_ns<u8", "n_polls<u8"));
  SampleBuffer samples(1, 3);
  samples.push({}, std::array<std::uint64_t, 3>{7, 9, 2});
  const auto file = npy_bytes(samples, kReadings);
  const std::string header = npy_header(1, kReadings);
  ASSERT_EQ(file.size(), header.size() + sizeof(Sample) + 24);
  std::array<std::uint64_t, 3> readings{};
  std::memcpy(readings.data(), file.data() + header.size() + sizeof(Sample),
              24);
  EXPECT_THAT(readings, testing::ElementsAre(7U, 9U, 2U));
  EXPECT_THAT(header, testing::HasSubstr("('cpu', '<u2'), ('t_entry_ns', "));
}

TEST(Readings, AreNoneOfAFamilyWithout) {
  SampleBuffer samples(1);
  samples.push({}, std::array<std::uint64_t, 1>{7});
  EXPECT_TRUE(samples.readings().empty());
  EXPECT_EQ(sample_fields().size(), 5U);
}

}  // namespace
}  // namespace retrap
