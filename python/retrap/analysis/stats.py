# SPDX-License-Identifier: GPL-2.0-only
"""Statistics: arrays in, dataclasses out. No files, no printing, no plotting.

Nothing is dropped as an outlier, and no distribution is assumed. Within a
boot samples are not independent, so `exact` is judged by the spread of its
sweeps (it repeats exactly: there is no noise to test against), and `vm` and
`bare-metal` by whole boots, one median each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats as sps

SWEEPS = 10
SMALL_SWEEP = 10  # below this many samples a sweep, its median is a coin toss
MIN_BOOTS = 6  # the first n whose order statistics give a 95 % interval
ALPHA = 0.05
P99_FROM = 3000  # 30 samples beyond the quantile
GAP_UNITS = 32  # a gap between classes is wider than this many instructions:
# measured, the branches of one class differ by 6 to 17, classes by 34 and more
BELOW_SHARE = 0.01  # a class has at least this share of the samples,
BELOW_COUNT = 5  # and at least so many: a few early samples are no class

Values = npt.NDArray[np.int64]
Floats = Sequence[float]


@dataclass(frozen=True)
class Quantiles:
    """Each is a value that was observed: none is interpolated between classes."""

    count: int
    minimum: int
    p10: int
    median: int
    p90: int
    p99: int | None
    maximum: int


@dataclass(frozen=True)
class CheapClass:
    """The samples from `value`, the cheapest of them, up to `top`."""

    value: int
    share: float
    top: int


@dataclass(frozen=True)
class BootMedian:
    """Median of one median per boot and its 95 % interval, None below 6 boots."""

    boots: int
    median: float
    ci: tuple[float, float] | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class BootComparison:
    """Test against base. `ci` is of the shift, in the unit of the samples."""

    delta: float
    p_value: float | None
    ci: tuple[float, float] | None
    verdict: str
    warnings: tuple[str, ...]


def quantiles(values: Values) -> Quantiles | None:
    """None when there is no value."""
    if values.size == 0:
        return None
    shares = (0.1, 0.5, 0.9, 0.99)
    low, mid, high, tail = np.quantile(values, shares, method="inverted_cdf")
    return Quantiles(
        count=int(values.size),
        minimum=int(values.min()),
        p10=int(low),
        median=int(mid),
        p90=int(high),
        p99=int(tail) if values.size >= P99_FROM else None,
        maximum=int(values.max()),
    )


def median(values: Values) -> int:
    """The smallest observed value with at least half of the values up to it."""
    return int(np.quantile(values, 0.5, method="inverted_cdf"))


def sweep_medians(
    values: Values, use: npt.NDArray[np.bool_], parts: int = SWEEPS
) -> tuple[int, ...]:
    """The median of each sweep: of what `use` admits of it."""
    return tuple(median(part) for part in _sweeps(values, use, parts))


def sweep_minima(
    values: Values, use: npt.NDArray[np.bool_], parts: int = SWEEPS
) -> tuple[int, ...]:
    """The minimum of each sweep: of what `use` admits of it."""
    return tuple(int(part.min()) for part in _sweeps(values, use, parts))


def _sweeps(values: Values, use: npt.NDArray[np.bool_], parts: int) -> Iterator[Values]:
    """`parts` equal consecutive parts, less what `use` does not admit.

    Cut by position, so that a sweep covers the same phases whatever failed in
    it; when the samples do not divide evenly the first parts have one more.
    A sweep with no usable sample is left out.
    """
    cut = zip(np.array_split(values, parts), np.array_split(use, parts), strict=True)
    return (part[keep] for part, keep in cut if keep.any())


def cheapest_class(values: Values) -> CheapClass | None:
    """The lowest class of a mixture that is no accident.

    A gap wider than GAP_UNITS between two neighbours of the sorted values
    divides two classes. The first one that holds BELOW_SHARE of the values, and
    BELOW_COUNT of them, is the cheapest class. It is known by its lowest value:
    its median moves with the mix of branches, its lowest value is one path.
    """
    if values.size == 0:
        return None
    ordered = np.sort(values)
    least = max(BELOW_COUNT, math.ceil(BELOW_SHARE * values.size))
    classes = np.split(ordered, np.flatnonzero(np.diff(ordered) > GAP_UNITS) + 1)
    found = next((part for part in classes if part.size >= least), ordered)
    return CheapClass(int(found[0]), found.size / values.size, int(found[-1]))


def range_verdict(base: Floats, test: Floats) -> str:
    """`fewer` or `more` if the two ranges do not overlap, else `~`."""
    if not len(base) or not len(test):
        return "~"
    if max(test) < min(base):
        return "fewer"
    if min(test) > max(base):
        return "more"
    return "~"


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


def compare_boots(base: Floats, test: Floats) -> BootComparison:
    """One median per boot, decided at ALPHA, from 6 boots a side.

    The estimate is that of Hodges and Lehmann: the median of all differences between
    a boot of `test` and one of `base`. Its interval is Moses': order statistics of the
    same differences. Decided is what has 0 outside of it. p is that of Mann-Whitney's
    test, which the interval inverts, up to ties.
    """
    delta = float(np.median(np.subtract.outer(test, base)))
    if min(len(base), len(test)) < MIN_BOOTS:
        return BootComparison(delta, None, None, "~", (_need_boots(),))
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
    interval = _shift_interval(base, test)
    verdict = "fewer" if interval[1] < 0 else "more" if interval[0] > 0 else "~"
    return BootComparison(delta, p_value, interval, verdict, ())


def _shift_interval(base: Floats, test: Floats) -> tuple[float, float]:
    """Moses' distribution-free interval of test - base."""
    differences = np.sort(np.subtract.outer(np.asarray(test), np.asarray(base)).ravel())
    skip = _u_quantile(len(base), len(test))
    return float(differences[skip]), float(differences[-1 - skip])


def _u_quantile(m: int, n: int) -> int:
    """The largest c with P(U <= c) <= ALPHA / 2 for Mann-Whitney's U, no ties."""
    if m * n > 2500:
        spread = math.sqrt(m * n * (m + n + 1) / 12)
        bound = m * n / 2 + float(sps.norm.ppf(ALPHA / 2)) * spread
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
        if seen / total > ALPHA / 2:
            return u - 1
    raise AssertionError("the counts do not add up")


def _need_boots() -> str:
    return f"need >= {MIN_BOOTS} boots per variant"
