# SPDX-License-Identifier: GPL-2.0-only
"""async-retrap on a kernel that preempts itself: who waits for the re-trap on the
tracee's CPU is woken when the tracee is about to sleep, not before."""

from __future__ import annotations

import json

import pytest
from conftest import FREE, Run

from retrap.kernel import kernels
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.config.variants import load_variants
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Progress
from retrap.rules.verdicts import FAIL, PASS, parse

VARIANTS = load_variants(ROOT / "configs/preempt.toml")
EXACT = Guest(cpus=2, timeout_s=900)
TURNS = 20_000  # AR29 takes a twentieth of them


@pytest.fixture(scope="module")
def preempted() -> Kernel:
    """Built here, for these tests alone."""
    with Progress() as progress:
        return kernels.ensure(VARIANTS["async-retrap-preempt"], VARIANTS, progress)


def verdicts(run: Run, kernel: Kernel, words: str, how: Guest) -> dict[str, str]:
    line = f"exec rules retrap-conform --deadline 300 {words}"
    results = run(kernel, [f"{line} --gtest_output=json:rules.json"], {}, how)
    found, failures = parse(json.loads((results / "rules.json").read_text()))
    assert failures == {}
    return found


@pytest.mark.parametrize("how", [FREE, EXACT], ids=["free", "exact"])
def test_a_request_after_the_retrap_does_not_sleep(
    run: Run, preempted: Kernel, how: Guest
) -> None:
    words = f"--count {TURNS} --gtest_filter=*AR29_*"
    found = verdicts(run, preempted, words, how)
    assert list(found.values()) == [PASS, PASS]  # at both placements


def test_the_rules_hold(run: Run, preempted: Kernel) -> None:
    found = verdicts(run, preempted, "--count 200", FREE)
    assert PASS in found.values() and FAIL not in found.values()
