# SPDX-License-Identifier: GPL-2.0-only
"""The verdict over boots: known answers, and boots simulated with and without a
difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as sps

from retrap.analysis import boots
from retrap.analysis.verdict import DECIDED, MORE, SAME, UNDECIDED


def test_median_interval_is_of_order_statistics() -> None:
    got = boots.boot_median([6, 1, 5, 2, 4, 3])
    assert (got.median, got.ci, got.warnings) == (3.5, (1.0, 6.0), ())
    assert boots.boot_median(range(1, 21)).ci == (6.0, 15.0)  # the textbook's n = 20


def test_five_boots_have_no_interval() -> None:
    got = boots.boot_median([1, 2, 3, 4, 5])
    assert got.ci is None and got.warnings == ("need >= 6 boots per variant",)


def test_median_interval_covers() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(2000):
        ci = boots.boot_median(rng.exponential(1, 9)).ci
        assert ci is not None
        hits += ci[0] <= np.log(2) <= ci[1]
    assert 0.945 <= hits / 2000 <= 0.98  # exact level for n = 9: 0.961


@pytest.mark.parametrize(
    ("m", "n", "critical"),
    [(6, 6, 5), (5, 7, 5), (8, 8, 13), (10, 10, 23), (20, 20, 127)],
)
def test_u_quantile_is_the_printed_table(m: int, n: int, critical: int) -> None:
    assert boots._u_quantile(m, n, 0.05) == boots._u_quantile(n, m, 0.05) == critical


def test_too_few_boots_decide_nothing() -> None:
    got = boots.judge([1, 2, 3, 4, 5], [101, 102, 103, 104, 105, 106])
    assert (got.verdict, got.p_value, got.low) == (UNDECIDED, None, None)
    assert got.estimate == 100.5
    assert got.warnings == ("need >= 6 boots per variant",)


def test_complete_separation_of_six_boots() -> None:
    got = boots.judge([1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16])
    assert got.verdict == MORE and got.estimate == 10
    assert got.p_value == pytest.approx(2 / 924)
    assert (got.low, got.high) == (7.0, 13.0)


def simulated(shift: float, size: int, rounds: int) -> tuple[float, float]:
    """Share decided, share of intervals that hold the shift: skewed boots."""
    rng = np.random.default_rng(4)
    decided = covered = 0
    for _ in range(rounds):
        base = 3500 * rng.lognormal(0, 0.05, size)
        test = 3500 * rng.lognormal(0, 0.05, size) + shift
        got = boots.judge(list(base), list(test))
        assert got.low is not None and got.high is not None
        decided += got.verdict in DECIDED
        covered += got.low <= shift <= got.high
    return decided / rounds, covered / rounds


def test_null_is_decided_at_most_as_often_as_alpha() -> None:
    decided, covered = simulated(0, 8, 2000)
    assert 0.03 <= decided <= 0.065  # exact level for 8 and 8: 0.0499
    assert 0.935 <= covered <= 0.97


def test_shift_is_found() -> None:
    decided, covered = simulated(500, 8, 500)
    assert decided > 0.95
    assert 0.93 <= covered <= 0.98


def test_interval_and_verdict_agree() -> None:
    rng = np.random.default_rng(5)
    for _ in range(500):
        base, test = rng.normal(0, 1, 7), rng.normal(0.9, 1, 9)
        got = boots.judge(list(base), list(test))
        assert got.low is not None and got.high is not None
        assert (got.verdict == UNDECIDED) == (got.low <= 0 <= got.high)


def test_many_boots_use_the_normal_limit() -> None:
    rng = np.random.default_rng(6)
    base, test = rng.normal(0, 1, 60), rng.normal(1, 1, 60)
    got = boots.judge(list(base), list(test))
    assert got.low is not None and got.high is not None
    assert got.verdict == MORE and got.low < 1 < got.high
    expected = sps.mannwhitneyu(base, test, method="asymptotic").pvalue
    assert got.p_value == pytest.approx(float(expected))


def test_the_estimate_lies_in_its_interval() -> None:
    """A difference of two medians may not: here it is 10, and no difference of two
    boots but one is."""
    base, test = [0, 1, 2, 30, 31, 32], [12, 13, 14, 15, 16, 17]
    got = boots.judge(base, test)
    differences = sorted(t - b for t in test for b in base)
    assert got.estimate == (differences[17] + differences[18]) / 2
    assert got.low is not None and got.high is not None
    assert got.low <= got.estimate <= got.high


def test_same_is_within_a_hundredth() -> None:
    """Not what is merely undecided: the interval of 90 % has to be that small."""
    base = [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007]
    assert boots.judge(base, [each + 0.5 for each in base]).verdict == SAME
    wide = [1000 + 20 * (each - 1000) for each in base]
    assert boots.judge(wide, [each + 0.5 for each in wide]).verdict == UNDECIDED
    assert boots.judge(base, [each + 50 for each in base]).verdict == MORE


def test_without_a_boot_there_is_no_estimate() -> None:
    got = boots.judge([], [1, 2])
    assert (got.verdict, got.estimate) == (UNDECIDED, None)
