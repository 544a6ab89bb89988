# SPDX-License-Identifier: GPL-2.0-only
"""A result as a multiple of the futex floor: how many round trips of a futex its median
is worth, on the same kernel at the same placement. Nothing is subtracted."""

from __future__ import annotations

from retrap.analysis.side import of
from retrap.results.futex import FLOOR
from retrap.results.store import Machine, Results


def multiple(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> float | None:
    """Of the side `name` in the cell `where`; None where either has no median."""
    kernel = results.kernel(name)
    path = of(results, machine, name, where)
    for each in results.sides(machine, FLOOR):
        floor = of(results, machine, each, (FLOOR, where[1]))
        if results.kernel(each) == kernel and floor and floor.median:
            return path.median / floor.median if path and path.median else None
    return None
