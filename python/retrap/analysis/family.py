# SPDX-License-Identifier: GPL-2.0-only
"""Rows over boots that are decided together.

Of many rows some seem decided by chance. Holm's correction keeps the chance of one
false row in a whole family at ALPHA. The rows of paths are a family. The floors are
another: they are negative controls, for no patch touches what they run. Where one of
them moves, something else is in the difference, and the rows of paths are void.

Another statistic of the same boots has families of its own: what is asked besides
takes nothing from the medians.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from retrap.analysis import boots, verdict
from retrap.analysis.comparison import Comparison
from retrap.analysis.statistic import MEDIAN

PATHS, FLOORS, AGAIN = "paths", "floors", "again"


def together(
    rows: Sequence[Comparison],
    floors: frozenset[str],
    margin: float,
    also: Iterable[Comparison] = (),
) -> list[Comparison]:
    """Rows over boots of one machine and statistic, in their order. `also`: floors by
    another statistic, which are controls too."""
    controls = corrected([row for row in rows if row.scenario in floors], FLOORS)
    paths = corrected([row for row in rows if row.scenario not in floors], PATHS)
    moved = [row for row in (*controls, *also) if _moved(row, margin)]
    done = iter(_void(paths, moved)), iter(controls)
    return [next(done[row.scenario in floors]) for row in rows]


def corrected(rows: Sequence[Comparison], family: str) -> list[Comparison]:
    """By Holm. What is decided alone and not among the others is undecided; or the
    same, where it is so little."""
    alone = [row.judgement.p_value for row in rows]
    tested = [p for p in alone if p is not None]
    among = iter(holm(tested))
    return [
        _corrected(row, family, None if p is None else next(among), len(tested))
        for row, p in zip(rows, alone, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Each as it counts among all: at most ALPHA where Holm's test rejects it."""
    found = [0.0] * len(p_values)
    largest, left = 0.0, len(p_values)
    for place in sorted(range(len(p_values)), key=p_values.__getitem__):
        largest = max(largest, min(1.0, left * p_values[place]))
        found[place] = largest
        left -= 1
    return found


def _corrected(
    row: Comparison, family: str, p_holm: float | None, rows: int
) -> Comparison:
    if p_holm is None:
        return dataclasses.replace(row, family=family)
    least = row.detectable_at(boots.ALPHA / rows)  # at the least p: the hardest
    got = dataclasses.replace(row.judgement, p_holm=p_holm, detectable=least)
    warnings = row.warnings
    if row.decided and p_holm > boots.ALPHA:
        said = verdict.SAME if got.within_margin else verdict.UNDECIDED
        told = f"alone it is {row.verdict}; by Holm, among {rows} rows, {said}"
        warnings = (*warnings, told)
        got = dataclasses.replace(got, verdict=said)
    return dataclasses.replace(row, judgement=got, warnings=warnings, family=family)


def _moved(row: Comparison, margin: float) -> bool:
    whole, by = row.whole, row.judgement.estimate
    if not row.decided or whole is None or by is None:
        return False
    return abs(by) > margin * whole


def _void(rows: Iterable[Comparison], moved: Sequence[Comparison]) -> list[Comparison]:
    """The rows of kernels of which a floor moved."""
    found = []
    for row in rows:
        mine = [each for each in moved if each.test_kernel == row.test_kernel]
        if mine and row.verdict != verdict.NOT_APPLICABLE:
            told = f"void: of {row.test_kernel}, {', '.join(map(_of_floor, mine))}"
            got = dataclasses.replace(row.judgement, verdict=verdict.VOID)
            row = dataclasses.replace(
                row, judgement=got, warnings=(told, *row.warnings)
            )
        found.append(row)
    return found


def _of_floor(row: Comparison) -> str:
    """`floor/syscall same-cpu moved by +11.2%`; of another statistic than the median
    `p99 of floor/syscall ...`"""
    of = "" if row.statistic is MEDIAN else f"{row.statistic.name} of "
    by = row.relative(row.judgement.estimate)
    return f"{of}{row.scenario} {row.placement} moved by {by}"
