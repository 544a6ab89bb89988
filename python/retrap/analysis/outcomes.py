# SPDX-License-Identifier: GPL-2.0-only
"""What else of the boots is compared: their 99th percentiles and, in cells of two
modes, the share of their samples that is in the upper one.

Each is one number a boot and is judged as the medians are, in families of its own.
Samples of `exact` repeat, and have none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from retrap.analysis import boots, compare, family, modes, pairs, within
from retrap.analysis.comparison import Comparison
from retrap.analysis.statistic import P99, Statistic
from retrap.results.store import Machine, Results


@lru_cache(maxsize=4)
def further(results: Results) -> tuple[Comparison, ...]:
    """A row for each of the medians that has it."""
    return tuple(
        row
        for machine in results.machines
        if not machine.exact
        for row in _of_machine(results, machine)
    )


def _of_machine(results: Results, machine: Machine) -> Iterator[Comparison]:
    medians = [row for row in compare.comparisons(results) if row.machine == machine]
    floors = tuple(row for row in medians if row.scenario in results.floors)

    def upper(row: Comparison) -> Statistic | None:
        return modes.upper_mode(results, machine, row.where)

    kinds: tuple[Callable[[Comparison], Statistic | None], ...] = (_p99, upper)
    for rows, controls in (
        (compare.alone(results, machine), floors),
        (within.alone(results, machine), ()),
    ):
        for kind in kinds:
            found = list(_judged(rows, kind, results.margin))
            yield from family.together(found, results.floors, results.margin, controls)


def _p99(row: Comparison) -> Statistic | None:
    """Where each process has so many samples."""
    known = [value for side in row.sides if side for value in P99.each(side.cells)]
    return None if None in known else P99


def _judged(
    rows: Iterable[Comparison],
    kind: Callable[[Comparison], Statistic | None],
    margin: float,
) -> Iterator[Comparison]:
    for row in rows:
        base, test = row.sides
        if base is None or test is None or row.judgement.estimate is None:
            continue
        if (statistic := kind(row)) is None:
            continue
        judge = pairs.judge if row.within else boots.judge
        row = replace(row, statistic=statistic)
        got = judge(row.values(base), row.values(test), margin, row.whole)
        told = tuple(dict.fromkeys((*row.warnings, *got.warnings)))
        yield replace(row, judgement=got, warnings=told)
