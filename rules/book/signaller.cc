// SPDX-License-Identifier: GPL-2.0-only
#include "book/signaller.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "book/parallel.h"
#include "book/requests.h"
#include "book/subject.h"
#include "core/ptrace/patience.h"
#include "core/ptrace/wait.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"

namespace retrap::conform {
namespace {

// Longer than a kill(2) on another CPU takes.
constexpr int kSpins = 256;
constexpr useconds_t kNapUs = 20;

template <typename Condition>
bool await(pid_t whom, Condition condition) noexcept {
  Patience patience(whom);
  for (int spin = 0; !condition(); ++spin) {
    if (!patience.lasts()) return condition();
    // Where vCPUs take turns the signaller's runs when this one sleeps, or
    // milliseconds later.
    (void)(spin < kSpins ? ::sched_yield() : ::usleep(kNapUs));
  }
  return true;
}

}  // namespace

Signaller::Signaller(pid_t pid, int sig) {
  void* page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) check_unix(-1, "mmap of the signaller's orders");
  page_ = ::new (page) Page{};
  aim(pid);
  const pid_t tracer = ::getpid();
  const bool spins = cpus_run_in_parallel();
  self_ = ::fork();
  if (self_ == 0) serve(*page_, tracer, sig, spins);
  if (self_ == -1) {
    const int error = errno;
    (void)::munmap(page_, sizeof(Page));
    throw_errno(error, "fork of the signaller");
  }
  // What it does before its first order is longer than most calls.
  (void)await(self_, [this] { return page_->serves.load(); });
}

Signaller::~Signaller() {
  kill_and_reap(self_);
  (void)::munmap(page_, sizeof(Page));
}

void Signaller::aim(pid_t pid) noexcept { page_->pid = pid; }

void Signaller::order() noexcept { ++page_->ordered; }

bool Signaller::has_begun() const noexcept {
  return page_->begun == page_->ordered;
}

bool Signaller::is_done() const noexcept {
  return page_->sent == page_->ordered;
}

bool Signaller::finish() const noexcept {
  return await(self_, [this] { return is_done(); });
}

void Signaller::serve(Page& page, pid_t tracer, int sig, bool spins) noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin_to_cpu(usable_cpus().back());
  page.serves = true;
  while (::getppid() == tracer) {
    if (page.sent == page.ordered) {
      (void)(spins ? ::sched_yield() : ::usleep(kNapUs));
      continue;
    }
    ++page.begun;
    (void)::kill(page.pid, sig);
    ++page.sent;
  }
  ::_exit(0);
}

}  // namespace retrap::conform
