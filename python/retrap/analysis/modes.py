# SPDX-License-Identifier: GPL-2.0-only
"""Two modes of a cell: where they part, and whether there are two at all.

The samples of all boots and kernels are pooled, by the logarithm of their latency.
They are parted where the absolute distances of both parts to their medians add up to
the least (Otsu's method with medians: Xue and Titterington, Median-based image
thresholding, 2011), which a few outliers do not move.

Any samples can be parted. Two modes have a valley between them: of the way from the
median of one part to that of the other the middle third holds less than either outer
third, which of one mode it never does. Of the boots of a kernel that hold both parts,
it holds at most half of the emptier outer third, and by a test of signs that is no
chance. These are most boots of the kernel: what each boot has one of is no mode but a
difference of boots, and in their medians.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
from scipy import stats as sps

from retrap.analysis.comparison import Where
from retrap.analysis.side import Side, of
from retrap.analysis.statistic import Statistic
from retrap.results.stats import BINS
from retrap.results.store import Machine, Results
from retrap.results.summary import Summary

BOTH = 0.05  # of a boot's samples, in the smaller part
VALLEY = 0.5  # of the emptier outer third, in the middle
CHANCE = 0.01
APART = 6  # steps of the clock or bins, between the medians: less is not told apart

Counts = npt.NDArray[np.int64]  # of bins, from the lowest there is


@dataclass(frozen=True)
class Parts:
    """By bin: where the upper part begins, and the medians of both. `step`: from a bin
    that holds something to the next; with a coarse clock more than one."""

    split: int
    medians: tuple[int, int]
    step: float


@lru_cache(maxsize=1024)
def upper_mode(results: Results, machine: Machine, where: Where) -> Statistic | None:
    """The share of a boot's samples that are in the upper mode of a cell; None where
    it has one mode."""
    names = results.sides(machine, where[0])
    sides = [side for name in names if (side := of(results, machine, name, where))]
    return of_sides(sides)


def of_sides(sides: Sequence[Side]) -> Statistic | None:
    """Of sides of one cell."""
    first = found([[s.bins for s in side.summaries if s.bins] for side in sides])
    if first is None:
        return None
    of = partial(_share, first)
    return Statistic("upper mode", of, split=float(2 ** (first / BINS)))


def _share(first: int, summary: Summary) -> float | None:
    """From a bin on."""
    if not summary.bins:
        return None
    upper = sum(count for place, count in summary.bins.items() if place >= first)
    return upper / sum(summary.bins.values())


def found(sides: Sequence[Sequence[dict[int, int]]]) -> int | None:
    """The bin at which the upper of two modes begins; `sides` have one histogram a
    boot."""
    every = [bins for side in sides for bins in side]
    if not every:
        return None
    low = min(min(bins) for bins in every)
    size = max(max(bins) for bins in every) - low + 1
    counts = [[_counts(bins, low, size) for bins in side] for side in sides]
    parts = part(np.sum([each for side in counts for each in side], axis=0))
    return low + parts.split if any(two_modes(c, parts) for c in counts) else None


def part(counts: Counts) -> Parts:
    """All samples in two."""
    places = np.arange(counts.size)
    below = np.cumsum(counts)

    def cost(split: int) -> float:
        lower, upper = _medians(below, split)
        middle = np.where(places < split, lower, upper)
        return float((counts * np.abs(places - middle)).sum())

    splits = [n for n in range(1, counts.size) if counts[n - 1]] or [0]
    best = min(splits, key=cost)
    gap = int(np.argmax(counts[best:] > 0))  # which the split is in the middle of
    return Parts(best + gap // 2, _medians(below, best), _step(counts, below))


def _step(counts: Counts, below: Counts) -> float:
    """The usual one, of the nine tenths in the middle."""
    first, last = np.searchsorted(below, (0.05 * below[-1], 0.95 * below[-1]))
    filled = np.flatnonzero(counts[first : last + 1])
    return float(np.median(np.diff(filled))) if filled.size > 1 else math.inf


def _medians(below: Counts, split: int) -> tuple[int, int]:
    """Of the two parts; `below`: how many samples each bin and those before it hold."""
    under = int(below[split - 1]) if split else 0
    half = (under / 2, (under + int(below[-1])) / 2)
    lower, upper = (int(np.searchsorted(below, each)) for each in half)
    return lower, upper


def two_modes(boots: Iterable[Counts], parts: Parts) -> bool:
    """Whether most boots of a kernel hold both parts, and a valley between them."""
    boots = list(boots)
    both = [counts for counts in boots if _smaller(counts, parts.split) >= BOTH]
    low, high = parts.medians
    if high - low < APART * parts.step or 2 * len(both) <= len(boots):
        return False
    thirds = np.array_split(sum(both, np.zeros_like(both[0]))[low : high + 1], 3)
    first, middle, last = (int(third.sum()) for third in thirds)
    outer = min(first, last)
    if not outer or middle > VALLEY * outer:
        return False
    test = sps.binomtest(middle, middle + outer, 0.5, alternative="less")
    return bool(test.pvalue <= CHANCE)


def _smaller(counts: Counts, split: int) -> float:
    share = float(counts[split:].sum() / counts.sum())
    return min(share, 1 - share)


def _counts(bins: dict[int, int], low: int, size: int) -> Counts:
    found = np.zeros(size, dtype=np.int64)
    for bin_, count in bins.items():
        found[bin_ - low] = count
    return found
