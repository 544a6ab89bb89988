# SPDX-License-Identifier: GPL-2.0-only
"""Each side against the baseline of one directory.

Computed once; CSV, tables, sentences, mail and figures render what is here. Rows over
boots are decided together (family.py). Interfaces of one kernel share its boots, so
that they are compared within them (within.py).
"""

from __future__ import annotations

from functools import lru_cache

from retrap.analysis import again, family, layouts
from retrap.analysis.comparison import NO_SCENARIO, Comparison, Where, compare_sides
from retrap.analysis.side import Side, cells_of, of
from retrap.results.store import Machine, Results


@lru_cache(maxsize=8)
def comparisons(results: Results) -> tuple[Comparison, ...]:
    """Every side against the baseline, on each machine the baseline ran on, by their
    medians; but for sides that share its boots."""
    rows: list[Comparison] = []
    for machine in results.machines:
        found = list(alone(results, machine))
        if not machine.exact:
            found = family.together(found, results.floors, results.margin)
        rows += found
    return tuple(layouts.survived(rows, layouts.of_each(results, comparisons)))


@lru_cache(maxsize=8)
def alone(results: Results, machine: Machine) -> tuple[Comparison, ...]:
    """The rows of a machine, before they are decided together."""
    found = (
        _against(results, machine, where, test)
        for where in cells_of(results, machine)
        for test in results.sides(machine, where[0])
    )
    return tuple(row for row in found if row)


def _against(
    results: Results, machine: Machine, where: Where, test: str
) -> Comparison | None:
    base = results.base(machine, where[0])
    if base is None or test == base:
        return None
    if not machine.exact and results.kernel(base) == results.kernel(test):
        return None
    first, notes = again.base_of(results, machine, base, where)
    second = of(results, machine, test, where)
    if first is None and second is None:
        return None
    lacks = base if first is None else test
    why = results.why_missing(machine, lacks, where) or NO_SCENARIO
    sides, names, margin = (first, second), (base, test), results.margin
    return compare_sides(machine, where, names, sides, why, margin, notes)


def against_base(
    results: Results, machine: Machine, name: str, where: Where
) -> Comparison | None:
    """A side's in one cell; None of the baseline itself."""
    key = (machine, name, where)
    found = (c for c in comparisons(results) if (c.machine, c.test, c.where) == key)
    return next(found, None)


def shown(results: Results, machine: Machine, name: str, where: Where) -> Side | None:
    """A side beside the others: of the baseline the boots that they are held against,
    which may be the first of each block alone (again.py)."""
    key = machine, name, where
    rows = (c for c in comparisons(results) if (c.machine, c.base, c.where) == key)
    found = next(rows, None)
    return found.sides[0] if found else of(results, machine, name, where)
