# SPDX-License-Identifier: GPL-2.0-only
"""How long a process has had: a limit which a busy host does not reach.

What a thread waits for a CPU is the host's doing. The kernel counts it, in
/proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst), and what a
hypervisor takes from a CPU, as steal in /proc/stat (proc(5)). A kernel without
CONFIG_SCHED_INFO has zeros in the first.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

STAT = Path("/proc/stat")
STEAL = 7  # the field of a CPU's line, behind its name


class Patience:
    """Begins when it is made, at the start of the process."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._start = time.monotonic()
        self._steal_s = steal_s(STAT.read_text())
        self._waited_s: dict[str, float] = {}  # by thread; of those that ended, too

    def used_s(self) -> float:
        """The wall clock, less what the thread that waited longest waited, and what
        was stolen of the CPU that lost most."""
        wall_s = time.monotonic() - self._start
        for task in self._tasks.glob("*"):
            try:
                words = (task / "schedstat").read_text().split()
            except OSError:  # it ended meanwhile
                continue
            self._waited_s[task.name] = int(words[1]) / 1e9
        now = steal_s(STAT.read_text())
        stolen_s = max((now[cpu] - self._steal_s.get(cpu, 0) for cpu in now), default=0)
        waited_s = max(self._waited_s.values(), default=0.0)
        return max(0.0, wall_s - waited_s - stolen_s)


def steal_s(stat: str) -> dict[str, float]:
    """Of each CPU, since boot."""
    ticks_a_s = os.sysconf("SC_CLK_TCK")
    return {
        name: int(words[STEAL]) / ticks_a_s
        for name, *words in map(str.split, re.findall(r"^cpu\d+ .*$", stat, re.M))
        if len(words) > STEAL
    }
