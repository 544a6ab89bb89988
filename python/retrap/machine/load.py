# SPDX-License-Identifier: GPL-2.0-only
"""What else ran on a cell's CPUs while it was measured (docs/methodology.md).

By /proc/stat, which samples who runs at each tick and counts in steps of 10 ms:
the share of a short cell is rough, so a few ticks never mark one.
"""

from __future__ import annotations

import os
import re
import resource
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARK = "*"
LIMIT = 0.25  # of one CPU's time, and
LEAST_S = 0.03  # so much at least, is more than chance gives a quiet cell
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
USER, NICE, SYSTEM, IRQ, SOFTIRQ, STEAL = 0, 1, 2, 5, 6, 7  # proc(5), /proc/stat
WORK = (USER, NICE, SYSTEM, IRQ, SOFTIRQ)

Record = dict[str, float | None]


@dataclass(frozen=True)
class Reading:
    """Seconds since some start: of each CPU its work and what was stolen of it."""

    at: float
    own: float  # CPU time of children that have ended
    work: dict[int, float]
    steal: dict[int, float]
    loadavg: float | None


def read(root: Path = Path("/")) -> Reading:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    work, steal = {}, {}
    for line in _text(root / "proc/stat").splitlines():
        if found := re.match(r"cpu(\d+) ", line):
            times = [int(word) * TICK_S for word in line.split()[1:]]
            work[int(found.group(1))] = sum(times[i] for i in WORK)
            steal[int(found.group(1))] = times[STEAL]
    average = _text(root / "proc/loadavg").split()
    return Reading(
        time.monotonic(),
        used.ru_utime + used.ru_stime,
        work,
        steal,
        float(average[0]) if average else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def between(start: Reading, end: Reading, cpus: Collection[int]) -> Record:
    """The field `load` of run.json. What our own children ran is no other's."""
    others = steal = None
    if set(cpus) <= set(start.work) & set(end.work):
        mine = end.own - start.own
        work = sum(end.work[cpu] - start.work[cpu] for cpu in cpus)
        others = round(max(0.0, work - mine), 3)
        steal = round(sum(end.steal[cpu] - start.steal[cpu] for cpu in cpus), 3)
    return {
        "loadavg": end.loadavg,
        "wall_s": round(end.at - start.at, 3),
        "others_s": others,
        "steal_s": steal,
    }


def of_machine(start: Reading, end: Reading) -> Record:
    """The same of all CPUs: of a whole boot of a guest, whose vCPUs may run on any.
    The guest has ended, and is a child of ours."""
    return between(start, end, end.work or (0,))


def _of(run: dict[str, Any], name: str) -> float | None:
    record = run.get("load")
    value = record.get(name) if isinstance(record, dict) else None
    return float(value) if isinstance(value, (int, float)) else None


def _taken(run: dict[str, Any]) -> float | None:
    others, steal = _of(run, "others_s"), _of(run, "steal_s")
    return None if others is None or steal is None else others + steal


def share(run: dict[str, Any]) -> float | None:
    """What others and the hypervisor took, of one CPU's time; None: not known."""
    taken, wall = _taken(run), _of(run, "wall_s")
    return taken / wall if taken is not None and wall else None


def busy(run: dict[str, Any]) -> bool:
    """Whether the cell is marked."""
    return (share(run) or 0) > LIMIT and (_taken(run) or 0) > LEAST_S


def words(runs: Collection[dict[str, Any]]) -> str:
    """Load and steal over some cells, in a sentence; empty when none is known."""
    known = [run for run in runs if share(run) is not None]
    averages = [load for run in known if (load := _of(run, "loadavg")) is not None]
    if not averages:
        return ""
    low, high = f"{min(averages):.2f}", f"{max(averages):.2f}"
    wall = sum(_of(run, "wall_s") or 0 for run in known)
    stolen = sum(_of(run, "steal_s") or 0 for run in known) / wall
    marked = sum(map(busy, known))
    return (
        f"Load average {low if low == high else f'{low} to {high}'}, steal "
        f"{100 * stolen:.1f} % of a CPU; {marked or 'none'} of {len(known)} cells "
        f"ran beside other work{f' ({MARK})' if marked else ''}."
    )
