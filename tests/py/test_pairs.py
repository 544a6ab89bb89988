# SPDX-License-Identifier: GPL-2.0-only
"""The verdict over differences within boots: known answers, and boots simulated with
and without a difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as sps

from retrap.analysis import boots, pairs
from retrap.analysis.verdict import DECIDED, FEWER, MORE, SAME, UNDECIDED

D8 = (1, 2, 4, 8, 16, 32, 64, 128)


def test_the_estimate_is_the_median_of_the_walsh_averages() -> None:
    got = pairs.judge([0] * 8, D8)
    every = sorted((a + b) / 2 for i, a in enumerate(D8) for b in D8[i:])
    assert got.estimate == np.median(every) == 19.0
    assert (got.low, got.high) == (every[3], every[-4])  # the textbook's: 3 of eight


@pytest.mark.parametrize(
    ("n", "critical"), [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (15, 25), (20, 52)]
)
def test_the_rank_is_that_of_the_printed_table(n: int, critical: int) -> None:
    """Of Wilcoxon's signed rank, two-sided 5 %: the averages are named by number."""
    averages = np.arange(n * (n + 1) // 2, dtype=float)
    low, high, confidence = pairs.interval(averages, n, 0.05)
    assert (low, high) == (critical, averages.size - 1 - critical)
    below = pairs.signed_rank(n)[: critical + 1].sum()
    assert confidence == pytest.approx(1 - 2 * below) and confidence >= 0.95


def test_the_attained_confidence_is_told() -> None:
    got = pairs.judge([0] * 8, [1, 2, 3, 4, 5, 6, 7, 8])
    assert got.confidence == 1 - 2 * 5 / 256
    assert got.p_value == pytest.approx(2 / 256)


def test_seven_pairs_decide_nothing() -> None:
    base = [1, 2, 3, 4, 5, 6, 7]
    got = pairs.judge(base, [each + 100 for each in base])
    assert (got.verdict, got.estimate, got.low) == (UNDECIDED, 100.0, None)
    assert got.warnings == ("need >= 8 boots that have both",)
    assert pairs.judge([], []).estimate is None


def test_what_a_boot_adds_to_both_is_not_in_it() -> None:
    """Boots a thousand apart, and a difference of three: pairs find it, two sets of
    boots do not."""
    base = [1000.0 * n for n in range(1, 9)]
    test = [each + 3 + n / 10 for n, each in enumerate(base)]
    assert pairs.judge(base, test).verdict == MORE
    assert pairs.judge(test, base).verdict == FEWER
    assert boots.judge(base, test).verdict == UNDECIDED


def test_same_is_within_a_hundredth() -> None:
    base = [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007]
    noise = [1, -1, 2, -2, 3, -3, 4, -4]
    near = [b + n for b, n in zip(base, noise)]
    far = [b + 20 * n for b, n in zip(base, noise)]
    assert pairs.judge(base, near).verdict == SAME
    assert pairs.judge(base, far).verdict == UNDECIDED
    assert pairs.judge(base, base).verdict == SAME  # whose p has no ranks
    assert pairs.judge(base, base).p_value == 1.0


def simulated(shift: float, n: int, rounds: int) -> tuple[float, float]:
    """Share decided, share of intervals that hold the shift: two skewed processes in a
    boot, which adds to both."""
    rng = np.random.default_rng(8)
    decided = covered = 0
    for _ in range(rounds):
        boot = 4000 * rng.lognormal(0, 0.2, n)
        base = boot + 40 * rng.lognormal(0, 1, n)
        test = boot + 40 * rng.lognormal(0, 1, n) + shift
        got = pairs.judge(list(base), list(test))
        assert got.low is not None and got.high is not None
        decided += got.verdict in DECIDED
        covered += got.low <= shift <= got.high
    return decided / rounds, covered / rounds


@pytest.mark.parametrize(
    ("n", "attained"), [(8, 0.9609375), (10, 0.951171875), (12, 0.957519531)]
)
def test_the_interval_covers_as_often_as_it_says(n: int, attained: float) -> None:
    decided, covered = simulated(0, n, 2000)
    assert covered == pytest.approx(attained, abs=0.014)  # three sd of 2000 rounds
    assert decided == pytest.approx(1 - attained, abs=0.014)


def test_shift_is_found() -> None:
    decided, covered = simulated(300, 8, 500)
    assert decided > 0.95 and covered > 0.93


def test_interval_and_p_value_agree() -> None:
    """It is scipy's, where no two differences are of one size."""
    rng = np.random.default_rng(9)
    for _ in range(300):
        base, test = rng.normal(0, 1, 9), rng.normal(0.6, 1, 9)
        got = pairs.judge(list(base), list(test))
        exact = sps.wilcoxon(test - base, method="exact").pvalue
        assert got.p_value == pytest.approx(exact)
        assert (got.verdict == UNDECIDED) == (exact > 0.05)


def test_ties_decide_no_more_than_they_may() -> None:
    """One of several sizes, or none: the interval and p still agree."""
    for differences in ([1] * 8, [0, 0, 1, 1, 2, 2, 3, 3], [-1, 0, 0, 1, 1, 1, 1, 1]):
        got = pairs.judge([10] * 8, [10 + d for d in differences])
        assert got.p_value is not None and got.low is not None
        assert (got.p_value <= 0.05) == (got.low > 0)
    assert pairs.judge([10] * 8, [11] * 8).p_value == 2 / 2**8


def test_many_pairs_take_no_time() -> None:
    rng = np.random.default_rng(10)
    base = rng.normal(1000, 100, 300)
    got = pairs.judge(list(base), list(base + rng.normal(1, 5, 300)))
    assert got.verdict in (MORE, SAME) and got.confidence is not None
    assert 0.95 <= got.confidence < 0.951
