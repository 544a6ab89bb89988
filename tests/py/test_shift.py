# SPDX-License-Identifier: GPL-2.0-only
"""The shift of a mixture of classes: what it finds, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest

from retrap.analysis import shift
from retrap.results.stats import Values
from retrap.analysis.verdict import FEWER, MORE, SAME, UNDECIDED, Judgement

CLASSES = (7000, 7017, 7100, 7230)  # no two pairs of them are as far apart


def mixture(seed: int, *shares: float, size: int = 1000, added: int = 0) -> Values:
    """Classes, as the scheduler's load tracking makes them, in these shares."""
    generator = np.random.default_rng(seed)
    return generator.choice(CLASSES[: len(shares)], size=size, p=shares) + added


def said(got: Judgement) -> tuple[str, float | None]:
    return got.verdict, got.estimate


def test_a_constant_is_found_whatever_the_shares() -> None:
    base = mixture(1, 0.35, 0.25, 0.4)
    for added in (1, 11, -17, 100, 428):
        got = shift.judge(base, mixture(2, 0.15, 0.35, 0.5, added=added))
        assert said(got) == (MORE if added > 0 else FEWER, added)
        assert got.low == got.high == added


def test_equal_is_the_same() -> None:
    base = mixture(1, 0.5, 0.5)
    assert shift.judge(base, base) == Judgement(SAME, 0, 0, 0, 1.0)
    few = base[:3]  # however few
    assert shift.judge(few, few).verdict == SAME


def test_same_needs_the_same_shares() -> None:
    """A fast path that is missed more often has the classes that it had."""
    base = mixture(1, 0.6, 0.4)
    assert said(shift.judge(base, mixture(2, 0.6, 0.4))) == (SAME, 0)
    assert said(shift.judge(base, mixture(2, 0.4, 0.6))) == (UNDECIDED, 0)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
def test_a_class_that_moves_alone_does_not_speak_for_all(share: float) -> None:
    base, test = mixture(1, 1 - share, share), mixture(1, 1 - share, share)
    test[test == CLASSES[1]] += 50
    got = shift.judge(base, test)
    if share == 0.02:  # within what is called the same, and told
        assert said(got) == (SAME, 0)
        assert sum("of one side alone" in text for text in got.warnings) == 2
    elif share < 0.9:
        assert got.verdict == UNDECIDED
    else:
        assert said(got) == (MORE, 50)


def test_classes_that_change_their_shares_are_no_shift() -> None:
    """Nine tenths of the samples were in one class and are in another."""
    for share in (0.6, 0.8, 0.9, 0.94):
        base, test = mixture(1, share, 1 - share), mixture(2, 1 - share, share)
        assert shift.judge(base, test).verdict == UNDECIDED
        assert shift.judge(test, base).verdict == UNDECIDED


def test_a_class_that_comes_or_goes_is_undecided() -> None:
    """Slab and RCU make such: not to be told from a branch of a patch."""
    base, test = mixture(1, 1.0), mixture(2, 0.8, 0.0, 0.2)
    assert said(shift.judge(base, test)) == (UNDECIDED, 0)
    assert said(shift.judge(test, base)) == (UNDECIDED, 0)


def test_small_classes_do_not_hide_a_shift() -> None:
    base = mixture(1, 0.97, 0.01, 0.01, 0.01)
    got = shift.judge(base, mixture(2, 0.97, 0.01, 0.01, 0.01, added=3))
    assert said(got) == (MORE, 3)


def test_another_path_is_judged_by_all_differences() -> None:
    """No shift lays one on the other, and each sample is less than any other."""
    base, test = mixture(1, 0.1, 0.2, 0.1, 0.6), np.full(1000, 2015)
    got = shift.judge(base, test)
    assert (got.verdict, got.estimate) == (FEWER, 2015 - CLASSES[3])
    assert (got.low, got.high) == (2015 - CLASSES[3], 2015 - CLASSES[0])
    assert said(shift.judge(test, base)) == (MORE, CLASSES[3] - 2015)


def test_few_samples_decide_nothing() -> None:
    base, test = np.full(shift.FEWEST - 1, 100), np.full(shift.FEWEST - 1, 103)
    got = shift.judge(base, test)
    assert said(got) == (UNDECIDED, 3) and "under 200 samples" in got.warnings[0]
    got = shift.judge(np.full(shift.FEWEST, 100), np.full(shift.FEWEST, 103))
    assert said(got) == (MORE, 3) and "under 500 samples" in got.warnings[0]


def test_noise_has_no_shift() -> None:
    generator = np.random.default_rng(3)
    base, test = (generator.integers(0, 5000, 1000) for _ in range(2))
    got = shift.judge(base, test)
    assert got.verdict == UNDECIDED and got.share is None
    assert got.low is not None and got.high is not None
    assert got.low < -4000 and got.high > 4000


def test_without_samples_there_is_no_estimate() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    for pair in ((nothing, nothing), (nothing, np.ones(3)), (np.ones(3), nothing)):
        got = shift.judge(*pair)
        assert (got.verdict, got.estimate) == (UNDECIDED, None)


def test_turned_round_it_has_the_other_sign() -> None:
    base, test = mixture(1, 0.4, 0.4, 0.2), mixture(2, 0.3, 0.4, 0.3, added=9)
    one, other = shift.judge(base, test), shift.judge(test, base)
    assert said(one) == (MORE, 9) and said(other) == (FEWER, -9)
    assert one.low == -other.high and one.share == other.share


def test_accidents_on_both_sides_are_no_explanation() -> None:
    """Moved by 70, nearly all of either lies on a value of the other: a small one."""
    base = np.repeat([6930, 7000, 7070], [20, 960, 20])
    assert said(shift.judge(base, base[::-1] + 3)) == (MORE, 3)
    assert said(shift.judge(base, base[::-1])) == (SAME, 0)
