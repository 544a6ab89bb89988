# SPDX-License-Identifier: GPL-2.0-only
"""One kernel under two names, and a planted change: what docs/validity.md says of real
results is so."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import planted
import pytest
import two_names
from scipy import stats as sps
from two_names import Medians

STORED: dict[str, Medians] = json.loads(two_names.STORED.read_text())
PLANTED: dict[str, Any] = json.loads(planted.STORED.read_text())


@pytest.mark.parametrize("units", STORED)
def test_a_kernel_does_not_differ_from_itself(units: str) -> None:
    """Alone as often as the level says, 5 %; in a family by Holm, in 5 % at most: as
    far as so few families can tell, and parted often."""
    one = two_names.one_kernel(STORED[units])
    assert one.rows >= 200
    alone = sps.binomtest(one.alone, one.rows).proportion_ci(0.95)
    assert alone.low <= 0.05 <= alone.high
    some = sps.binomtest(one.alarms, one.families).proportion_ci(0.95)
    assert some.low <= 0.05
    often = two_names.one_kernel(STORED[units], two_names.OFTEN)
    assert often.alarms <= 0.05 * often.families
    assert one.found >= 0.7 * one.rows


def test_two_kernels_do() -> None:
    """A level that alternates by family halves is an alarm: the count can count."""
    rng = np.random.default_rng(two_names.SEED)
    half = two_names.HALF
    values = []
    for _ in range(4):
        order = rng.permutation(two_names.OF_A_FAMILY)
        mixed = np.zeros(two_names.OF_A_FAMILY, int)
        mixed[order[half:]] = 1000
        values += [int(v) for v in mixed + 5000 + np.arange(mixed.size)]
    one = two_names.one_kernel({"a": values})
    assert (one.families, one.alarms, one.alone) == (4, 4, 4)


def test_the_page_shows_what_is_stored() -> None:
    """Else: tests/py/two_names.py, tests/py/planted.py."""
    text = two_names.PAGE.read_text()
    for made in (two_names.tables(STORED), planted.tables(PLANTED)):
        for table in made.values():
            assert table in text


def test_what_was_planted_was_found() -> None:
    here, exact = (planted.tried(PLANTED[key]) for key in ("here", "exact"))
    assert here.found >= 16 and here.alarms <= 1 and 1 / 1.5 < here.slower < 1.5
    assert exact.found == len(exact.repetitions) == 20 and exact.alarms == 0
