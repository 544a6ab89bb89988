# SPDX-License-Identifier: GPL-2.0-only
"""The shift of a mixture of classes: what it finds, and what it must not."""

from __future__ import annotations

from pathlib import Path

import conftest
import numpy as np
import pytest

from retrap.analysis import shift
from retrap.report import table
from retrap.analysis.stats import Values
from retrap.results.store import Machine, load

EXACT = Machine("exact", "x86_64")


def mixture(seed: int, shares: tuple[float, ...], added: int = 0) -> Values:
    """Classes 100 apart, as the scheduler's load tracking makes them."""
    generator = np.random.default_rng(seed)
    classes = generator.choice(len(shares), size=1000, p=shares)
    return np.asarray(7000 + 100 * classes + added, dtype=np.int64)


def test_a_constant_is_found_whatever_the_shares() -> None:
    base = mixture(1, (0.35, 0.4, 0.25))
    test = mixture(2, (0.25, 0.4, 0.35), 11)
    got = shift.shift(base, test)
    assert got is not None and got.found
    assert got.delta == 11
    assert int(np.median(test) - np.median(base)) in (11, 111)


def test_equal_is_zero_and_all_of_it() -> None:
    base = mixture(1, (0.5, 0.5))
    assert shift.shift(base, base) == shift.Shift(0, 1.0)


def test_of_equally_good_shifts_the_smallest() -> None:
    ones = np.array([100, 110], dtype=np.int64)
    assert shift.shift(ones, np.array([105, 95], dtype=np.int64)) == shift.Shift(-5, 1)


def test_noise_has_no_shift() -> None:
    generator = np.random.default_rng(3)
    base, test = (generator.integers(0, 5000, 1000) for _ in range(2))
    got = shift.shift(base, test)
    assert got is not None and not got.found


def test_without_samples_there_is_none() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert shift.shift(nothing, nothing) is None


def test_table_only_where_all_go_through_one_interface(whole: Path) -> None:
    assert shift.table(load(whole), EXACT) == ""


@pytest.mark.parametrize(
    ("within", "beyond", "dearer", "cheaper"), [(10, 68, 4, 0), (-10, -11, 0, 4)]
)
def test_table_names_what_is_over_the_limit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    within: int,
    beyond: int,
    dearer: int,
    cheaper: int,
) -> None:
    for name, instructions in (("async-retrap", within), ("please-notify", beyond)):
        monkeypatch.setitem(conftest.INTERFACES, name, ("listen",))
        monkeypatch.setitem(conftest.DEARER, name, instructions)
    maker = conftest.Maker(
        tmp_path,
        substrates=("exact",),
        scenarios=("trap/trigger:interrupt", "retrap/trigger:sigcont"),
    )
    results = load(maker.write())
    lines = shift.table(results, EXACT).splitlines()
    assert f"  async-retrap                 {within:+d}     100%" in lines
    assert f"  please-notify                {beyond:+d}     100%" in lines
    cells = "by more than 10: async-retrap in 0, please-notify in"
    assert lines[-3:] == [
        f"dearer {cells} {dearer} cells",
        f"cheaper {cells} {cheaper} cells",
        "~: async-retrap in 0, please-notify in 0 cells",
    ]
    assert "\n".join(lines) in table.render(tmp_path)
