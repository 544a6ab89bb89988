# SPDX-License-Identifier: GPL-2.0-only
"""The table of what a cycle costs the processor, where its counters were read."""

from __future__ import annotations

from retrap.analysis.side import cells_of
from retrap.analysis.cost import NOTHING, Cost, cost, disagree
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.analysis.within import changed
from retrap.base.textgrid import Notes, row, wrap
from retrap.report.timetable import groups, why_not
from retrap.results.store import Machine, Results

TITLES = ("cycles", "in kernel", "instr.", "in kernel", "IPC")
WIDTHS = (9, 11, 10, 11, 6)
DISAGREES = "*"
NOTE_DISAGREES = (
    f"{DISAGREES} time changed and instructions did not, to {100 * NOTHING:.0f} %, or "
    "the other way: look at misses and waiting"
)
NOTE_PART = "-: not counted"


def cost_table(results: Results, machine: Machine, notes: Notes) -> str:
    """Empty where no cell has both cycles and instructions."""
    places = cells_of(results, machine)
    found = {
        (where, name): got
        for where in places
        for name in results.sides(machine, where[0])
        if (got := cost(results, machine, name, where))
    }
    if not found:
        return ""

    def make(label: str, name: str, where: tuple[str, str]) -> str:
        got = found.get((where, name))
        if got is None:
            has = results.of(machine, name, where)
            why = why_not(results.why_missing(machine, name, where))
            notes.add(NOTE_PART if has else why)
            said = "-" if has else NOT_APPLICABLE
            return row(label, (said, "", "", "", ""), WIDTHS)
        base = found.get((where, results.base(machine, where[0]) or ""))
        compared = changed(results, machine, name, where)
        if base and compared and disagree(compared, base, got):
            notes.add(NOTE_DISAGREES)
            label += f" {DISAGREES}"
        return row(label, _cells(got), WIDTHS)

    lines = [
        f"Cost of a cycle: CPU cycles and instructions [{machine}]",
        wrap(
            "Counted by perf stat in runs of their own, of both ends and of all that "
            "re-arms the loop; of several boots the median. IPC: instructions a CPU "
            "cycle."
        ),
        row("", TITLES, WIDTHS),
        *groups(results, machine, [w for w in places if _any(found, w)], make),
    ]
    return "\n".join(lines) + "\n"


def _any(
    found: dict[tuple[tuple[str, str], str], Cost], where: tuple[str, str]
) -> bool:
    return any(key[0] == where for key in found)


def _cells(got: Cost) -> list[str]:
    numbers = [
        got.of(event, mode)
        for event in ("cycles", "instructions")
        for mode in ("", "k")
    ]
    texts = ["-" if number is None else f"{number:.0f}" for number in numbers]
    return [*texts, "-" if got.ipc is None else f"{got.ipc:.2f}"]
