# SPDX-License-Identifier: GPL-2.0-only
"""Boots against boots, one number each: samples within a boot are not independent.

The estimate is that of Hodges and Lehmann: the median of all differences between
a boot of one and one of the other. Its interval is Moses': order statistics of the
same differences. No distribution is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats as sps

from retrap.analysis import verdict
from retrap.analysis.verdict import Judgement
from retrap.results.stats import MARGIN

MIN_BOOTS = 6  # the first n whose order statistics give a 95 % interval
ALPHA = 0.05
POWER, EFFICIENCY = 0.8, 0.955

Floats = Sequence[float]


@dataclass(frozen=True)
class BootMedian:
    """Median of one median per boot and its 95 % interval, None below 6 boots."""

    boots: int
    median: float
    ci: tuple[float, float] | None
    warnings: tuple[str, ...]


def boot_median(medians: Floats) -> BootMedian:
    """Of one median per boot. The interval is of order statistics: no model."""
    ordered = sorted(medians)
    n = len(ordered)
    rank = int(sps.binom.ppf(ALPHA / 2, n, 0.5))  # 0: too few boots
    enough = rank > 0
    return BootMedian(
        boots=n,
        median=float(np.median(ordered)),
        ci=(float(ordered[rank - 1]), float(ordered[n - rank])) if enough else None,
        warnings=() if enough else (_need_boots(),),
    )


def judge(
    base: Floats, test: Floats, margin: float = MARGIN, whole: float | None = None
) -> Judgement:
    """One number a boot, decided at ALPHA, from 6 boots a side.

    Decided is what has 0 outside of its interval; the same, what has the interval of
    2 * ALPHA within `margin`, a share of `whole`, by default of the base's median (two
    one-sided tests). p is that of Mann-Whitney's test, which the interval inverts, up
    to ties.
    """
    if not base or not test:
        return Judgement(verdict.UNDECIDED, warnings=("no sample succeeded",))
    every = np.subtract.outer(np.asarray(test), np.asarray(base)).ravel()
    estimate = float(np.median(every))
    if min(len(base), len(test)) < MIN_BOOTS:
        return Judgement(verdict.UNDECIDED, estimate, warnings=(_need_boots(),))
    ties = len(set(base) | set(test)) < len(base) + len(test)
    exact = not ties and len(base) * len(test) <= 2500
    p_value = float(
        sps.mannwhitneyu(
            base,
            test,
            alternative="two-sided",
            method="exact" if exact else "asymptotic",
        ).pvalue
    )
    (low, high), narrow = _intervals(every, len(base), len(test))
    said = verdict.of_interval(low, high)
    near = max(-narrow[0], narrow[1]) < margin * (whole or float(np.median(base)))
    if said == verdict.UNDECIDED and near:
        said = verdict.SAME
    return Judgement(said, estimate, low, high, p_value=p_value, within_margin=near)


def detectable(base: Floats, test: Floats, alpha: float) -> float | None:
    """The least difference that a test at `alpha` finds in 80 % of repetitions, in the
    unit of the medians; None below 6 boots a side.

    Of Student's test, with the standard deviation of the boots of both sides pooled;
    0.955 is the efficiency of Mann-Whitney's test beside it.
    """
    m, n = len(base), len(test)
    if min(m, n) < MIN_BOOTS:
        return None
    squares = np.var(base) * m + np.var(test) * n
    spread = math.sqrt(float(squares) / (m + n - 2))
    wanted = (1 - alpha / 2, POWER)
    units = sum(float(sps.t.ppf(share, m + n - 2)) for share in wanted)
    return units * spread * math.sqrt((1 / m + 1 / n) / EFFICIENCY)


def _intervals(
    every: npt.NDArray[np.float64], m: int, n: int
) -> Iterator[tuple[float, float]]:
    """Moses' distribution-free intervals of ALPHA and of 2 * ALPHA, of every
    difference."""
    skips = [_u_quantile(m, n, alpha) for alpha in (ALPHA, 2 * ALPHA)]
    ends = [(skip, every.size - 1 - skip) for skip in skips]
    ordered = np.partition(every, [place for pair in ends for place in pair])
    return ((float(ordered[low]), float(ordered[high])) for low, high in ends)


@lru_cache(maxsize=256)  # of each size, however many rows have it
def _u_quantile(m: int, n: int, alpha: float) -> int:
    """The largest c with P(U <= c) <= alpha / 2 for Mann-Whitney's U, no ties."""
    if m * n > 2500:
        spread = math.sqrt(m * n * (m + n + 1) / 12)
        bound = m * n / 2 + float(sps.norm.ppf(alpha / 2)) * spread
        return max(0, math.floor(bound))
    counts = [1] + [0] * (m * n)  # coefficients of the Gaussian binomial
    for i in range(1, n + 1):
        for u in range(m * n, m + i - 1, -1):
            counts[u] -= counts[u - m - i]
        for u in range(i, m * n + 1):
            counts[u] += counts[u - i]
    total, seen = math.comb(m + n, n), 0
    for u, count in enumerate(counts):
        seen += count
        if seen / total > alpha / 2:
            return u - 1
    raise AssertionError("the counts do not add up")


def _need_boots() -> str:
    return f"need >= {MIN_BOOTS} boots per variant"
