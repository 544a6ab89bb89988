# SPDX-License-Identifier: GPL-2.0-only
"""Waits until a machine that has just booted has nothing else to do.

Quiet is STEADY readings in a row in which all CPUs together worked for less than
BUSY of their time. The wait has an end: what it was then is in the boot's record.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from retrap.machine import load

EVERY_S = 1.0
STEADY = 5
BUSY = 0.05


@dataclass(frozen=True)
class Quiet:
    """How it was when measuring began. `temperature_c`: of the warmest zone."""

    quiet: bool
    waited_s: float
    busy: float
    uptime_s: float
    temperature_c: float | None


def wait(limit_s: float, root: Path = Path("/")) -> Quiet:
    """At most limit_s."""
    began = time.monotonic()
    steady, busy = 0, 1.0
    before = load.read(root)
    while steady < STEADY and time.monotonic() - began < limit_s:
        time.sleep(EVERY_S)
        after = load.read(root)
        busy = _busy(before, after)
        steady = steady + 1 if busy < BUSY else 0
        before = after
    return Quiet(
        steady >= STEADY,
        round(time.monotonic() - began, 1),
        round(busy, 3),
        round(time.clock_gettime(time.CLOCK_BOOTTIME), 1),
        temperature_c(root),
    )


def _busy(before: load.Reading, after: load.Reading) -> float:
    """Of the CPUs' time, the share that any work or the hypervisor took."""
    cpus = before.work.keys() & after.work.keys()
    took = sum(
        after.work[cpu] - before.work[cpu] + after.steal[cpu] - before.steal[cpu]
        for cpu in cpus
    )
    return took / max(1, len(cpus)) / (after.at - before.at)


def temperature_c(root: Path = Path("/")) -> float | None:
    """Of the warmest zone; None where there is none."""
    found = []
    for file in root.glob("sys/class/thermal/thermal_zone*/temp"):
        try:
            found.append(int(file.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return max(found, default=None)
