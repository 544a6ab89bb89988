// SPDX-License-Identifier: GPL-2.0-only
#include "book/subject.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "book/code32.h"
#include "core/ptrace/hang_guard.h"
#include "core/ptrace/patience.h"
#include "core/ptrace/wait.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"
#include "core/sys/relax.h"

namespace retrap::conform {
namespace {

constexpr std::chrono::seconds kSpawnLimit{10};
constexpr std::chrono::seconds kDeathLimit{10};
constexpr useconds_t kPollUs = 50;
constexpr useconds_t kNapUs = 100;
constexpr std::size_t kStatFlags = 9 - 3;    // of stat_fields(); proc(5)
constexpr std::uint64_t kRelaxEvery = 1024;  // counts

std::string proc_path(pid_t pid, pid_t tid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/" +
         file;
}

// The group as a whole, with threads nobody knows of: a leader that has traced
// siblings is not reapable. It is empty when a subject died before setpgid().
// False on a kernel that lets a tracee outlive SIGKILL: whoever waited for that
// would hang, and no test would have failed. The tracee goes with the program.
[[nodiscard]] bool reap_group(pid_t pid) noexcept {
  sigset_t sigchld;  // blocked, see main()
  sigemptyset(&sigchld);
  sigaddset(&sigchld, SIGCHLD);
  const timespec slice{0, 100'000'000};
  Patience patience(pid, kDeathLimit);
  for (const pid_t whom : {-pid, pid}) {
    while (!reap_killed(whom)) {
      if (!patience.lasts()) return false;
      (void)::sigtimedwait(&sigchld, nullptr, &slice);
    }
  }
  return true;
}

bool has_signal(const std::string& mask, int sig) {
  return (std::stoull(mask, nullptr, 16) >> (sig - 1) & 1) != 0;
}

template <typename Condition>
bool eventually(pid_t whom, Condition condition) {
  Patience patience(whom);
  while (!condition()) {
    if (!patience.lasts()) return condition();
    ::usleep(kPollUs);
  }
  return true;
}

HangGuard& hang_guard() {
  static HangGuard guard(options().deadline);
  return guard;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, Placement placement) {
  return out << (placement == Placement::kSameCpu ? "same" : "cross");
}

const std::vector<int>& usable_cpus() {
  static const std::vector<int> cpus = allowed_cpus();
  return cpus;
}

// Delegates, so that the destructor runs when the rest of the body throws.
Subject::Subject(Placement placement, int threads, Body body) : Subject() {
  const std::vector<int>& cpus = usable_cpus();
  if (threads < 1 || threads > kMaxThreads ||
      (placement == Placement::kCrossCpu && cpus.size() < 2)) {
    throw std::invalid_argument("Subject: thread count or placement");
  }
  pin_to_cpu(cpus.front());
  const int cpu = placement == Placement::kSameCpu ? cpus[0] : cpus[1];
  void* page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) check_unix(-1, "mmap of the counters");
  page_ = ::new (page) Page{};
  threads_ = threads;
  pid_ = check_unix(::fork(), "fork of the tracee");
  if (pid_ == 0) live(*page_, threads, body, cpu);
  hang_guard().watch(pid_);
  watched_ = true;
  if (body != Body::kTraceme) wait_until_counting();
}

Subject::~Subject() {
  if (pid_ > 0 && !reaped_) {
    (void)::kill(pid_, SIGKILL);
    if (!reap_group(pid_)) ADD_FAILURE() << "the tracee outlives SIGKILL";
  }
  if (watched_ && hang_guard().let_go(pid_))
    ADD_FAILURE() << "nothing ran for --deadline, "
                  << options().deadline.count() << " s";
  if (page_ != nullptr) (void)::munmap(page_, sizeof(Page));
}

pid_t Subject::tid(int thread) const noexcept {
  return thread == 0 ? pid_ : page_->tids[thread].load();
}

std::uint64_t Subject::ticks(int thread) const noexcept {
  return page_->ticks[thread];
}

void Subject::kill(int sig) const { check_unix(::kill(pid_, sig), "kill"); }

void Subject::tgkill(int thread, int sig) const {
  check_unix(::syscall(SYS_tgkill, pid_, tid(thread), sig), "tgkill");
}

void Subject::order(int thread, Command command) const noexcept {
  page_->commands[thread] = command;
}

void Subject::set_reaped() noexcept { reaped_ = true; }

char Subject::state(int thread) const {
  const std::vector<std::string> fields = stat_fields(thread);
  return fields.empty() ? '?' : fields[0][0];
}

bool Subject::reaches_state(char state_wanted, int thread) const {
  return eventually(pid_, [&] { return state(thread) == state_wanted; });
}

bool Subject::has_executed() const {
  std::ifstream comm(proc_path(pid_, pid_, "comm"));
  std::string name;
  std::getline(comm, name);
  return name == "sleep";
}

std::uint64_t Subject::voluntary_switches(int thread) const {
  return std::stoull(status_field(thread, "voluntary_ctxt_switches:"));
}

bool Subject::is_pending(int sig) const {
  return has_signal(status_field(0, "SigPnd:"), sig) ||
         has_signal(status_field(0, "ShdPnd:"), sig);
}

// The kernel takes SIGKILL from the queue as it sets the flag (get_signal()).
bool Subject::is_being_killed(int thread) const {
  constexpr unsigned long kSignaled = 0x400;  // PF_SIGNALED
  if (has_signal(status_field(thread, "SigPnd:"), SIGKILL)) return true;
  return (std::stoul(stat_fields(thread).at(kStatFlags)) & kSignaled) != 0;
}

bool Subject::is_traced() const {
  return std::stoi(status_field(0, "TracerPid:")) != 0;
}

std::string Subject::status_field(int thread, const std::string& key) const {
  std::ifstream status(proc_path(pid_, tid(thread), "status"));
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(key, 0) == 0) return line.substr(key.size());
  }
  throw std::runtime_error("no " + key + " in /proc");
}

// Its last field.
int Subject::exit_code() const {
  const std::vector<std::string> fields = stat_fields(0);
  if (fields.empty()) throw std::runtime_error("no exit_code");
  return std::stoi(fields.back());
}

// The thread's own, since that of a stopped process tells the group's
// (fs/proc/array.c). From the third on: the name before may hold anything.
std::vector<std::string> Subject::stat_fields(int thread) const {
  std::ifstream stat(proc_path(pid_, tid(thread), "stat"));
  std::string line;
  std::getline(stat, line);
  const auto paren = line.rfind(')');
  if (paren == std::string::npos) return {};
  std::istringstream rest(line.substr(paren + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

void Subject::obey(Command command) noexcept {
  if (command == Command::kClone) {
    std::thread([] {
      for (;;) (void)::pause();
    }).detach();
  } else if (command == Command::kExec) {
    (void)::execl("/bin/sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  } else if (command == Command::kExit) {
    ::_exit(0);
  }
}

void Subject::count(Page& page, int thread, Body body) noexcept {
  page.tids[thread] = static_cast<pid_t>(::syscall(SYS_gettid));
  for (;;) {
    const std::uint64_t tick =
        page.ticks[thread].fetch_add(1, std::memory_order_relaxed);
    // Or in exact mode a busy tracee keeps the tracer's vCPU waiting: whenever
    // that one sets its next timer, QEMU runs the other until it is due. Not
    // each time: QEMU leaves the translated code for it.
    if (tick % kRelaxEvery == 0) relax();
    if (body == Body::kSyscalls) (void)::syscall(SYS_getppid);
    if (body == Body::kCode32) run_code32();
    if (body == Body::kInt80) (void)call32(Call32::kGetppid);
    if (body == Body::kPause) (void)::pause();
    if (body == Body::kNap) (void)::usleep(kNapUs);
    if (page.commands[thread] != Command::kNone) {
      obey(page.commands[thread].exchange(Command::kNone));
    }
  }
}

void Subject::live(Page& page, int threads, Body body, int cpu) noexcept {
  // Its own process group: not orphaned, so SIGTSTP stops it.
  sigset_t none;
  sigemptyset(&none);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::setpgid(0, 0) != 0 ||
      ::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) {
    ::_exit(1);
  }
  pin_to_cpu(cpu);
  if (body == Body::kTraceme) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    (void)::raise(SIGSTOP);
  }
  for (int thread = 1; thread < threads; ++thread) {
    std::thread([&page, thread, body] { count(page, thread, body); }).detach();
  }
  count(page, 0, body);
}

void Subject::wait_until_counting() const {
  Patience patience(pid_, kSpawnLimit);
  for (int thread = 0; thread < threads_; ++thread) {
    while (page_->ticks[thread] == 0) {
      if (!patience.lasts()) {
        throw std::runtime_error("the tracee does not start counting");
      }
      ::usleep(kPollUs);
    }
  }
}

}  // namespace retrap::conform
