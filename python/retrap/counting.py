# SPDX-License-Identifier: GPL-2.0-only
"""Which events a counting run counts, as options of perf stat.

The filters make the path integers whole. A switch counts when one of our two
tasks goes to sleep in S or t, not when a kernel thread preempts it, when the
loop yields to check the start state, or when the tracer sleeps a tick in D
because it found the tracee preempted (wait_task_inactive()); a wakeup when it is
of one of our two tasks, not when a timer tick wakes a kernel thread; a system
call when the designs need it, not when the loop checks with it. What perf
counts without a filter is kept beside (docs/methodology.md).
"""

from __future__ import annotations

SYSCALLS = {  # ptrace, wait4, kill, tgkill: <asm/unistd_64.h>, <asm-generic/unistd.h>
    "x86_64": (101, 61, 62, 234),
    "aarch64": (117, 260, 129, 131),
}
INTERRUPTIBLE, TRACED = 1, 8  # include/linux/sched.h
HARDWARE = ("instructions:k", "cycles:k", "branch-misses:k", "cache-misses:k")


def event_options(arch: str) -> list[str]:
    """Arguments of perf stat, one event each; tracepoints with a filter."""
    calls = " || ".join(f"id == {number}" for number in SYSCALLS[arch])
    options = ["-e", "context-switches", "-e", "cpu-migrations", "-e", "page-faults"]
    asleep = f"prev_state == {INTERRUPTIBLE} || prev_state == {TRACED}"
    options += ["-e", "sched:sched_switch", "--filter", asleep]
    options += ["-e", "sched:sched_waking", "--filter", 'comm ~ "retrap*"']
    options += ["-e", "signal:signal_generate"]
    options += ["-e", "raw_syscalls:sys_enter", "--filter", calls]
    for event in HARDWARE:
        options += ["-e", event]
    return options
