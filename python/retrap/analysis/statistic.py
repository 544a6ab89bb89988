# SPDX-License-Identifier: GPL-2.0-only
"""What a boot is known by: one number of the samples of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from retrap.results.measured import Cell
from retrap.results.summary import Summary


@dataclass(frozen=True)
class Statistic:
    """`of` the samples of a process; None: they do not have it. `split`: of a share,
    the nanoseconds from which on a sample counts."""

    name: str
    of: Callable[[Summary], float | None]
    split: float | None = None

    @property
    def share(self) -> bool:
        """It is a share of the samples, and else in their unit."""
        return self.split is not None

    def each(self, cells: Iterable[Cell]) -> tuple[float | None, ...]:
        """One a process."""
        found = (self.of(cell.summary) if cell.summary else None for cell in cells)
        return tuple(None if each is None else float(each) for each in found)

    def values(self, cells: Iterable[Cell]) -> tuple[float, ...]:
        """One a boot that has it, of its processes the one in the middle."""
        cells, found = tuple(cells), dict[str, list[float]]()
        for cell, value in zip(cells, self.each(cells), strict=True):
            if value is not None:
                found.setdefault(cell.booted, []).append(value)
        return tuple(
            float(np.median(some)) if len(some) > 1 else some[0]
            for some in found.values()
        )


MEDIAN = Statistic("median", lambda of: of.quantiles.median if of.quantiles else None)
P99 = Statistic("p99", lambda of: of.quantiles.p99 if of.quantiles else None)
