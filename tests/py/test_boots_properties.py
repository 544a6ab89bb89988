# SPDX-License-Identifier: GPL-2.0-only
"""What must hold of the judge of boots whatever they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from retrap.analysis import boots, family, pairs
from retrap.analysis.verdict import FEWER, MORE, SAME, UNDECIDED, Judgement

Judge = Callable[[list[float], list[float]], Judgement]
Boots = list[float]

# Whole ns, as medians are: sums are exact, and few values make ties.
BOOTS = some.lists(some.integers(-300, 300).map(lambda d: 5000.0 + d), min_size=8)
FEW = some.lists(some.sampled_from([5000.0, 5001.0, 5002.0]), min_size=8, max_size=12)
ANY = BOOTS.filter(lambda each: len(each) <= 20) | FEW
BY = some.integers(-400, 400)
OTHER = {MORE: FEWER, FEWER: MORE, SAME: SAME, UNDECIDED: UNDECIDED}
JUDGES = pytest.mark.parametrize("judge", [boots.judge, pairs.judge])

# No example is too slow on a busy machine, and nothing is kept in the clone.
UNTIMED = settings(deadline=None, database=None)


def alike(base: Boots, test: Boots) -> tuple[Boots, Boots]:
    """As many of each, for the judge of pairs."""
    n = min(len(base), len(test))
    return base[:n], test[:n]


def ends(got: Judgement) -> tuple[float, float, float]:
    assert got.estimate is not None and got.low is not None and got.high is not None
    return got.low, got.estimate, got.high


@JUDGES
@UNTIMED
@given(ANY, ANY)
def test_the_estimate_lies_in_the_interval_and_decides_with_it(
    judge: Judge, base: Boots, test: Boots
) -> None:
    got = judge(*alike(base, test))
    low, estimate, high = ends(got)
    assert low <= estimate <= high
    assert (got.verdict == MORE) == (low > 0) and (got.verdict == FEWER) == (high < 0)
    assert got.p_value is not None and 0 < got.p_value <= 1


@JUDGES
@UNTIMED
@given(ANY, ANY, BY)
def test_what_is_added_to_one_side_is_in_the_estimate(
    judge: Judge, base: Boots, test: Boots, by: int
) -> None:
    base, test = alike(base, test)
    before, after = judge(base, test), judge(base, [each + by for each in test])
    assert ends(after) == tuple(each + by for each in ends(before))


@JUDGES
@UNTIMED
@given(ANY, ANY)
def test_the_other_way_round_it_is_the_other_way_round(
    judge: Judge, base: Boots, test: Boots
) -> None:
    base, test = alike(base, test)
    one, other = judge(base, test), judge(test, base)
    assert ends(one) == tuple(-each for each in ends(other)[::-1])
    assert one.p_value == pytest.approx(other.p_value)
    if SAME not in (one.verdict, other.verdict):  # of the base's median
        assert one.verdict == OTHER[other.verdict]


@UNTIMED
@given(ANY, some.randoms(use_true_random=False))
def test_their_order_does_not_matter(base: Boots, random: object) -> None:
    test = [each + 7 for each in base]
    mixed = test[:]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert boots.judge(base, test) == boots.judge(base, mixed)


@JUDGES
@UNTIMED
@given(some.integers(1, 9000), some.integers(8, 20))
def test_boots_that_all_tie_are_the_same(judge: Judge, value: int, n: int) -> None:
    got = judge([float(value)] * n, [float(value)] * n)
    assert (got.verdict, ends(got)) == (SAME, (0.0, 0.0, 0.0))


@UNTIMED
@given(some.lists(some.floats(0, 1), max_size=30))
def test_holm_only_raises_and_keeps_the_order(p_values: list[float]) -> None:
    found = family.holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, found))
    assert [found[i] for i in sorted(range(len(found)), key=p_values.__getitem__)] == (
        sorted(found)
    )
    if p_values:
        assert min(found) == pytest.approx(min(1, len(p_values) * min(p_values)))
