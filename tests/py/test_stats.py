# SPDX-License-Identifier: GPL-2.0-only
"""Known answers."""

from __future__ import annotations

import numpy as np
import pytest

from retrap.results import stats


def ints(*values: int) -> stats.Values:
    return np.array(values, dtype=np.int64)


def test_quantiles_are_values_that_were_observed() -> None:
    got = stats.quantiles(ints(*range(1, 11)))
    assert got is not None
    assert (got.minimum, got.p10, got.median, got.p90) == (1, 1, 5, 9)
    assert (got.maximum, got.count, got.p99) == (10, 10, None)
    two_classes = stats.quantiles(ints(8000, 8000, 9200, 9200))
    assert two_classes is not None and two_classes.median == 8000


def test_p99_begins_where_order_statistics_give_it_an_interval() -> None:
    """Of so many samples the largest lies beyond p99 with a chance of 97.5 %."""
    assert 0.99**368 <= 0.025 < 0.99**367
    for size, expected in ((367, None), (368, 365)):
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
