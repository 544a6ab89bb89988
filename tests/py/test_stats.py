# SPDX-License-Identifier: GPL-2.0-only
"""Known answers, and boots simulated with and without a difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as sps

from retrap.analysis import stats


def ints(*values: int) -> stats.Values:
    return np.array(values, dtype=np.int64)


def test_quantiles_are_values_that_were_observed() -> None:
    got = stats.quantiles(ints(*range(1, 11)))
    assert got is not None
    assert (got.minimum, got.p10, got.median, got.p90) == (1, 1, 5, 9)
    assert (got.maximum, got.count, got.p99) == (10, 10, None)
    two_classes = stats.quantiles(ints(8000, 8000, 9200, 9200))
    assert two_classes is not None and two_classes.median == 8000


def test_p99_begins_at_3000_samples() -> None:
    for size, expected in ((2999, None), (3000, 2970)):
        got = stats.quantiles(np.arange(1, size + 1))
        assert got is not None and got.p99 == expected


def test_nothing_measured_is_none_not_zero() -> None:
    assert stats.quantiles(ints()) is None
    assert stats.cheapest_class(ints()) is None


def test_sweeps_are_consecutive_and_keep_every_sample() -> None:
    values = np.repeat(np.arange(10), 7)
    use = np.ones(70, dtype=bool)
    assert stats.sweep_medians(values, use) == tuple(range(10))
    assert stats.sweep_medians(np.arange(23), np.ones(23, dtype=bool))[0] == 1
    use[7:14] = False  # one sweep failed altogether: it has no median
    assert stats.sweep_medians(values, use) == (0, 2, 3, 4, 5, 6, 7, 8, 9)


def mixture(rng: np.random.Generator, *classes: tuple[int, int]) -> stats.Values:
    """Classes of (cost, count), each a few instructions wide, shuffled."""
    parts = [cost + 3 * rng.integers(0, 7, count) for cost, count in classes]
    values = np.concatenate(parts)
    rng.shuffle(values)
    return np.asarray(values, dtype=np.int64)


@pytest.mark.parametrize("seed", range(20))
def test_cheapest_class_of_a_period_mixture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = mixture(rng, (8000, 830), (9200, 150), (12000, 20))
    got = stats.cheapest_class(values)
    assert got is not None
    assert got.share == 0.83
    assert 8000 <= got.value <= got.top <= 8018


def test_cheapest_class_may_be_the_smaller_one() -> None:
    values = mixture(np.random.default_rng(1), (8000, 100), (9200, 900))
    got = stats.cheapest_class(values)
    assert got is not None and got.share == 0.1 and got.top <= 8018


def test_a_few_early_samples_are_no_class() -> None:
    """Under 1 % below the gap: a class of its own would be an outlier rule."""
    values = mixture(np.random.default_rng(2), (6000, 9), (8000, 800), (9200, 191))
    got = stats.cheapest_class(values)
    assert got is not None and (got.share, got.value // 100) == (0.8, 80)
    enough = mixture(np.random.default_rng(2), (6000, 10), (8000, 800), (9200, 190))
    got = stats.cheapest_class(enough)
    assert got is not None and got.share == 0.01


def test_few_samples_need_five_below() -> None:
    got = stats.cheapest_class(ints(1000, 1000, 1000, 1000, *[9000] * 16))
    assert got is not None and (got.share, got.value) == (0.8, 9000)
    got = stats.cheapest_class(ints(*[1000] * 5, *[9000] * 15))
    assert got is not None and got.share == 0.25


def test_a_gap_is_wider_than_the_branches_of_a_class() -> None:
    """Whatever the median: a period update costs the same on a long path."""
    for low in (1000, 20000):
        one = stats.cheapest_class(ints(*[low] * 50, *[low + 32] * 50))
        two = stats.cheapest_class(ints(*[low] * 50, *[low + 33] * 50))
        assert one is not None and one.share == 1.0
        assert two is not None and two.share == 0.5


def test_one_class_without_a_gap() -> None:
    got = stats.cheapest_class(np.arange(8000, 9000))
    assert got is not None and (got.share, got.value) == (1.0, 8000)


@pytest.mark.parametrize(
    ("base", "test", "verdict"),
    [
        ((10, 12), (13, 15), "more"),
        ((10, 12), (7, 9), "fewer"),
        ((10, 12), (12, 15), "~"),
        ((10, 10), (10, 10), "~"),
        ((), (10,), "~"),
    ],
)
def test_range_verdict(
    base: tuple[int, ...], test: tuple[int, ...], verdict: str
) -> None:
    assert stats.range_verdict(base, test) == verdict


def test_median_interval_is_of_order_statistics() -> None:
    got = stats.boot_median([6, 1, 5, 2, 4, 3])
    assert (got.median, got.ci, got.warnings) == (3.5, (1.0, 6.0), ())
    assert stats.boot_median(range(1, 21)).ci == (6.0, 15.0)  # the textbook's n = 20


def test_five_boots_have_no_interval() -> None:
    got = stats.boot_median([1, 2, 3, 4, 5])
    assert got.ci is None and got.warnings == ("need >= 6 boots per variant",)


def test_median_interval_covers() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(2000):
        ci = stats.boot_median(rng.exponential(1, 9)).ci
        assert ci is not None
        hits += ci[0] <= np.log(2) <= ci[1]
    assert 0.945 <= hits / 2000 <= 0.98  # exact level for n = 9: 0.961


@pytest.mark.parametrize(
    ("m", "n", "critical"),
    [(6, 6, 5), (5, 7, 5), (8, 8, 13), (10, 10, 23), (20, 20, 127)],
)
def test_u_quantile_is_the_printed_table(m: int, n: int, critical: int) -> None:
    assert stats._u_quantile(m, n) == stats._u_quantile(n, m) == critical


def test_too_few_boots_decide_nothing() -> None:
    got = stats.compare_boots([1, 2, 3, 4, 5], [101, 102, 103, 104, 105, 106])
    assert (got.verdict, got.p_value, got.ci) == ("~", None, None)
    assert got.warnings == ("need >= 6 boots per variant",)


def test_complete_separation_of_six_boots() -> None:
    got = stats.compare_boots([1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16])
    assert got.verdict == "more" and got.delta == 10
    assert got.p_value == pytest.approx(2 / 924)
    assert got.ci == (7.0, 13.0)


def simulated(shift: float, boots: int, rounds: int) -> tuple[float, float]:
    """Share decided, share of intervals that hold the shift: skewed boots."""
    rng = np.random.default_rng(4)
    decided = covered = 0
    for _ in range(rounds):
        base = 3500 * rng.lognormal(0, 0.05, boots)
        test = 3500 * rng.lognormal(0, 0.05, boots) + shift
        got = stats.compare_boots(list(base), list(test))
        assert got.ci is not None
        decided += got.verdict != "~"
        covered += got.ci[0] <= shift <= got.ci[1]
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
        got = stats.compare_boots(list(base), list(test))
        assert got.ci is not None
        assert (got.verdict == "~") == (got.ci[0] <= 0 <= got.ci[1])


def test_many_boots_use_the_normal_limit() -> None:
    rng = np.random.default_rng(6)
    base, test = rng.normal(0, 1, 60), rng.normal(1, 1, 60)
    got = stats.compare_boots(list(base), list(test))
    assert got.ci is not None and got.verdict == "more"
    assert got.ci[0] < 1 < got.ci[1]
    expected = sps.mannwhitneyu(base, test, method="asymptotic").pvalue
    assert got.p_value == pytest.approx(float(expected))


def test_the_estimate_lies_in_its_interval() -> None:
    """A difference of two medians may not: here it is 10, and no difference of two
    boots but one is."""
    base, test = [0, 1, 2, 30, 31, 32], [12, 13, 14, 15, 16, 17]
    got = stats.compare_boots(base, test)
    differences = sorted(t - b for t in test for b in base)
    assert got.delta == (differences[17] + differences[18]) / 2
    assert got.ci is not None and got.ci[0] <= got.delta <= got.ci[1]
