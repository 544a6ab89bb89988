// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/topology.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace retrap {
namespace {

namespace fs = std::filesystem;

class TopologyFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "retrap-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = root_ / "cpu/cpu3" / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << '\n';
  }
  [[nodiscard]] Topology::Place place() const {
    return Topology::read(std::array{3}, root_.string()).of(3);
  }

 private:
  fs::path root_;
};

TEST_F(TopologyFiles, TellTheCoreTheLastCacheAndTheNode) {
  write("topology/thread_siblings_list", "3,7");
  write("cache/index0/level", "1");
  write("cache/index0/type", "Data");
  write("cache/index0/shared_cpu_list", "3,7");
  write("cache/index9/level", "3");
  write("cache/index9/type", "Unified");
  write("cache/index9/shared_cpu_list", "0-7");
  write("node1/x", "");
  EXPECT_EQ(place().core, "3,7");
  EXPECT_EQ(place().cache, "0-7");
  EXPECT_EQ(place().node, "node1");
}

TEST_F(TopologyFiles, OfAnInstructionCacheDoNotCount) {
  write("cache/index1/level", "2");
  write("cache/index1/type", "Instruction");
  write("cache/index1/shared_cpu_list", "0-7");
  EXPECT_EQ(place().cache, std::nullopt);
}

TEST_F(TopologyFiles, ThatAreMissingAreNothingAndNotAPlace) {
  EXPECT_EQ(place().core, std::nullopt);
  EXPECT_EQ(place().cache, std::nullopt);
  EXPECT_EQ(place().node, "");  // a kernel without NUMA
}

}  // namespace
}  // namespace retrap
