# SPDX-License-Identifier: GPL-2.0-only
"""What boots, runs and samples vary by: against simulated ones of known spread."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import Maker
from scipy import signal
from test_family import SIGCONT, made, plant
from test_rounds import made as rounds

from retrap.analysis import levels, planner, written
from retrap.analysis.levels import Levels
from retrap.report import table
from retrap.results import summary
from retrap.results.samples import SAMPLE
from retrap.results.store import load

DOCS = Path(__file__).resolve().parents[2] / "docs/data-format.md"
MEDIAN, SAMPLES = 100_000, 400
BOOT, RUN, ONE = 0.02, 0.01, 0.05
Floats = npt.NDArray[np.float64]


def boots(values: Floats) -> Levels:
    """`values`: by boot, run and sample."""
    cells = [
        SimpleNamespace(booted=str(number), summary=summarized(run))
        for number, boot in enumerate(values)
        for run in boot
    ]
    side: Any = SimpleNamespace(cells=cells)
    found = levels.levels([side])
    assert found
    return found


def summarized(values: Floats) -> summary.Summary:
    samples = np.zeros(values.size, dtype=SAMPLE)
    samples["t_return_ns"] = np.round(MEDIAN * (1 + values)).astype(np.uint64)
    return summary.summarized(samples, ("ok",), None, False)


def simulated(shape: tuple[int, int], boot: float, run: float, one: Floats) -> Floats:
    rng = np.random.default_rng(1)
    added = boot * rng.normal(size=(shape[0], 1, 1))
    return np.asarray(added + run * rng.normal(size=(*shape, 1)) + one)


def noise(shape: tuple[int, int], like: float = 0.0) -> Floats:
    """Each is like the one before it by so much."""
    drawn = np.random.default_rng(2).normal(size=(*shape, SAMPLES))
    drawn[..., 1:] *= np.sqrt(1 - like**2)
    return np.asarray(ONE * signal.lfilter([1.0], [1.0, -like], drawn, axis=-1))


def test_each_level_is_what_was_put_there() -> None:
    shape = 400, 3
    got = boots(simulated(shape, BOOT, RUN, noise(shape)))
    assert (got.boots, got.runs, got.samples) == (400, 3, SAMPLES)
    found = got.deviations
    assert found["boot"] == pytest.approx(BOOT, rel=0.08)
    assert found["run"] == pytest.approx(RUN, rel=0.08)
    assert found["sample"] == pytest.approx(ONE, rel=0.02)
    # A normal median has sqrt(pi / 2) of the deviation of a mean.
    part = np.sqrt(np.pi / 2) * ONE / np.sqrt(SAMPLES)
    assert found["by_samples"] == pytest.approx(part / np.sqrt(3), rel=0.08)
    whole = BOOT**2 + (RUN**2 + part**2) / 3
    assert got.medians == pytest.approx(whole, rel=0.15)


def test_one_run_is_not_told_apart_from_its_boot() -> None:
    shape = 400, 1
    got = boots(simulated(shape, BOOT, RUN, noise(shape)))
    assert got.run is None
    assert got.deviations["boot"] == pytest.approx(np.hypot(BOOT, RUN), rel=0.08)


def test_samples_that_are_alike_make_medians_vary_more() -> None:
    """And nothing of that is taken for the boots."""
    shape = 400, 1
    alike = boots(simulated(shape, 0.0, 0.0, noise(shape, 0.5)))
    apart = boots(simulated(shape, 0.0, 0.0, noise(shape)))
    assert alike.by_samples and apart.by_samples and alike.boot is not None
    assert alike.by_samples > 2 * apart.by_samples
    assert abs(alike.boot) < 0.2 * alike.by_samples
    assert alike.deviations["sample"] == pytest.approx(ONE, rel=0.03)


def test_an_estimate_below_zero_is_shown_as_zero_and_told(maker: Maker) -> None:
    """Boots that agree better than their samples let them."""
    path = made(maker, {})
    rng = np.random.default_rng(3)
    for file in path.glob("raw/*/*/*.npy"):
        samples = np.load(file)
        spans = rng.permutation(np.linspace(4000, 6000, samples.size))
        samples["t_return_ns"] = samples["t_trigger_ns"] + spans.astype(np.uint64)
        np.save(file, samples)
    results = load(path)
    written.write(results)
    with (path / written.VARIANCE).open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == 3 * 2 * 2  # scenarios, placements, kernels
    for name, value in (("boot", "0"), ("run", ""), ("runs", "1")):
        assert {row[name] for row in found} == {value}
    text = " ".join(table.tables(results).split())
    assert "0: the estimate is below 0" in text and "run -: one run a boot" in text


def test_rounds_of_a_boot_are_its_runs(maker: Maker) -> None:
    """Planted: 6 % from round to round; nothing is known of boots, for there is one."""
    path = rounds(maker, 0.0, number=24)
    (got,) = [row for row in levels.rows(load(path)) if row[2] == SIGCONT]
    told = dict(zip(levels.COLUMNS, got, strict=True))
    assert (told["boots"], told["runs"], told["boot"]) == (1, 24, None)
    assert told["run"] == pytest.approx(0.06, rel=0.3)
    assert "run -:" not in table.render(path)


def test_one_boot_has_samples_alone(maker: Maker) -> None:
    path = made(maker, {}, boots=1)
    plant(path, {})
    for row in levels.rows(load(path)):
        got = dict(zip(levels.COLUMNS, row, strict=True))
        assert got["boot"] is got["medians"] is got["run"] is None
        assert got["sample"] == pytest.approx(20 / 5000, rel=0.4)


def test_columns_are_those_of_the_documentation(whole: Path, full: Path) -> None:
    assert f"`{','.join(levels.COLUMNS)}`" in DOCS.read_text()
    assert {row[0] for row in levels.rows(load(whole))} == {"vm"}
    assert list(levels.rows(load(full))) == []
    assert "What varies" not in table.render(full)


def test_the_planner_takes_the_same(maker: Maker) -> None:
    """Of all kernels of a cell, each about its own median."""
    results = load(made(maker, {("async-retrap", SIGCONT): 0.3}))
    (machine,) = results.machines
    where = SIGCONT, "same-cpu"
    (spread,) = planner.spreads(results, machine, [where])
    each = [
        levels.of_side(results, machine, name, where)
        for name in ("mainline", "async-retrap")
    ]
    medians = [one.medians for one in each if one and one.medians]
    parts = [one.by_samples for one in each if one and one.by_samples]
    assert spread.boots == pytest.approx(np.sqrt(np.mean(medians)))
    assert spread.samples_part == pytest.approx(np.sqrt(np.mean(parts)))
    assert spread.freedom == 14
