# SPDX-License-Identifier: GPL-2.0-only
"""A/A: the baseline against itself.

Each block of a machine boots the baseline twice. What the two differ by, no patch
makes. They are pooled in a cell where they are shown to be the same; elsewhere the
first boot of each block alone is the base.
"""

from __future__ import annotations

from functools import lru_cache

from retrap.analysis import family
from retrap.analysis.comparison import Comparison, Where, compare_sides
from retrap.analysis.side import Side, cells_of, of
from retrap.analysis.verdict import SAME
from retrap.campaign.manifest import AGAIN
from retrap.results.store import Machine, Results

NOT_POOLED = (
    "A/A: the baseline twice is not shown to be the same; the first is the base"
)
MOVED = "A/A: the baseline differs from itself"


@lru_cache(maxsize=4)
def rows(results: Results) -> tuple[Comparison, ...]:
    """Of each cell whose baseline was booted twice a block."""
    found: list[Comparison] = []
    for machine in (each for each in results.machines if not each.exact):
        here = []
        for where in cells_of(results, machine):
            base = results.base(machine, where[0])
            both = _halves(of(results, machine, base, where)) if base else None
            if base and both:
                names = base, f"{base} again"
                margin = results.margin
                here.append(compare_sides(machine, where, names, both, margin=margin))
        found += family.corrected(here, family.AGAIN)
    return tuple(found)


def base_of(
    results: Results, machine: Machine, base: str, where: Where
) -> tuple[Side | None, tuple[str, ...]]:
    """The boots that others are held against, and what is to be said of them."""
    whole = of(results, machine, base, where)
    key = machine, base, where
    pair = next((r for r in rows(results) if (r.machine, r.base, r.where) == key), None)
    if pair is None or pair.verdict == SAME:
        return whole, ()
    return pair.sides[0], (MOVED if pair.decided else NOT_POOLED,)


def _halves(one: Side | None) -> tuple[Side, Side] | None:
    """First and second boots of the blocks."""
    cells = one.cells if one else ()
    second = tuple(cell for cell in cells if cell.boot.endswith(AGAIN))
    first = tuple(cell for cell in cells if not cell.boot.endswith(AGAIN))
    return (Side(first), Side(second)) if first and second else None
