# SPDX-License-Identifier: GPL-2.0-only
"""What one cycle costs, by the counting runs of a cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

from retrap.machine import pmu
from retrap.results.measured import Cell

INTEGERS = ("switches", "wakeups", "signals", "syscalls")
ALWAYS = (*INTEGERS, "context-switches", "cpu-migrations", "page-faults")
HARDWARE = tuple(
    f"{event}:{mode}"
    for event in (*pmu.EVENTS, *pmu.INSTEAD.values())
    for mode in pmu.MODES
)
WHOLE = 0.005


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


def per_cycle(cell: Cell) -> list[PerCycle]:
    """Every event that was asked for in a cell; empty if it was not counted.

    Of several pairs of runs the one with the median counts: in a few cycles of a
    hundred the report comes between the tracer's last look and its sleep, and
    such a cycle has one switch fewer (docs/methodology.md). `agree` tells.
    """
    counts = cell.counts
    pairs = sorted(n for n in counts if n > 0 and 2 * n in counts)
    if not pairs:
        return []
    asked = {name for events in counts.values() for name in events}
    known = [name for name in HARDWARE if name in asked]
    names = dict.fromkeys((*ALWAYS, *known, *sorted(asked)))
    return [
        median_pair(
            [
                PerCycle(name, n, counts[n].get(name), counts[2 * n].get(name))
                for n in pairs
            ]
        )
        for name in names
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
