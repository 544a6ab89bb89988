// SPDX-License-Identifier: GPL-2.0-only
#include "book/tracer_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/ptrace/wait.h"
#include "core/sys/check.h"

namespace retrap::conform {

TracerProcess::TracerProcess(const std::vector<std::function<void()>>& steps) {
  check_unix(::pipe2(orders_, O_CLOEXEC), "pipe of the tracer's orders");
  check_unix(::pipe2(answers_, O_CLOEXEC), "pipe of the tracer's answers");
  (void)std::fflush(nullptr);
  pid_ = check_unix(::fork(), "fork of the tracer");
  if (pid_ == 0) serve(steps);
  (void)::close(answers_[1]);  // its end, when it dies, is seen
}

TracerProcess::~TracerProcess() {
  if (pid_ > 0) die();
  for (const int fd : {orders_[0], orders_[1], answers_[0]}) (void)::close(fd);
}

void TracerProcess::serve(
    const std::vector<std::function<void()>>& steps) const noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char order = 0;
  for (const auto& step : steps) {
    if (::read(orders_[0], &order, 1) != 1) break;
    step();
    (void)std::fflush(nullptr);
    const char failed = ::testing::Test::HasFailure() ? 1 : 0;
    if (::write(answers_[1], &failed, 1) != 1) break;
  }
  for (;;) (void)::pause();
}

void TracerProcess::step() {
  char failed = 1;
  ASSERT_EQ(::write(orders_[1], "", 1), 1);
  ASSERT_EQ(::read(answers_[0], &failed, 1), 1) << "the tracer died";
  ASSERT_EQ(failed, 0) << "in a step of the tracer, see above";
}

void TracerProcess::die() {
  kill_and_reap(pid_);
  pid_ = -1;
}

}  // namespace retrap::conform
