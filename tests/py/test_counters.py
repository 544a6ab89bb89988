# SPDX-License-Identifier: GPL-2.0-only
"""perf's JSON lines: as perf 6.1 wrote them, and damaged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from conftest import Maker

from retrap.results import counters, perf_stat
from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.results.store import load

DATA = Path(__file__).resolve().parents[1] / "data/perf"
LINE = '{"counter-value" : "%s", "event" : "%s", "pcnt-running" : 100.00}\n'


def put(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a@same-cpu.perf-100.jsonl"
    path.write_text(text)
    return path


def test_file_of_perf_6_1() -> None:
    got = perf_stat.parse(DATA / "no-pmu.jsonl")
    assert got["context-switches"] == 1.0
    assert got["wakeups"] == 0.0
    assert got["syscalls"] == 29.0
    assert got["signals"] == 0.0
    assert got["instructions:k"] is None
    assert got["cycles:k"] is None
    assert "sched:sched_waking" not in got


def test_files_of_processors() -> None:
    """Names are ours, and so is the mode; a hybrid CPU's kinds of core add up."""
    got = perf_stat.parse(DATA / "sapphire-rapids.jsonl", "k")
    assert (got["cycles:k"], got["instructions:k"]) == (48433482.0, 38620409.0)
    assert (got["branches:k"], got["branch-misses:k"]) == (7369473.0, 54747.0)
    got = perf_stat.parse(DATA / "hybrid.jsonl", "k")
    assert got["cycles:k"] == 6404864.0 + 3011411.0
    assert got["branch-misses:k"] == 31974.0 + 18643.0
    assert perf_stat.parse(DATA / "hybrid-one-core.jsonl", "u") == {
        "branch-misses:u": 6326.0
    }
    got = perf_stat.parse(DATA / "amd-user.jsonl", "u")
    assert (got["cycles:u"], got["instructions:u"]) == (143761.0, 150684.0)
    assert got["branch-misses:u"] is None


def test_what_was_multiplexed_is_no_count() -> None:
    got = perf_stat.parse(DATA / "hybrid-multiplexed.jsonl", "k")
    assert got == {"cycles:k": None, "instructions:k": 15489913.0}


@pytest.mark.parametrize(
    ("core", "atom", "count"),
    [("54.01", "45.99", 7.0), ("54.00", "45.00", None), ("100.00", "100.00", 7.0)],
)
def test_a_task_is_on_one_kind_of_core_at_a_time(
    tmp_path: Path, core: str, atom: str, count: float | None
) -> None:
    """Shares of it that add up leave no time in which nothing was counted."""
    text = (LINE % ("3.0", "cpu_core/cycles/u")).replace("100.00", core)
    text += (LINE % ("4.0", "cpu_atom/cycles/u")).replace("100.00", atom)
    assert perf_stat.parse(put(tmp_path, text), "u") == {"cycles:u": count}


def test_threads_and_cpus_add_up(tmp_path: Path) -> None:
    text = LINE % ("3.000000", "page-faults") + LINE % ("4.000000", "page-faults")
    assert perf_stat.parse(put(tmp_path, text)) == {"page-faults": 7.0}
    text += LINE % ("<not counted>", "page-faults")
    assert perf_stat.parse(put(tmp_path, text)) == {"page-faults": None}


def test_a_scaled_estimate_is_no_count(tmp_path: Path) -> None:
    text = (LINE % ("3.000000", "cycles:k")).replace("100.00", "47.11")
    assert perf_stat.parse(put(tmp_path, text)) == {"cycles:k": None}


def test_metric_lines_are_passed_over(tmp_path: Path) -> None:
    text = LINE % ("3.0", "cycles:k") + '{"metric-value" : "0.5"}\n'
    assert perf_stat.parse(put(tmp_path, text)) == {"cycles:k": 3.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no event"),
        ("# started on Mon\n\n", "no event"),
        (LINE % ("1.0", "cycles:k") + '{"counter-va', "line 2: not JSON"),
        ("[1]\n", "line 1: not an object"),
        (LINE % ("1,5", "cycles:k"), "bad count '1,5'"),
        (LINE % ("nan", "cycles:k"), "bad count 'nan'"),
        ('{"event" : "cycles:k"}\n', "bad count None"),
        ('{"event" : "cycles:k", "pcnt-running" : []}\n', "bad count None"),
    ],
)
def test_damage_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RetrapError) as caught:
        perf_stat.parse(put(tmp_path, text))
    assert caught.value.exit_code == EXIT_RESULTS
    assert said in caught.value.message
    assert "perf-100.jsonl" in caught.value.message
    assert "LC_ALL=C" in caught.value.remedy


def test_binary_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "x.perf-1.jsonl"
    with pytest.raises(RetrapError, match="cannot be read"):
        perf_stat.parse(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RetrapError, match="not UTF-8"):
        perf_stat.parse(path)


@pytest.mark.parametrize(
    ("once", "twice", "each", "whole"),
    [
        (437.0, 837.0, 4.0, True),
        (437.0, 837.5, 4.005, True),
        (437.0, 837.6, 4.006, False),
        (437.0, 770.0, 3.33, False),
        (37.0, 37.0, 0.0, True),
        (None, 837.0, None, None),
        (437.0, None, None, None),
    ],
)
def test_slope(
    once: float | None, twice: float | None, each: float | None, whole: bool | None
) -> None:
    got = counters.PerCycle("wakeups", 100, once, twice)
    assert got.per_cycle == pytest.approx(each)
    assert got.whole is whole


def test_the_median_of_three_pairs(maker: Maker) -> None:
    """One pair with a cycle on another path is outvoted, and that is told."""
    path = maker.write()
    cell = next(c for c in load(path).cells() if c.counts)
    line = LINE % ("{}", "sched:sched_switch")
    counts = {}
    for n, count in ((7, 30), (14, 58), (8, 34), (16, 65), (9, 38), (18, 74)):
        counts[n] = perf_stat.parse(put(path, line.replace("{}", f"{count}.0")))
    got = counters.per_cycle(dataclasses.replace(cell, counts=counts))[0]
    assert (got.event, got.per_cycle, got.whole) == ("switches", 4.0, True)
    assert (got.agree, got.pairs) == (2, 3)
