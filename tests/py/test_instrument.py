# SPDX-License-Identifier: GPL-2.0-only
"""The judge of boots on boots of known truth: what docs/validity.md says is so."""

from __future__ import annotations

import json

import instrument
import pytest
from instrument import PARTS, ROUNDS, SIZES, Counts, Setting
from scipy import stats as sps
from truths import TRUTHS

STORED: dict[str, Counts] = json.loads(instrument.STORED.read_text())
TOTAL = PARTS * ROUNDS


def test_the_page_shows_what_was_counted() -> None:
    """Else: tests/py/instrument.py."""
    assert instrument.page(STORED) == instrument.PAGE.read_text()
    assert set(STORED) == {
        *(one.name for one in instrument.SETTINGS),
        *(f"A/A, {truth}" for truth in TRUTHS),
    }


@pytest.mark.parametrize(
    "one",
    [
        Setting("skewed", "none", 8),
        Setting("coarse clock", "wandering", 6),
        Setting("normal", "steady", 8, False),
    ],
    ids=lambda one: str(one.name),
)
def test_the_judge_finds_it_again(one: Setting) -> None:
    """One part of it, to the repetition."""
    found = instrument.intervals(one, 1)
    assert found == {key: STORED[one.name][key][1] for key in found}


def test_families_are_counted_again() -> None:
    found = instrument.families(instrument.again("heavy tails"), 2)
    stored = STORED["A/A, heavy tails"]
    assert found == {key: stored[key][2] for key in found}


def hits(truth: str, kind: str, n: int, key: str) -> int:
    return int(sum(STORED[Setting(truth, kind, n).name][key]))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("truth", TRUTHS)
def test_intervals_hold_the_truth(truth: str, n: int) -> None:
    """95 %, as far as so many repetitions can tell; with ties and drift, or more."""
    held = hits(truth, "none", n, "held")
    ties = truth == "coarse clock"
    assert 0.93 * TOTAL <= held and (ties or held <= 0.97 * TOTAL)
    for kind in ("steady", "wandering"):
        assert hits(truth, kind, n, "held") >= 0.93 * TOTAL
    # A margin of just what it is dearer by: within it in 5 % at most, but for chance.
    most = sps.binom.ppf(0.999, TOTAL, 0.05)
    assert hits(truth, "none", n, "same") <= most


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("truth", sorted({*TRUTHS} - {"two modes", "coarse clock"}))
def test_what_is_detectable_is_found(truth: str, n: int) -> None:
    """In four of five repetitions, or more where boots are not normal."""
    assert hits(truth, "none", n, "found") >= 0.74 * TOTAL


@pytest.mark.parametrize("truth", TRUTHS)
def test_alarms_are_as_rare_as_they_should_be(truth: str) -> None:
    stored = STORED[f"A/A, {truth}"]
    many = PARTS * instrument.FAMILIES
    rows = sps.binomtest(int(sum(stored["rows"])), many * instrument.ROWS, 0.05)
    assert rows.proportion_ci(0.999).low <= 0.05
    assert sum(stored["families"]) <= 0.05 * many


def test_boots_that_come_one_after_the_other_are_worth_nothing() -> None:
    """That the table can show it."""
    for n in SIZES:
        held = sum(STORED[Setting("normal", "steady", n, False).name]["held"])
        assert held < 0.5 * TOTAL
