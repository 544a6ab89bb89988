// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/hang_guard.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <new>
#include <stdexcept>
#include <vector>

#include "core/ptrace/standstill.h"
#include "core/ptrace/wait.h"
#include "core/sys/check.h"

namespace retrap {
namespace {

constexpr std::chrono::milliseconds kGrace{5000};

// Nobody reaps a tracee of a tracer that stands still, so its number is its
// own.
void kill_all(const std::vector<pid_t>& tracees) noexcept {
  for (const pid_t tracee : tracees) (void)::kill(tracee, SIGKILL);
}

}  // namespace

static_assert(std::atomic<pid_t>::is_always_lock_free);

HangGuard::HangGuard(std::chrono::milliseconds limit) {
  void* page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw_errno(errno, "mmap of the guard's page");
  page_ = ::new (page) Page{};
  const pid_t tracer = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) guard(*page_, tracer, limit);
  if (pid_ == -1) {
    const int error = errno;
    (void)::munmap(page_, sizeof(Page));
    throw_errno(error, "fork of the guard");
  }
}

HangGuard::~HangGuard() {
  kill_and_reap(pid_);
  (void)::munmap(page_, sizeof(Page));
}

void HangGuard::watch(pid_t tracee) {
  auto& tracees = page_->tracees;
  auto* const slot = std::find(tracees.begin(), tracees.end(), 0);
  if (slot == tracees.end()) throw std::length_error("too many tracees");
  *slot = tracee;
  ++page_->changes;
}

bool HangGuard::let_go(pid_t tracee) noexcept {
  for (auto& each : page_->tracees) {
    if (each == tracee) each = 0;
  }
  ++page_->changes;
  return page_->expired.exchange(false);
}

void HangGuard::guard(Page& page, pid_t tracer,
                      std::chrono::milliseconds limit) noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != tracer) ::_exit(0);
  Standstill standstill(tracer);
  for (;;) {
    const unsigned changes = page.changes;
    std::vector<pid_t> tracees;
    for (const auto& each : page.tracees) {
      if (each != 0) tracees.push_back(each);
    }
    const std::chrono::milliseconds still = standstill.look(tracees);
    if (page.changes != changes) {
      standstill.forget();
    } else if (page.expired) {
      if (still >= kGrace) kill_sleeping_tracer(tracer);
    } else if (still >= limit && !tracees.empty()) {
      page.expired = true;
      kill_all(tracees);
      standstill.forget();
    }
  }
}

}  // namespace retrap
