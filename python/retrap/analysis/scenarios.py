# SPDX-License-Identifier: GPL-2.0-only
"""One scenario against another, on each side and at each placement.

Both ran in the same boots. Exact samples are judged by their shift; else a boot has
one difference, or where there are few boots a round of processes (within.py).
"""

from __future__ import annotations

from retrap.analysis import family
from retrap.analysis.comparison import NO_SCENARIO, Comparison, compare_sides
from retrap.analysis.side import of
from retrap.analysis.verdict import NOT_APPLICABLE, Judgement
from retrap.analysis.within import paired
from retrap.results.store import Machine, Results


def against(results: Results, base: str, test: str) -> list[Comparison]:
    """Rows whose `base` and `test` are the scenarios. Over boots they are decided
    together."""
    found = []
    for machine in results.machines:
        present = (*results.sides(machine, base), *results.sides(machine, test))
        here = [
            row
            for side in dict.fromkeys(present)
            for placement in results.placements(machine)
            if (row := _row(results, machine, (base, test), side, placement))
        ]
        found += here if machine.exact else family.corrected(here, family.PATHS)
    return found


def side_of(row: Comparison) -> str:
    """Who was measured."""
    return next(each.cells[0].side for each in row.sides if each)


def _row(
    results: Results,
    machine: Machine,
    names: tuple[str, str],
    side: str,
    placement: str,
) -> Comparison | None:
    first, second = (of(results, machine, side, (name, placement)) for name in names)
    where = names[1], placement
    if first is None and second is None:
        return None
    if first is None or second is None:
        lacks = names[0] if first is None else names[1]
        why = results.why_missing(machine, side, (lacks, placement)) or NO_SCENARIO
        got = Judgement(NOT_APPLICABLE, warnings=(why,))
        return Comparison(machine, where, *names, (first, second), got, (why,))
    if machine.exact:
        return compare_sides(machine, where, names, (first, second))
    return paired(machine, where, names, (first, second), results.margin)
