# SPDX-License-Identifier: GPL-2.0-only
"""How long a process has had: a limit which a busy host does not reach.

What a thread waits for a CPU is the host's doing. The kernel counts it, in
/proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst). A kernel
without CONFIG_SCHED_INFO has zeros there, and the wall clock alone is left.
"""

from __future__ import annotations

import time
from pathlib import Path


class Patience:
    """Begins when it is made, at the start of the process."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._start = time.monotonic()
        self._waited_s: dict[str, float] = {}  # by thread; of those that ended, too

    def used_s(self) -> float:
        """The wall clock, less what the thread that waited longest waited."""
        wall_s = time.monotonic() - self._start
        for task in self._tasks.glob("*"):
            try:
                words = (task / "schedstat").read_text().split()
            except OSError:  # it ended meanwhile
                continue
            self._waited_s[task.name] = int(words[1]) / 1e9
        return max(0.0, wall_s - max(self._waited_s.values(), default=0.0))
