# SPDX-License-Identifier: GPL-2.0-only
"""The processor's count of instructions, and exact mode's of the same cell beside it.

The one is of a cycle of the loop on the kernel of a machine, the other of a guest's
small kernel, and most often of a part of the cycle: levels differ, and what a design
adds should not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retrap.analysis.compare import against_base
from retrap.analysis.cost import Cost, cost
from retrap.analysis.side import cells_of, of
from retrap.base.errors import EXIT_REFUSED, RetrapError
from retrap.base.textgrid import Notes, number, row, wrap
from retrap.report.timetable import groups
from retrap.results import counters
from retrap.results.store import Machine, Results, load

LABEL = 18
OVER = (" " * LABEL + "native".rjust(27) + "exact".rjust(27)).rstrip()
HEADS = ("a cycle", "in kernel", "change", "in kernel", "a sample", "change")
WIDTHS = (9, 10, 8, 10, 9, 8)
NOTE_PART = "-: not counted"
IN_KERNEL = "instructions:k"
Where = tuple[str, str]


@dataclass(frozen=True)
class Exact:
    """Exact results of one architecture."""

    results: Results
    machine: Machine

    def cells(self, name: str, where: Where, base: str) -> list[str]:
        """Of a side: a cycle in kernel mode, a sample, and its change, where that is
        against the same baseline."""
        one = of(self.results, self.machine, name, where)
        got = against_base(self.results, self.machine, name, where)
        change = got.change if got and got.base == base else ""
        cycle = number(self._in_kernel(name, where))
        return [cycle, number(one.median) + one.mark if one else "-", change]

    def _in_kernel(self, name: str, where: Where) -> float | None:
        """A cycle's; the guests of some architectures count it."""
        cells = self.results.of(self.machine, name, where)
        events = [each for cell in cells for each in counters.per_cycle(cell)]
        known = (each.per_cycle for each in events if each.event == IN_KERNEL)
        return next((value for value in known if value is not None), None)


def exact_of(results: Results, arch: str) -> Exact | None:
    for machine in results.machines:
        if machine.exact and machine.arch == arch:
            return Exact(results, machine)
    return None


def render(native: Path, exact: Path) -> str:
    """Of two directories. Errors: EXIT_REFUSED, where nothing of the one stands beside
    anything of the other."""
    results, others, notes = load(native), load(exact), Notes()
    blocks = [beside_table(results, m, others, notes) for m in results.machines]
    if not any(blocks):
        raise RetrapError(
            f"{native} has no instructions that a processor counted in a cell of which "
            f"{exact} has exact ones, on one architecture",
            "take the directory of a machine with counters (./retrap doctor), and one "
            "with exact results",
            EXIT_REFUSED,
        )
    return "\n".join(block for block in blocks if block) + notes.text()


def beside_table(
    results: Results, machine: Machine, others: Results, notes: Notes
) -> str:
    """Empty where either has none of a cell."""
    exact = exact_of(others, machine.arch)
    if machine.exact or exact is None:
        return ""
    every = cells_of(results, machine)
    bases = {where: results.base(machine, where[0]) or "" for where in every}
    places = [
        where
        for where in every
        if cost(results, machine, bases[where], where)
        and exact.results.of(exact.machine, bases[where], where)
    ]
    if not places:
        return ""
    beside = exact

    def make(label: str, name: str, where: Where) -> str:
        base = bases[where]
        before = cost(results, machine, base, where) if name != base else None
        cells = _native(cost(results, machine, name, where), before)
        cells += beside.cells(name, where, base)
        if "-" in cells:
            notes.add(NOTE_PART)
        return row(label, cells, WIDTHS, LABEL)

    lines = [
        f"Instructions, native beside exact [{machine} / {exact.machine}]",
        wrap(
            "Native: of a cycle of the loop, both ends, by the processor's counters. "
            "Exact: of such a cycle in kernel mode, where the guest counts it, and of "
            "a sample, from trigger to return of the wait, which is part of one. The "
            "guest's kernel is a smaller one: hold changes against each other, not "
            "levels."
        ),
        OVER,
        row("", HEADS, WIDTHS, LABEL),
        *groups(results, machine, places, make),
    ]
    return "\n".join(lines) + "\n"


def _native(got: Cost | None, base: Cost | None) -> list[str]:
    """A cycle, in kernel mode, and what changes against the baseline."""
    if got is None:
        return ["-", "", ""]
    all_, before = (each.of("instructions") if each else None for each in (got, base))
    change = "" if all_ is None or before is None else f"{all_ - before:+.0f}"
    return [number(all_), number(got.of("instructions", "k")), change]
