// SPDX-License-Identifier: GPL-2.0-only
// SIGCONT meets what is no request, and too long to be swept whole: the last
// instructions of it, where the kernel looks at the trapped thread.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <cstdint>
#include <optional>
#include <string>

#include "book/exec_turns.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "book/sweep.h"
#include "book/tracer_process.h"
#include "core/sys/affinity.h"

namespace retrap::conform {
namespace {

// An exec runs 30000 (arm64) to 50000 instructions until it kills the trapped
// thread, a dying tracer 180000 until it lets go; and a turn costs processes.
constexpr Stretch kExec{
    .step = 128, .longest = 150'000, .last = 24'000, .gap = 400};
constexpr Stretch kDeath{
    .step = 192, .longest = 500'000, .last = 28'000, .gap = 600};

// The thread that executes is beside the tracer: beside the signaller it would
// keep that one waiting. `placement` is that of its sibling. Up to its death a
// leader is like any other thread, so each is swept at one placement.
void sweep_exec(Placement placement, Interface interface) {
  const bool is_apart = placement == Placement::kSameCpu;
  const int trapped = is_apart ? 1 : 0;
  std::optional<Sweep> sweep;
  for (std::uint64_t i = 0; !sweep || !sweep->is_over(); ++i) {
    const Subject subject(Placement::kCrossCpu, 2, Body::kNap);
    if (is_apart) pin_to_cpu(usable_cpus().front(), subject.tid(trapped));
    ASSERT_NO_FATAL_FAILURE(
        seize_and_stop(subject, interface, PTRACE_O_TRACEEXIT));
    ASSERT_EQ(siginfo(subject.tid(1 - trapped)).error, kOk);
    ASSERT_EQ(rearm(subject.tid(trapped), interface), kOk);
    if (!sweep) sweep.emplace(subject.pid(), SIGCONT, kExec);
    sweep->aim(subject.pid(), [&] { return subject.is_being_killed(trapped); });
    ASSERT_NO_FATAL_FAILURE(sigcont_meets_exec(subject, *sweep, trapped))
        << "turn " << i;
  }
  sweep->expect_covered(std::string(interface_name(interface)));
}

TEST_P(SweepRules, C18_SweepOfSigcontAcrossExec) {
  in_each_mode(sweep_exec, GetParam());
}

// From a group-stop, acknowledged.
void sweep_tracer_death(Placement placement, const std::string& name,
                        unsigned long options,
                        void (*expect)(Subject& subject)) {
  std::optional<Sweep> sweep;
  for (std::uint64_t i = 0; !sweep || !sweep->is_over(); ++i) {
    Subject subject(placement, 1, Body::kNap);
    if (!sweep) sweep.emplace(subject.pid(), SIGCONT, kDeath);
    sweep->aim(subject.pid(), [&] { return !subject.is_traced(); });
    TracerProcess tracer({[&] {  // on the CPU that this process is on
      ASSERT_NO_FATAL_FAILURE(
          seize_and_stop(subject, Interface::kAsyncRetrap, options));
      ASSERT_EQ(siginfo(subject.pid()).error, kOk);
    }});
    ASSERT_NO_FATAL_FAILURE(tracer.step());
    (void)sweep->run([&] {
      tracer.die();
      return kOk;
    });
    ASSERT_TRUE(sweep->finish());
    ASSERT_NO_FATAL_FAILURE(expect(subject)) << "turn " << i;
  }
  sweep->expect_covered(name);
}

void expect_let_go(Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(expect_runs(subject));
  subject.kill(SIGSTOP);
  ASSERT_TRUE(subject.reaches_state('T')) << "job control is out of order";
}

void expect_killed(Subject& subject) {
  ASSERT_EQ(parent_wait_eventually(subject.pid(), 0), killed_by(SIGKILL));
  subject.set_reaped();
}

TEST_P(AsyncRetrapSweepRules, AR21_SweepOfSigcontAcrossTracerDeath) {
  ASSERT_NO_FATAL_FAILURE(
      sweep_tracer_death(GetParam(), "let_go", 0, expect_let_go));
  // Beside its tracer it would die before that one's end is seen.
  if (GetParam() == Placement::kSameCpu) {
    sweep_tracer_death(GetParam(), "exitkill", PTRACE_O_EXITKILL,
                       expect_killed);
  }
}

}  // namespace
}  // namespace retrap::conform
