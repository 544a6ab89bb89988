# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's interfaces against each other, within its boots.

A kernel that offers several is measured through each in every boot. A boot then has
a difference of two medians, and what the boot itself adds to both is not in it. One
boot can have many rounds, each with a process of either side; a boot then has many
differences. In `exact`, where nothing of a boot adds to a number, there is no such
thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from retrap.analysis import family, layouts, pairs
from retrap.analysis.compare import against_base
from retrap.analysis.comparison import BOOT, NO_SCENARIO, PROCESS
from retrap.analysis.comparison import Comparison, Where
from retrap.analysis.side import Side, cells_of, of
from retrap.analysis.summarize import warnings
from retrap.analysis.verdict import NOT_APPLICABLE, Judgement
from retrap.results.store import Cell, Machine, Results

LISTEN = "listen"  # what the others are held against
LACK = "lack a median of one of the two and are left out"
IN_ONE_ORDER = (
    "one of the two ran before the other in each boot: what drifts within a boot is "
    "in the difference"
)
OF_PROCESSES = (
    "{} pairs of processes of {} stand for boots: what another boot would change is "
    "not in the interval"
)
Pair = tuple[Cell, Cell]


@lru_cache(maxsize=4)
def within_boots(results: Results) -> tuple[Comparison, ...]:
    """Each interface of a kernel against its `listen`, else its first."""
    rows: list[Comparison] = []
    for machine in (each for each in results.machines if not each.exact):
        found = alone(results, machine)
        rows += family.together(found, results.floors, results.margin)
    return tuple(layouts.survived(rows, layouts.of_each(results, within_boots)))


def alone(results: Results, machine: Machine) -> list[Comparison]:
    """The rows of a machine, before they are decided together."""
    found = (
        _compared(results, machine, where, names)
        for where in cells_of(results, machine)
        for names in _interfaces(results, machine, where)
    )
    return [row for row in found if any(row.sides)]


def changed(
    results: Results, machine: Machine, name: str, where: Where
) -> Comparison | None:
    """What a side changes against the baseline: between boots or, where the two share
    them, within."""
    base = results.base(machine, where[0])
    key = (machine, base, name, where)
    rows = within_boots(results)
    found = (c for c in rows if (c.machine, c.base, c.test, c.where) == key)
    return against_base(results, machine, name, where) or next(found, None)


def changes(
    results: Results, machine: Machine, name: str, scenario: str
) -> list[Comparison]:
    """The same at each placement that has it, in their order."""
    places = results.placements(machine)
    found = (changed(results, machine, name, (scenario, place)) for place in places)
    return [one for one in found if one]


def _interfaces(
    results: Results, machine: Machine, where: Where
) -> Iterator[tuple[str, str]]:
    """(base, test) of the sides of each kernel that has several."""
    kernels: dict[str, list[str]] = {}
    for name in results.sides(machine, where[0]):
        kernels.setdefault(results.kernel(name), []).append(name)
    several = [names for names in kernels.values() if len(names) > 1]
    through = {c.side: c.interface for c in results.cells()} if several else {}
    for names in several:
        base = next((name for name in names if through[name] == LISTEN), names[0])
        yield from ((base, name) for name in names if name != base)


def _compared(
    results: Results, machine: Machine, where: Where, names: tuple[str, str]
) -> Comparison:
    base, test = (of(results, machine, name, where) for name in names)
    if base is None or test is None:
        lacks = names[0] if base is None else names[1]
        why = results.why_missing(machine, lacks, where) or NO_SCENARIO
        got = Judgement(NOT_APPLICABLE, warnings=(why,))
        return Comparison(machine, where, *names, (base, test), got, (why,), True)
    return paired(machine, where, names, (base, test), results.margin)


def paired(
    machine: Machine,
    where: Where,
    names: tuple[str, str],
    sides: tuple[Side, Side],
    margin: float,
) -> Comparison:
    """Two sides that were measured in the same boots: of each boot one difference, of
    its median of one less that of the other. Where there are too few boots for a
    verdict and each has several rounds, a round of processes stands for a boot, and
    the row says so."""
    base, test = sides
    both = _pairs(base, test)
    notes = []
    rounds = {cell.boot_path for cell in (*base.cells, *test.cells)}
    if len(both) < len(rounds):
        notes.append(f"{len(rounds) - len(both)} of {len(rounds)} boots {LACK}")
    if both:
        base, test = (Side(cells) for cells in zip(*both))
    unit = BOOT
    first, second = (each.boot_medians if both else () for each in (base, test))
    if len(first) < pairs.FEWEST <= len(both):
        unit = PROCESS
        first, second = (
            tuple(m for m in each.medians if m is not None) for each in (base, test)
        )
        notes.append(OF_PROCESSES.format(len(both), _boots(base.boots)))
    got = pairs.judge(first, second, margin)
    notes += [text for cell in (*base.cells, *test.cells) for text in warnings(cell)]
    notes += _in_one_order(both)
    told = tuple(dict.fromkeys((*notes, *got.warnings)))
    return Comparison(machine, where, *names, (base, test), got, told, True, unit=unit)


def _boots(number: int) -> str:
    return "one boot" if number == 1 else f"{number} boots"


def _pairs(base: Side, test: Side) -> list[Pair]:
    """Of the rounds in which both have a median."""
    known = [
        {
            cell.boot_path: cell
            for cell, median in zip(each.cells, each.medians, strict=True)
            if median is not None
        }
        for each in (base, test)
    ]
    return [(cell, known[1][p]) for p, cell in known[0].items() if p in known[1]]


def _in_one_order(both: list[Pair]) -> list[str]:
    """Where the order of the two was not by chance."""
    places = [(base.place, test.place) for base, test in both]
    if len(both) < pairs.FEWEST:
        return []
    first = {a < b for a, b in places if a is not None and b is not None}
    return [IN_ONE_ORDER] if len(first) == 1 else []
