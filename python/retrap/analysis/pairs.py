# SPDX-License-Identifier: GPL-2.0-only
"""Differences within boots, one a boot: what a boot adds to both sides cancels.

The estimate is that of Hodges and Lehmann for one sample: the median of the Walsh
averages, which are those of each two differences and of each with itself. Its
interval is made of order statistics of the same averages, by the distribution of
Wilcoxon's signed-rank statistic. It assumes that the differences lie symmetrically.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from retrap.analysis import verdict
from retrap.analysis.boots import ALPHA
from retrap.analysis.verdict import Judgement
from retrap.results.stats import MARGIN

FEWEST = 8  # with fewer an interval of pairs is wider than they are worth
TOO_FEW = f"need >= {FEWEST} boots that have both"

Floats = npt.NDArray[np.float64]


def needed(rows: int) -> int:
    """Boots that a difference takes when Holm decides so many rows together: all of
    one sign have a p of 2 / 2^n, and the least p of all meets ALPHA / rows.

    >>> needed(1), needed(23), needed(46)
    (8, 10, 11)
    """
    return max(FEWEST, math.ceil(math.log2(2 * max(1, rows) / ALPHA)))


def judge(
    base: Sequence[float],
    test: Sequence[float],
    margin: float = MARGIN,
    whole: float | None = None,
) -> Judgement:
    """`base` and `test`: a number each of the same boots, in the same order. Decided
    and the same are as in boots.py; p is that of the signed-rank test, which the
    interval inverts."""
    differences = np.subtract(test, base, dtype=float)
    if not differences.size:
        return Judgement(verdict.UNDECIDED, warnings=("no boot has both",))
    averages = walsh(differences)
    estimate = float(np.median(averages))
    if differences.size < FEWEST:
        return Judgement(verdict.UNDECIDED, estimate, warnings=(TOO_FEW,))
    low, high, confidence = interval(averages, differences.size, ALPHA)
    said = verdict.of_interval(low, high)
    narrow = interval(averages, differences.size, 2 * ALPHA)
    near = max(-narrow[0], narrow[1]) < margin * (whole or float(np.median(base)))
    if said == verdict.UNDECIDED and near:
        said = verdict.SAME
    p_value = _p(averages, differences.size)
    return Judgement(
        said,
        estimate,
        low,
        high,
        p_value=p_value,
        confidence=confidence,
        within_margin=near,
    )


def location(values: Sequence[float]) -> float:
    """The middle of some numbers by the estimator of the differences.

    >>> location([58, 58, 59, 110]), location([1, 1, 2, 2])
    (58.75, 1.5)
    """
    return float(np.median(walsh(np.asarray(values, dtype=float))))


def walsh(differences: Floats) -> Floats:
    """The n (n + 1) / 2 averages, sorted."""
    first, second = np.triu_indices(differences.size)
    return np.sort((differences[first] + differences[second]) / 2)


def interval(averages: Floats, n: int, alpha: float) -> tuple[float, float, float]:
    """Its ends, and the confidence that it attains, at least 1 - alpha."""
    below = np.cumsum(signed_rank(n))
    skip = int(np.searchsorted(below, alpha / 2, side="right")) - 1
    ends = averages[skip], averages[-1 - skip]
    return float(ends[0]), float(ends[1]), float(1 - 2 * below[skip])


def signed_rank(n: int) -> Floats:
    """The probability of each sum of ranks, from 0, that have one sign: each of the
    ranks 1 to n has it with probability 1/2."""
    found = np.zeros(n * (n + 1) // 2 + 1)
    found[0] = 1.0
    for rank in range(1, n + 1):
        found[rank:] = (found[rank:] + found[:-rank]) / 2
        found[:rank] /= 2
    return found


def _p(averages: Floats, n: int) -> float:
    """Of the averages, as many have a sign as the sum of its ranks; one that is 0 has
    either. So p is below alpha where the interval leaves out 0, and nowhere else."""
    fewest = min((averages <= 0).sum(), (averages >= 0).sum())
    return min(1.0, 2 * float(np.cumsum(signed_rank(n))[fewest]))
