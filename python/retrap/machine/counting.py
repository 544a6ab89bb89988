# SPDX-License-Identifier: GPL-2.0-only
"""Which events of a path are counted, as options of perf stat.

The filters make the path integers whole. A switch counts when one of our two
tasks goes to sleep in S or t, not when a kernel thread preempts it, when the
loop yields to check the start state, or when the tracer sleeps a tick in D
because it found the tracee preempted (wait_task_inactive()); a wakeup when it is
of one of our two tasks, not when a timer tick wakes a kernel thread; a system
call when the designs need it, not when the loop checks with it. What perf
counts without a filter is kept beside (docs/methodology.md). pmu.py has the events
of hardware.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from retrap.machine.confinement import FILTER, confinement

SYSCALLS = {  # ptrace, wait4, kill, tgkill: <asm/unistd_64.h>, <asm-generic/unistd.h>
    "x86_64": (101, 61, 62, 234),
    "aarch64": (117, 260, 129, 131),
}
INTERRUPTIBLE, TRACED = 1, 8  # include/linux/sched.h
HARDWARE = ("instructions:k", "cycles:k", "branch-misses:k", "cache-misses:k")


def guest_options(arch: str) -> list[str]:
    """Of a guest's counting runs: the path, and what its emulated PMU may have."""
    options = path_options(arch)
    for event in HARDWARE:
        options += ["-e", event]
    return options


def path_options(arch: str) -> list[str]:
    """Arguments of perf stat, one event each; tracepoints with a filter."""
    calls = " || ".join(f"id == {number}" for number in SYSCALLS[arch])
    options = ["-e", "context-switches", "-e", "cpu-migrations", "-e", "page-faults"]
    asleep = f"prev_state == {INTERRUPTIBLE} || prev_state == {TRACED}"
    options += ["-e", "sched:sched_switch", "--filter", asleep]
    options += ["-e", "sched:sched_waking", "--filter", 'comm ~ "retrap*"']
    options += ["-e", "signal:signal_generate"]
    options += ["-e", "raw_syscalls:sys_enter", "--filter", calls]
    return options


@dataclass(frozen=True)
class Refusal:
    """Why nothing can be counted here, and what to do about it."""

    reason: str
    remedy: str


@functools.cache
def refusal(machine: str, root: Path = Path("/")) -> Refusal | None:
    """Counts /bin/true with all of a path's events and some of kernel mode, for which
    perf counts no user mode in their place; None: that works."""
    if machine not in SYSCALLS:
        return Refusal(f"the system call numbers of {machine} are not known", "")
    if shutil.which("perf") is None:
        return Refusal("perf is not installed", "./retrap run installs it")
    argv = ["perf", "stat", "-o", os.devnull, *guest_options(machine), "--", "true"]
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode == 0:
        return None
    said = [line.strip() for line in done.stderr.splitlines()]
    said = [line for line in said if line not in ("", "Error:")]
    reason = f"perf stat: {said[0] if said else f'exit status {done.returncode}'}"
    return Refusal(reason, _remedy(os.geteuid(), root))


def _remedy(uid: int, root: Path) -> str:
    """What is missing of what perf_event_open(2) and the tracepoints take."""
    state = confinement(root)
    if state.seccomp == FILTER and state.perfmon:
        return (
            "a seccomp filter forbids perf_event_open(2): run the container with "
            "--security-opt seccomp=unconfined"
        )
    if uid == 0 and not state.perfmon:
        return (
            "root without CAP_PERFMON, as in a container: run it with "
            "--cap-add SYS_ADMIN"
        )
    if uid == 0:
        return "mount -t tracefs tracefs /sys/kernel/tracing"
    return "run as root, or sysctl kernel.perf_event_paranoid=-1 and open tracefs"
