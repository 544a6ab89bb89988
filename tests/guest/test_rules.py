# SPDX-License-Identifier: GPL-2.0-only
"""The rules of the three designs on all three kernels, kernel log clean."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import VARIANTS

from retrap import conform
from retrap.build import Programs
from retrap.kernels import Kernel
from retrap.progress import Progress

COMMON = ("C04", "C06", "ML04", "ML05", "ML07")
REQUIRED = {
    "mainline": COMMON,
    "async-retrap": (*COMMON, "AR01", "AR02", "AR05", "AR06"),
    "please-notify": (*COMMON, "PN02", "PN04", "PN05", "PN07", "PN11"),
}


@pytest.fixture(scope="module")
def verdicts(programs: Programs, built: dict[str, Kernel]) -> conform.Verdicts:
    with Progress() as progress, ThreadPoolExecutor(max_workers=3) as pool:
        rows = pool.map(
            lambda name: conform.conform(built[name], programs, progress), VARIANTS
        )
        table = dict(zip(VARIANTS, rows, strict=True))
    print("\n" + conform.render(table))
    return table


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_rule_holds(verdicts: conform.Verdicts, variant: str) -> None:
    """conform() has already refused a kernel log with a splat in it."""
    column = verdicts[variant]
    assert [rule for rule, verdict in column.items() if verdict == conform.FAIL] == []
    for rule in REQUIRED[variant]:
        ran = [v for name, v in column.items() if name.startswith(f"{rule}_")]
        assert ran and set(ran) == {conform.PASS}, rule


def test_designs_are_not_offered_elsewhere(verdicts: conform.Verdicts) -> None:
    """A rule of a design is n.a. where the kernel does not have the design."""
    for variant, foreign in (("mainline", ("AR", "PN")), ("async-retrap", ("PN",))):
        rules = {k: v for k, v in verdicts[variant].items() if k.startswith(foreign)}
        assert rules and set(rules.values()) == {conform.NOT_OFFERED}


def test_nothing_is_hidden(verdicts: conform.Verdicts) -> None:
    assert not conform.failed(verdicts)


def test_the_verdict_can_fail() -> None:
    """failed() sees a failure, a missing rule, and a rule nobody ran."""
    assert conform.failed({"a": {"r": conform.FAIL}, "b": {"r": conform.PASS}})
    assert conform.failed({"a": {"r": conform.PASS}, "b": {}})
    assert conform.failed({"a": {"r": conform.NOT_OFFERED}})
    assert not conform.failed({"a": {"r": conform.PASS}, "b": {"r": "n.a."}})
