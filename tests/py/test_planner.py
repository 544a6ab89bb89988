# SPDX-License-Identifier: GPL-2.0-only
"""How many boots a change takes: against simulated boots of known spread."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import Maker
from scipy import stats as sps
from test_family import SIGCONT, made

from retrap.analysis import boots, planner
from retrap.analysis.planner import Spread
from retrap.base.errors import EXIT_RESULTS, EXIT_USAGE
from retrap.base.paths import ROOT
from retrap.results.boot_times import BootTime
from retrap.results.store import load

WHERE = SIGCONT, "same-cpu"


def retrap(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "retrap"), "plan", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True)


def test_holm_takes_as_many_boots_as_the_least_p_allows() -> None:
    """evidence.md: 23 rows at six boots of each, 85 at seven, 321 at eight."""
    for rows, n in ((1, 6), (23, 6), (24, 7), (85, 7), (86, 8), (321, 8), (322, 9)):
        assert planner.attainable(rows) == n


def test_the_spread_is_that_of_the_boots(maker: Maker) -> None:
    """And its upper limit holds the true one."""
    path = made(maker, {}, spread=0.05, boots=30)
    results = load(path)
    (machine,) = results.machines
    (one,) = planner.spreads(results, machine, [WHERE])
    assert one.freedom == 58 and one.samples == 60
    assert one.boots == pytest.approx(0.05, rel=0.3)
    assert one.boots < one.upper < 1.3 * one.boots
    assert 0 < one.samples_part < 0.01


@pytest.mark.parametrize("rows", [1, 20])
def test_the_boots_it_asks_for_find_the_change(rows: int) -> None:
    """In four of five repetitions, of boots whose spread is the upper limit."""
    spread = Spread(WHERE, 0.01, 0.0, 10, 100)
    n = spread.blocks(0.015, rows)
    assert n is not None and n >= planner.attainable(rows)
    rng, found, alpha = np.random.default_rng(3), 0, boots.ALPHA / rows
    for _ in range(600):
        base, test = (1 + spread.upper * rng.normal(size=n) for _ in range(2))
        found += sps.mannwhitneyu(base, test + 0.015).pvalue <= alpha
    assert 0.74 <= found / 600 <= 0.92
    fewer = spread.finds(n - 1, alpha)
    assert n == planner.attainable(rows) or fewer > 0.015 >= spread.finds(n, alpha)


def test_what_no_number_of_boots_finds_is_said(maker: Maker) -> None:
    path = made(maker, {}, spread=0.3)
    done = retrap("--from", path, "--detect", "1%")
    assert done.returncode == 0, done.stderr
    assert ">200" in done.stdout and "More than 200 blocks" in done.stdout


def test_its_time_is_that_of_its_boots() -> None:
    one = BootTime(40.0, 9.0, 6.0)
    assert planner.duration_s(one, 32, 1.0) == 32 * 55 + 40
    assert planner.duration_s(one, 10, 2.0) == 10 * 61 + 40


def test_more_samples_as_long_as_a_boot_costs_more() -> None:
    noisy = Spread(WHERE, 0.02, 0.015, 10, 300)
    cheap, dear = noisy.best_samples(60, 0.001), noisy.best_samples(60, 1.0)
    assert cheap > 300 > dear >= planner.SAMPLES[0]


def test_the_screen_and_the_record(maker: Maker) -> None:
    path = made(maker, {}, spread=0.01)
    done = retrap("--from", path, "--detect", "5%")
    lines = done.stdout.splitlines()
    lines.remove(f"  {path}")  # as long as it is
    assert len(lines) < 24 and max(map(len, lines)) <= 80
    told = " ".join(done.stdout.split())
    assert "cells of the experiment have no boots there" in told
    assert "how long a boot takes is not in these results" in told
    found = json.loads(retrap("--from", path, "--detect", "5%", "--json").stdout)
    assert found["blocks"] >= 6 and found["duration_s"] is None
    assert f"[machine] boots = {found['blocks']}" in told


def test_without_boots_it_says_what_to_do(maker: Maker, tmp_path: Path) -> None:
    maker.boots, maker.substrates = 1, ("vm",)
    for words in (("--from", maker.write()), ("--results", tmp_path / "none")):
        done = retrap(*words)
        assert done.returncode == EXIT_RESULTS
        assert "pilot of three blocks" in done.stderr
    assert retrap("--detect", "much").returncode == EXIT_USAGE
