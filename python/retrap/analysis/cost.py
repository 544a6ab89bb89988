# SPDX-License-Identifier: GPL-2.0-only
"""What a cycle of the loop costs the processor, by its own counters."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import MORE
from retrap.results import counters
from retrap.results.store import Cell, Machine, Results

NOTHING = 0.01  # a smaller share of the instructions is no change


@dataclass(frozen=True)
class Cost:
    """A cycle's: the median over boots of events by name, of all that were counted
    in each of them."""

    events: dict[str, float]

    def of(self, event: str, mode: str = "") -> float | None:
        """In user and kernel mode together, or in one; None: not known."""
        if mode:
            return self.events.get(f"{event}:{mode}")
        user, kernel = self.of(event, "u"), self.of(event, "k")
        return None if user is None or kernel is None else user + kernel

    @property
    def ipc(self) -> float | None:
        """Instructions a CPU cycle."""
        instructions, cycles = self.of("instructions"), self.of("cycles")
        return instructions / cycles if instructions and cycles else None


def cost(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> Cost | None:
    """Of a side in a cell; None where neither cycles nor instructions are known."""
    boots = [_hardware(cell) for cell in results.of(machine, name, where)]
    boots = [events for events in boots if events]
    shared = [e for e in boots[0] if all(e in b for b in boots)] if boots else []
    found = Cost({e: statistics.median(b[e] for b in boots) for e in shared})
    known = found.of("cycles") is not None and found.of("instructions") is not None
    return found if known else None


def _hardware(cell: Cell) -> dict[str, float]:
    return {
        each.event: each.per_cycle
        for each in counters.per_cycle(cell)
        if each.event in counters.HARDWARE and each.per_cycle is not None
    }


def change(base: Cost, test: Cost, event: str) -> float | None:
    """Test less base, as a share of base."""
    a, b = base.of(event), test.of(event)
    return b / a - 1 if a and b is not None else None


def disagree(compared: Comparison, base: Cost, test: Cost) -> bool:
    """Time is decided, and the instructions went the other way, or nowhere."""
    by = change(base, test, "instructions")
    if by is None or not compared.decided:
        return False
    return not (by > NOTHING if compared.verdict == MORE else by < -NOTHING)
