# SPDX-License-Identifier: GPL-2.0-only
"""Exact samples against exact samples: by how many instructions all are shifted.

A patch that adds d instructions to a path adds them to each class of samples
on it (docs/methodology.md), whatever share the classes have. Medians and the
cheapest class move with the shares; the shift does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retrap.analysis import verdict
from retrap.results.stats import Values, median
from retrap.analysis.verdict import Judgement

COVERED = 0.9  # of either side, by a shift that explains both
PRESENT = 0.002  # a value with a smaller share is an accident
LEAST = 0.05  # of the samples coincide, or it is no explanation
SAME = 0.95  # of the samples coincide where two sides are the same
MOST = 0.5  # a shift of fewer is no estimate
FEWEST = 200  # samples a side: the classes of fewer are not all there
FEW = 500  # a kernel's own state was seen to last for hundreds of samples
CLASS = 0.01  # a class smaller than that is not spoken of
TAIL = 0.01  # at each end, of what no shift explains
NOT_ONE = "no one shift explains its classes: the change is {} to {}"
RANGE = NOT_ONE.partition("{")[0]  # how the note of one begins
TAKE_MORE = f"samples = {FEWEST} or more, in the experiment"


@dataclass(frozen=True)
class Shift:
    """Moved by `delta`, a `share` of the base's samples lies on as many of the
    test's, and of either side `covered` lies on values that the other has."""

    delta: int
    share: float
    covered: float


def shifts(base: Values, test: Values) -> list[Shift]:
    """All there are, the one that covers most first, then the smallest."""
    from_, n = np.unique(base, return_counts=True)
    to, m = np.unique(test, return_counts=True)
    p, q = np.broadcast_arrays(n / base.size, (m / test.size)[:, None])
    deltas, where = np.unique(np.subtract.outer(to, from_), return_inverse=True)

    def sums(parts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.asarray(np.bincount(where.ravel(), parts.ravel()).round(9))

    shares = sums(np.minimum(p, q))
    covered = np.minimum(sums(p * (q >= PRESENT)), sums(q * (p >= PRESENT)))
    best = np.lexsort((np.abs(deltas), -shares, -covered))
    return [Shift(int(deltas[i]), float(shares[i]), float(covered[i])) for i in best]


def judge(base: Values, test: Values) -> Judgement:
    """Samples of two sides. Equal ones are the same. Else the shifts that explain
    both sides decide by their sign, and 0 alone is the same where nearly all samples
    coincide. Where none explains them, all differences of a sample to a sample do, if
    they are closer to each other than to 0."""
    if not base.size or not test.size:
        return Judgement(verdict.UNDECIDED, warnings=("no sample succeeded",))
    if base.size == test.size and bool((base == test).all()):
        return Judgement(verdict.SAME, 0, 0, 0, 1.0)
    found = shifts(base, test)
    best = found[0]
    good = [each.delta for each in found if _explains(each)]
    if good:
        low, high = min(good), max(good)
    else:
        ends = (TAIL, 1 - TAIL)
        a, b = (np.quantile(x, ends, method="inverted_cdf") for x in (base, test))
        low, high = int(b[0] - a[1]), int(b[1] - a[0])
    most = best.covered >= MOST
    estimate = best.delta if most else median(test) - median(base)
    said = verdict.of_interval(low, high)
    if not good and abs(estimate) < high - low:
        said = verdict.UNDECIDED  # its size is not known
    if (low, high) == (0, 0) and best.share >= SAME:
        said = verdict.SAME
    notes = _alone(base, test, best.delta) if said == verdict.SAME else []
    if min(base.size, test.size) < FEWEST:
        said = verdict.UNDECIDED
        notes.append(f"under {FEWEST} samples: its classes are not all seen")
    elif min(base.size, test.size) < FEW:
        notes.append(f"under {FEW} samples: a state that lasts longer is not seen")
    if not good and said in verdict.DECIDED:
        notes.append(NOT_ONE.format(f"{low:+}", f"{high:+}"))
    share = best.share if most else None
    return Judgement(said, estimate, low, high, share, warnings=tuple(notes))


def _explains(one: Shift) -> bool:
    return one.covered >= COVERED and one.share >= LEAST


def _alone(base: Values, test: Values, delta: int) -> list[str]:
    """Classes that one side has and the other has not."""
    notes = []
    for mine, other in ((base + delta, test), (test, base + delta)):
        values, counts = np.unique(mine[~np.isin(mine, other)], return_counts=True)
        for value, count in zip(values, counts, strict=True):
            if count >= CLASS * mine.size:
                part = f"{100 * count / mine.size:.1f} % of the samples"
                notes.append(f"{part}, at {value}, are of one side alone")
    return notes
