// SPDX-License-Identifier: GPL-2.0-only
// AR26: the re-trap of a tracee in a frozen control group (cgroup v2).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/ptrace/patience.h"

namespace retrap::conform {
namespace {

// A control group of its own, in a mount of its own; gone at the end, when
// its member has left it.
class ControlGroup {
 public:
  ControlGroup() {
    char name[] = "/tmp/retrap-cgroup-XXXXXX";
    if (::mkdtemp(name) == nullptr) return;
    mount_ = name;
    path_ = mount_ + "/retrap-conform-" + std::to_string(::getpid());
    good_ = ::mount("none", name, "cgroup2", 0, nullptr) == 0 &&
            ::mkdir(path_.c_str(), 0755) == 0;
    error_ = errno;
  }
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;
  ControlGroup(ControlGroup&&) = delete;
  ControlGroup& operator=(ControlGroup&&) = delete;
  ~ControlGroup() {
    (void)::rmdir(path_.c_str());
    (void)::umount(mount_.c_str());
    (void)::rmdir(mount_.c_str());
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] const char* error() const { return ::strerror(error_); }

  [[nodiscard]] bool add(pid_t pid) const {
    return write(path_ + "/cgroup.procs", std::to_string(pid));
  }
  [[nodiscard]] bool remove(pid_t pid) const {
    return write(mount_ + "/cgroup.procs", std::to_string(pid));
  }
  [[nodiscard]] bool freeze(bool frozen) const {
    return write(path_ + "/cgroup.freeze", frozen ? "1" : "0");
  }
  // Eventually cgroup.events says so; `pid` is in it.
  [[nodiscard]] bool becomes_frozen(pid_t pid) const {
    for (Patience patience(pid); !is_frozen();) {
      if (!patience.lasts()) return is_frozen();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    return true;
  }

 private:
  [[nodiscard]] bool is_frozen() const {
    std::ifstream events(path_ + "/cgroup.events");
    for (std::string line; std::getline(events, line);) {
      if (line == "frozen 1") return true;
    }
    return false;
  }
  static bool write(const std::string& file, const std::string& text) {
    std::ofstream out(file);
    out << text << std::flush;
    return out.good();
  }

  std::string mount_;
  std::string path_;
  bool good_ = false;
  int error_ = 0;
};

TEST_P(AsyncRetrapRules, AR26_FrozenTraceeRetraps) {
  const ControlGroup group;
  ASSERT_TRUE(group.good())
      << "cannot mount cgroup2 and make a group: " << group.error()
      << "; run as root";
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_TRUE(group.add(pid));
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  ASSERT_TRUE(group.freeze(true));
  ASSERT_TRUE(group.becomes_frozen(pid)) << "a trapped tracee counts as frozen";
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_EQ(wait_at_once(pid), kNothing);
    subject.kill(SIGCONT);
    ASSERT_EQ(wait_at_once(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_EQ(siginfo(pid).error, kOk);
    ASSERT_TRUE(group.becomes_frozen(pid)) << "turn " << turn;
  }
  ASSERT_TRUE(group.freeze(false));
  expect_sigcont_delivered(subject);
  EXPECT_TRUE(group.remove(pid));
}

}  // namespace
}  // namespace retrap::conform
