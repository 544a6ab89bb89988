# SPDX-License-Identifier: GPL-2.0-only
"""Statistics: arrays in, dataclasses out. No files, no printing, no plotting.

Nothing is dropped as an outlier, and no distribution is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np
import numpy.typing as npt

SWEEPS = 10
SMALL_SWEEP = 10  # below this many samples a sweep, its median is a coin toss
# From here on order statistics give p99 an interval of 95 %: the largest of so many
# values lies beyond it with a chance of 97.5 % (David and Nagaraja, Order Statistics,
# section 7.1). Of a median these are six.
P99_FROM = math.ceil(math.log(0.025) / math.log(0.99))
GAP_UNITS = 32  # a gap between classes is wider than this many instructions:
# measured, the branches of one class differ by 6 to 17, classes by 34 and more
BELOW_SHARE = 0.01  # a class has at least this share of the samples,
BELOW_COUNT = 5  # and at least so many: a few early samples are no class

MARGIN = 0.01  # of the baseline's median: what is surely less is the same

BINS = 64  # an octave: each is 1.1 % wide

Values = npt.NDArray[np.int64]


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


def middle(boots: Sequence[Quantiles]) -> Quantiles:
    """Over boots that do not repeat: of each quantile the lower median; p99 where each
    boot has one. `count`, `minimum` and `maximum` are of all."""
    tails = [each.p99 for each in boots if each.p99 is not None]
    return Quantiles(
        count=sum(each.count for each in boots),
        minimum=min(each.minimum for each in boots),
        p10=median_low([each.p10 for each in boots]),
        median=median_low([each.median for each in boots]),
        p90=median_low([each.p90 for each in boots]),
        p99=median_low(tails) if len(tails) == len(boots) else None,
        maximum=max(each.maximum for each in boots),
    )


def median(values: Values) -> int:
    """The smallest observed value with at least half of the values up to it."""
    return int(np.quantile(values, 0.5, method="inverted_cdf"))


def sweep_medians(
    values: Values, use: npt.NDArray[np.bool_], parts: int = SWEEPS
) -> tuple[int, ...]:
    """The median of each sweep: of what `use` admits of it."""
    return tuple(median(part) for part in _sweeps(values, use, parts))


def _sweeps(values: Values, use: npt.NDArray[np.bool_], parts: int) -> Iterator[Values]:
    """`parts` equal consecutive parts, less what `use` does not admit.

    Cut by position, so that a sweep covers the same phases whatever failed in
    it; when the samples do not divide evenly the first parts have one more.
    A sweep with no usable sample is left out.
    """
    cut = zip(np.array_split(values, parts), np.array_split(use, parts), strict=True)
    return (part[keep] for part, keep in cut if keep.any())


def bins(values: Values) -> dict[int, int]:
    """How many values are in each bin of those that have some; bin n begins at
    2 ** (n / BINS)."""
    places = np.floor(BINS * np.log2(np.maximum(values, 1))).astype(int)
    found, counts = np.unique(places, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


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
