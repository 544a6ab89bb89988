# SPDX-License-Identifier: GPL-2.0-only
"""How many boots it takes to find a change, from boots that are there.

Of each cell: the spread of boots (levels.py) gives the change that n boots of each
kernel find in 80 % of repetitions (boots.py), at the level that Holm leaves among all
rows. The spread is taken by its upper limit, for a pilot of few boots may have been
lucky. More samples a boot help as long as they cost less than what another boot brings
(Kalibera and Jones, Rigorous Benchmarking in Reasonable Time).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats as sps

from retrap.analysis import boots
from retrap.analysis.comparison import Where
from retrap.analysis.levels import levels
from retrap.analysis.side import of
from retrap.results.boot_times import BootTime
from retrap.results.store import Machine, Results

UPPER = 0.2  # the spread is below its limit with a chance of 80 %
MOST = 200  # boots of a kernel that are looked at
SAMPLES = (100, 100_000)  # a cell and boot: no fewer, no more


@dataclass(frozen=True)
class Spread:
    """Of a cell, as shares of its median: what boots vary by, and what their samples
    alone make a boot's median vary by. `freedom`: of the first. `samples` a boot."""

    where: Where
    boots: float
    samples_part: float
    freedom: int
    samples: int

    @property
    def upper(self) -> float:
        """Of the spread of boots."""
        below = float(sps.chi2.ppf(UPPER, self.freedom))
        return self.boots * math.sqrt(self.freedom / below)

    def finds(self, n: int, alpha: float) -> float:
        """The share that `n` boots of each kernel find at `alpha`."""
        wanted = (1 - alpha / 2, boots.POWER)
        units = sum(float(sps.t.ppf(share, 2 * n - 2)) for share in wanted)
        return units * self.upper * math.sqrt(2 / n / boots.EFFICIENCY)

    def blocks(self, share: float, rows: int) -> int | None:
        """The fewest boots of each kernel that find it among `rows`; None: over
        MOST."""
        for n in range(attainable(rows), MOST + 1):
            if self.finds(n, boots.ALPHA / rows) <= share:
                return n
        return None

    def best_samples(self, boot_s: float, sample_s: float) -> int:
        """A boot, where a boot without them takes `boot_s` and each `sample_s`."""
        within = self.samples_part**2 * self.samples
        between = max(self.boots**2 - self.samples_part**2, 0.05 * self.boots**2)
        if not sample_s or not between:
            return self.samples
        best = math.sqrt(boot_s / sample_s * within / between)
        return int(min(max(best, SAMPLES[0]), SAMPLES[1]))


def attainable(rows: int) -> int:
    """The fewest boots of each kernel whose least p Holm takes among `rows`."""
    n = boots.MIN_BOOTS
    while 2 / math.comb(2 * n, n) > boots.ALPHA / rows:
        n += 1
    return n


def spreads_that_find(share: float, rows: int, most: int) -> dict[str, float]:
    """By how many boots there are of each kernel, below `most`: the largest spread of a
    kernel's boots with which they find `share` among `rows`. That ends a cell
    (executors/precision.py)."""
    found = {}
    for n in range(attainable(rows), most):
        one = Spread(("", ""), 1.0, 0.0, n - 1, 0)
        found[str(n)] = share / one.finds(n, boots.ALPHA / rows)
    return found


def spreads(
    results: Results, machine: Machine, places: Sequence[Where]
) -> list[Spread]:
    """Of those of the cells that have two boots of a kernel."""
    found = []
    for where in places:
        names = results.sides(machine, where[0])
        sides = [side for name in names if (side := of(results, machine, name, where))]
        got = levels(side for side in sides if len(side.boot_medians) > 1)
        if got and got.medians is not None:
            part = math.sqrt(got.by_samples or 0.0)
            spread = math.sqrt(got.medians)
            found.append(Spread(where, spread, part, got.freedom, got.samples))
    return found


def duration_s(one: BootTime, boots_: int, more: float) -> float:
    """Of so many boots and the one into the machine's own kernel, with `more` times
    the samples that `one` took."""
    return boots_ * (one.up + one.quiet + more * one.measured) + one.up
