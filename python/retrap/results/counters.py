# SPDX-License-Identifier: GPL-2.0-only
"""`perf stat -j` output, and what one cycle costs by it.

perf 6.1 writes JSON lines after a `# started on` comment and a blank line;
numbers are strings, and an event it could not count says so in their place.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrap.base.rawfile import damaged
from retrap.results.store import Cell

INTEGERS = ("switches", "wakeups", "signals", "syscalls")
HARDWARE = ("instructions:k", "cycles:k", "branch-misses:k", "cache-misses:k")
EVENTS = (*INTEGERS, "context-switches", "cpu-migrations", "page-faults", *HARDWARE)
ALIASES = {
    "sched:sched_switch": "switches",
    "sched:sched_waking": "wakeups",
    "signal:signal_generate": "signals",
    "raw_syscalls:sys_enter": "syscalls",
}
NOT_COUNTED = ("<not supported>", "<not counted>")
WHOLE = 0.005
AGAIN = "delete it and repeat the command; run perf with LC_ALL=C"


@dataclass(frozen=True)
class PerCycle:
    """One event: a run of `cycles` cycles, one of twice that, and the slope."""

    event: str
    cycles: int
    count_n: float | None
    count_2n: float | None
    agree: int = 1  # pairs of runs that say this,
    pairs: int = 1  # of so many

    @property
    def per_cycle(self) -> float | None:
        """Start-up, tear-down and perf's own switching on and off cancel."""
        if self.count_n is None or self.count_2n is None:
            return None
        return (self.count_2n - self.count_n) / self.cycles

    @property
    def whole(self) -> bool | None:
        value = self.per_cycle
        return None if value is None else abs(value - round(value)) <= WHOLE


def parse(path: Path) -> dict[str, float | None]:
    """Counts by event name; None where perf has none. Errors: EXIT_RESULTS.

    An event that ran only part of the time has a scaled count, which is an
    estimate and not a count: None. Lines for several CPUs or threads add up.
    """
    counts: dict[str, float | None] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise damaged(path, f"cannot be read: {reason}", AGAIN) from None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            raise damaged(path, f"line {number}: not JSON", AGAIN) from None
        if not isinstance(record, dict):
            raise damaged(path, f"line {number}: not an object", AGAIN)
        if "event" not in record:  # a metric of the event before
            continue
        name = str(record["event"])
        name = ALIASES.get(name, name)
        try:
            count = _count(record)
        except (ValueError, TypeError):
            what = f"line {number}: {name}: bad count {record.get('counter-value')!r}"
            raise damaged(path, what, AGAIN) from None
        before = counts.get(name, 0.0)
        counts[name] = None if count is None or before is None else before + count
    if not counts:
        raise damaged(path, "holds no event: perf was stopped early", AGAIN)
    return counts


def _count(record: dict[str, Any]) -> float | None:
    value = record.get("counter-value")
    if value in NOT_COUNTED or float(record.get("pcnt-running", 100.0)) < 100.0:
        return None
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def per_cycle(cell: Cell) -> list[PerCycle]:
    """Every known event of a cell, then any other; empty if it was not counted.

    Of several pairs of runs the one with the median counts: in a few cycles of a
    hundred the report comes between the tracer's last look and its sleep, and
    such a cycle has one switch fewer (docs/methodology.md). `agree` tells.
    """
    pairs = sorted(n for n in cell.counters if n > 0 and 2 * n in cell.counters)
    counts = {n: parse(path) for n, path in cell.counters.items()}
    names = dict.fromkeys((*EVENTS, *sorted({k for c in counts.values() for k in c})))
    return [
        median_pair(
            [
                PerCycle(name, n, counts[n].get(name), counts[2 * n].get(name))
                for n in pairs
            ]
        )
        for name in names
        if pairs
    ]


def median_pair(pairs: list[PerCycle]) -> PerCycle:
    """The pair in the middle (the lower one), with how many pairs say the same."""
    known = [pair for pair in pairs if pair.per_cycle is not None]
    if not known:
        return pairs[0]
    known.sort(key=lambda pair: pair.per_cycle or 0.0)
    middle = known[(len(known) - 1) // 2]
    same = sum(pair.per_cycle == middle.per_cycle for pair in known)
    return replace(middle, agree=same, pairs=len(known))
