# SPDX-License-Identifier: GPL-2.0-only
"""The table `What varies`: boots, runs and samples of each cell."""

from __future__ import annotations

from retrap.analysis.levels import Levels, of_side
from retrap.analysis.side import cells_of
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.base.textgrid import Notes, row, wrap
from retrap.report.timetable import BOOTS_LABEL, paths_then_floors
from retrap.results.store import Machine, Results

HEADS = ("boots", "boot", "run", "sample", "medians", "by samples")
WIDTHS = (6, 9, 9, 9, 9, 12)
TOLD = (
    "Standard deviations, in % of the median: of a boot, of a run (process) within a "
    "boot, of a sample within a run. medians: what the medians of the boots vary by; "
    "by samples: the part of it that their samples make, which is in neither boot nor "
    "run."
)
NOTE_RUN = "run -: one run a boot, which is not told apart from its boot"
NOTE_BELOW = "0: the estimate is below 0, for what is within it explains it all"


def levels_table(results: Results, machine: Machine, notes: Notes) -> str:
    """Empty of exact samples, which repeat."""
    places = cells_of(results, machine)
    if machine.exact or not places:
        return ""

    def make(label: str, name: str, where: tuple[str, str]) -> str:
        got = of_side(results, machine, name, where)
        if got is None:
            cells = [NOT_APPLICABLE, *[""] * (len(HEADS) - 1)]
            return row(label, cells, WIDTHS, BOOTS_LABEL)
        if got.run is None:
            notes.add(NOTE_RUN)
        for level, value in (("boot", got.boot), ("run", got.run)):
            if value is not None and value < 0:
                notes.add(NOTE_BELOW, f"{level} of {' '.join(where)} {name}")
        return row(label, [str(got.boots), *_cells(got)], WIDTHS, BOOTS_LABEL)

    lines = [f"What varies [{machine}]", wrap(TOLD)]
    lines.append(row("", HEADS, WIDTHS, BOOTS_LABEL))
    lines += paths_then_floors(results, machine, places, make)
    return "\n".join(lines) + "\n"


def _cells(got: Levels) -> list[str]:
    """In % of the median."""
    shares = got.deviations.values()
    return ["-" if each is None else f"{100 * each:.2f}" for each in shares]
