// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/atomic_file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/sys/file.h"

namespace retrap {
namespace {

namespace fs = std::filesystem;

class AtomicFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "retrap-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const char* name) const {
    return (directory_ / name).string();
  }
  [[nodiscard]] bool empty() const { return fs::is_empty(directory_); }

 private:
  fs::path directory_;
};

TEST_F(AtomicFile, HoldsTheContentAndIsReadOnly) {
  write_atomically(path("a"), "text");
  EXPECT_EQ(read_file(path("a")), "text");
  EXPECT_EQ(fs::status(path("a")).permissions(), fs::perms(0444));
  EXPECT_FALSE(fs::exists(temporary_name(path("a"))));
}

TEST_F(AtomicFile, IsReplacedWhole) {
  write_atomically(path("a"), "a long text");
  write_atomically(path("a"), "short");
  EXPECT_EQ(read_file(path("a")), "short");
}

TEST_F(AtomicFile, TakesOverWhatAnotherLibraryWrote) {
  std::ofstream(temporary_name(path("a"))) << "theirs";
  publish(path("a"));
  EXPECT_EQ(read_file(path("a")), "theirs");
  EXPECT_EQ(fs::status(path("a")).permissions(), fs::perms(0444));
}

// A file size limit fails like a full disk: after part of it is written.
TEST_F(AtomicFile, LeavesNothingWhenItDoesNotFit) {
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  const rlimit limit{4096, 4096};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_THROW(write_atomically(path("a"), std::string(8192, 'x')),
               std::system_error);
  EXPECT_TRUE(empty());
}

TEST_F(AtomicFile, LeavesNothingWhenItCannotBeRenamed) {
  ASSERT_TRUE(fs::create_directory(path("a")));
  EXPECT_THROW(write_atomically(path("a"), "text"), std::system_error);
  EXPECT_FALSE(fs::exists(temporary_name(path("a"))));
}

TEST_F(AtomicFile, NamesThePathItCannotCreate) {
  try {
    write_atomically(path("missing/a"), "text");
    FAIL() << "no error";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("missing/a"));
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
}

}  // namespace
}  // namespace retrap
