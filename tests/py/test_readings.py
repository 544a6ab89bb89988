# SPDX-License-Identifier: GPL-2.0-only
"""Readings of a sample, its stages and tallies, from the file to the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from conftest import Maker

from retrap.analysis import readings, summarize
from retrap.report import table
from retrap.results import store
from retrap.results.summary import succeeded

WHERE = ("trap/trigger:interrupt", "same-cpu")
FIELDS = [("t_first_ns", "<u8"), ("n_early", "<u8")]


def with_readings(path: Path) -> None:
    """A stage 100 after each trigger, and a tally that counts the samples modulo 4;
    a failed sample has none."""
    for file in path.glob("raw/*/*/*.npy"):
        old = np.load(file)
        new = np.zeros(old.size, [*store.SAMPLE.descr, *FIELDS])
        for name in store.SAMPLE.names or ():
            new[name] = old[name]
        ok = succeeded(old)
        new["t_first_ns"] = np.where(ok, old["t_trigger_ns"] + 100, 2**64 - 1)
        new["n_early"] = np.where(
            ok, np.arange(old.size, dtype="u8") % 4, np.uint64(2**64 - 1)
        )
        np.save(file, new)
        record = file.with_suffix(".run.json")
        run = json.loads(record.read_text())
        outcomes = ["ok", "other", "not reached", "failed", "deadline"]
        run["sample"] = {"dtype": new.dtype.descr, "outcomes": outcomes}
        record.write_text(json.dumps(run))


def test_they_are_in_the_table_and_in_measured_csv(maker: Maker) -> None:
    maker.failed, maker.boots, maker.samples = 3, 1, 403
    path = maker.write()
    with_readings(path)
    results = store.load(path)
    found = readings.of(results, results.machines[0], WHERE)["mainline"]
    assert list(found) == ["first", "early"]
    first, early = found["first"], found["early"]
    assert first.stage and not early.stage
    assert (first.quantiles.minimum, first.quantiles.maximum) == (100, 100)
    assert early.quantiles.count == 400 and early.quantiles.maximum == 3
    assert abs(early.mean - 1.5) < 0.02 and abs(early.some - 0.75) < 0.01
    text = table.tables(results)
    part = text[text.index("Within a sample") :]
    assert f"{' '.join(WHERE)}, stage first\n  mainline " in part
    assert "75.0%" in part
    summarize.summarize(results)
    csv = (path / "measured.csv").read_text()
    assert ",first: median,instructions,100\n" in csv
    assert ",early: not 0,of the samples,0.75" in csv


def test_scenarios_without_any_have_no_table(maker: Maker) -> None:
    assert "Within a sample" not in table.tables(store.load(maker.write()))
