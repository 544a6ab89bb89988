# SPDX-License-Identifier: GPL-2.0-only
"""How many rounds of processes it takes to find what one scenario costs more than
another, within a boot.

Of the pairs of processes that are there: their differences' spread, as a share of the
first's median, by its upper limit (planner.py). n of them find a change in 80 % of
repetitions by Student's test of one sample; 0.955 is the efficiency of Wilcoxon's
signed rank beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats as sps

from retrap.analysis import boots, pairs
from retrap.analysis.comparison import Comparison
from retrap.analysis.planner import UPPER

MOST = 1000  # rounds that are looked at
FEWEST = 3  # pairs of a pilot


@dataclass(frozen=True)
class Pairs:
    """Of a row: the spread of its differences as a share, of so many."""

    row: Comparison
    spread: float
    number: int

    @property
    def upper(self) -> float:
        below = float(sps.chi2.ppf(UPPER, self.number - 1))
        return self.spread * math.sqrt((self.number - 1) / below)

    def finds(self, n: int, alpha: float) -> float:
        """The share that `n` rounds find at `alpha`."""
        wanted = (1 - alpha / 2, boots.POWER)
        units = sum(float(sps.t.ppf(share, n - 1)) for share in wanted)
        return units * self.upper / math.sqrt(n * boots.EFFICIENCY)

    def rounds(self, share: float, rows: int) -> int | None:
        """The fewest that find it among `rows`; None: over MOST."""
        alpha = boots.ALPHA / rows
        for n in range(attainable(rows), MOST + 1):
            if self.finds(n, alpha) <= share:
                return n
        return None


def attainable(rows: int) -> int:
    """The fewest rounds whose least p Holm takes among `rows`."""
    n = pairs.FEWEST
    while 2 / 2**n > boots.ALPHA / rows:
        n += 1
    return n


def of_rows(rows: list[Comparison]) -> list[Pairs]:
    """Of those that have pairs enough."""
    found = []
    for row in rows:
        base, test = row.sides
        if row.machine.exact or base is None or test is None or not base.median:
            continue
        known = [
            second - first
            for first, second in zip(base.medians, test.medians, strict=True)
            if first is not None and second is not None
        ]
        if len(known) >= FEWEST:
            spread = float(np.std(known, ddof=1)) / base.median
            found.append(Pairs(row, spread, len(known)))
    return found
