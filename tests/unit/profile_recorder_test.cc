// SPDX-License-Identifier: GPL-2.0-only
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "profile/recorder.h"

namespace retrap::profile {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::uint32_t>;

class RecorderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "recorderXXXXXX";
    directory_ = ::mkdtemp(name.data());
    path_ = directory_ / "profile.bin";
    recorder_.emplace(path_, 2);
    recorder_->meet_marker(0, Marker::kRun);
  }
  void TearDown() override {
    recorder_.reset();
    std::filesystem::remove_all(directory_);
  }

  Block& block(std::size_t instructions) {
    pc_ += 0x100;
    return recorder_->new_block(pc_, Flow::kNext,
                                std::vector<std::uint8_t>(instructions, 4));
  }
  void execute(unsigned vcpu, Block& of, std::uint64_t instructions) {
    recorder_->begin_block(vcpu, of);
    recorder_->executed += instructions;
  }
  void execute(unsigned vcpu, Block& of) { execute(vcpu, of, of.sizes.size()); }

  // A block of the user whose last instruction reads the clock.
  void read_clock(unsigned vcpu, Block& of) {
    recorder_->begin_block(vcpu, of);
    recorder_->executed += of.sizes.size() - 1;
    recorder_->read_clock(vcpu, true);
    recorder_->executed += 1;
  }
  void switch_to(unsigned vcpu, std::uint64_t task) {
    recorder_->enter_switch(vcpu);
    recorder_->load_in_switch(vcpu, task);
    recorder_->load_in_switch(vcpu, task + 1);  // not the first: no task
  }

  // The records of that type, without their heads.
  std::vector<Words> records(Record type) {
    recorder_->finish();
    std::ifstream file(path_, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    Words words(bytes.size() / 4);
    std::memcpy(words.data(), bytes.data(), words.size() * 4);
    std::vector<Words> found;
    for (std::size_t at = 4; at + 2 <= words.size(); at += 2 + words[at + 1])
      if (words[at] == static_cast<std::uint32_t>(type))
        found.emplace_back(
            words.begin() + static_cast<long>(at) + 2,
            words.begin() + static_cast<long>(at) + 2 + words[at + 1]);
    return found;
  }

  std::filesystem::path directory_;
  std::string path_;
  std::optional<Recorder> recorder_;
  std::uint64_t pc_ = 0;
};

TEST_F(RecorderTest, KeepsWhatRanBetweenTheClockReads) {
  Block& clock = block(3);
  Block& work = block(5);
  execute(0, work);
  recorder_->meet_marker(0, Marker::kOpen);
  execute(0, work);
  read_clock(0, clock);
  execute(0, work);
  execute(0, work, 2);  // left in its middle
  execute(0, work);
  read_clock(0, clock);
  execute(0, work);
  recorder_->meet_marker(0, Marker::kClose);
  execute(0, work);
  EXPECT_THAT(records(Record::kWindow),
              ElementsAre(Words{0, 0, 5 + 2 + 5 + 3, 0,  //
                                0, 0, kPartial | 2, 0, 1}));
}

TEST_F(RecorderTest, NamesBlocksOnceAndInTheOrderOfTheirUse) {
  Block& unused = block(1);
  Block& clock = block(2);
  execute(0, unused);
  recorder_->meet_marker(0, Marker::kOpen);
  read_clock(0, clock);
  read_clock(0, clock);
  recorder_->meet_marker(0, Marker::kClose);
  EXPECT_THAT(records(Record::kBlock),
              ElementsAre(Words{0x200, 0, 0, 2, 0x0404}));
}

TEST_F(RecorderTest, FollowsVcpusAndTasks) {
  Block& clock = block(1);
  Block& work = block(1);
  switch_to(0, 0xa0);
  switch_to(1, 0xb0);
  recorder_->meet_marker(1, Marker::kTracee);
  recorder_->meet_marker(0, Marker::kOpen);
  read_clock(0, clock);
  execute(1, work);
  switch_to(1, 0xc0);
  execute(1, work);
  execute(0, work);
  execute(1, work);
  execute(0, work);
  read_clock(0, clock);
  recorder_->meet_marker(0, Marker::kClose);
  const std::vector<Words> windows = records(Record::kWindow);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0][1], 1U) << "the task that opened it";
  EXPECT_EQ(windows[0][2], 6U) << "the instructions after the first clock read";
  const Words words(windows[0].begin() + 4, windows[0].end());
  EXPECT_THAT(words, ElementsAre(kVcpu | 1, kTask | 2, 0, kTask | 3, 0,
                                 kVcpu | 0, 0, kVcpu | 1, 0, kVcpu | 0, 0, 1));
}

TEST_F(RecorderTest, OnlyItsOwnTasksClockReadsCount) {
  Block& clock = block(1);
  switch_to(0, 0xa0);
  recorder_->meet_marker(0, Marker::kOpen);
  recorder_->read_clock(0, false);  // the kernel's
  recorder_->read_clock(1, true);   // another vCPU's
  read_clock(0, clock);
  read_clock(0, clock);
  switch_to(0, 0xb0);
  read_clock(0, clock);  // another task's
  switch_to(0, 0xa0);
  recorder_->meet_marker(0, Marker::kClose);
  const std::vector<Words> windows = records(Record::kWindow);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0][2], 1U);
}

TEST_F(RecorderTest, CountsWindowsWhoseMarkersDoNotPair) {
  Block& clock = block(1);
  recorder_->meet_marker(0, Marker::kClose);  // none open
  recorder_->meet_marker(0, Marker::kOpen);
  read_clock(0, clock);
  recorder_->meet_marker(0, Marker::kClose);  // one clock read
  recorder_->meet_marker(0, Marker::kOpen);
  recorder_->meet_marker(0, Marker::kOpen);  // open already
  const std::vector<Words> end = records(Record::kEnd);
  ASSERT_EQ(end.size(), 1U);
  EXPECT_EQ(end[0][0], 0U) << "windows";
  EXPECT_EQ(end[0][1], 3U) << "unbalanced";
  EXPECT_EQ(end[0][2], 1U) << "left open";
}

TEST_F(RecorderTest, NeverWritesOverAFile) {
  EXPECT_THROW(Recorder(path_, 1), std::system_error);
}

}  // namespace
}  // namespace retrap::profile
