# SPDX-License-Identifier: GPL-2.0-only
"""measured.csv and counters.csv, column by column."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
from conftest import Maker

from retrap.results.store import SAMPLE, load
from retrap.analysis.summarize import Value, csv_text, summarize

DOCS = Path(__file__).resolve().parents[2] / "docs/data-format.md"


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def one(path: Path, **want: str) -> dict[str, str]:
    (found,) = (r for r in rows(path) if all(r[k] == v for k, v in want.items()))
    return found


def measured(path: Path, **want: str) -> dict[str, str]:
    """Value by metric of one cell of one boot; a warning a line."""
    found: dict[str, str] = {}
    for row in rows(path / "measured.csv"):
        if all(row[k] == v for k, v in want.items()):
            before = f"{found[row['metric']]}\n" if row["metric"] in found else ""
            found[row["metric"]] = before + row["value"]
    return found


CELL = {
    "variant": "mainline",
    "scenario": "retrap/trigger:sigcont",
    "placement": "same-cpu",
}


def test_columns_are_those_of_the_documentation(whole: Path) -> None:
    summarize(load(whole))
    text = " ".join(DOCS.read_text().split())
    for name in ("measured.csv", "counters.csv"):
        part = text.split(f"## `{name}`")[1].split("## ")[0]
        with open(whole / name) as file:
            for column in file.readline().strip().split(","):
                assert column in part, f"{name}: {column}"


def put(path: Path, spans: list[int], outcome: int = 0) -> None:
    """Replace the samples of mainline's exact cell; the first fails."""
    stem = path / "raw/mainline/exact-1/retrap.trigger-sigcont@same-cpu"
    array = np.zeros(len(spans), dtype=SAMPLE)
    array["t_return_ns"] = spans
    array["outcome"][0] = outcome
    np.save(stem.with_name(stem.name + ".npy"), array)
    file = stem.with_name(stem.name + ".run.json")
    run = json.loads(file.read_text())
    run.update(samples_taken=len(spans), samples_failed=int(outcome != 0))
    file.write_text(json.dumps(run))


def test_summary_of_known_samples(maker: Maker) -> None:
    maker.substrates = ("exact",)
    path = maker.write()
    put(path, [1000] * 60 + [3000] * 40)
    summarize(load(path))
    row = measured(path, **CELL)
    assert row["taken"] == "100" and row["failed"] == "0"
    names = ("minimum", "p10", "median", "p90", "p99", "maximum")
    assert [row[n] for n in names] == ["1000", "1000", "1000", "3000", "", "3000"]
    assert row["median of sweep 6"] == "1000" and row["median of sweep 7"] == "3000"
    assert "median of sweep 10" in row and "median of sweep 11" not in row
    assert (row["cheapest"], row["cheapest: share"]) == ("1000", "0.6")
    assert row["wakeups"] == "2"
    assert row["warning"] == "100 of 400 samples taken: complete"


def test_failed_and_moved_samples_are_told(maker: Maker) -> None:
    maker.substrates, maker.samples = ("exact",), 20
    path = maker.write()
    put(path, [1000] * 20, outcome=2)
    stem = path / "raw/mainline/exact-1/retrap.trigger-sigcont@same-cpu.npy"
    array = np.load(stem)
    array["cpu"][3] = 1
    np.save(stem, array)
    summarize(load(path))
    row = measured(path, **CELL)
    assert (row["failed"], row["minimum"]) == ("1", "1000")
    assert "1 of 20 samples failed: start state not reached" in row["warning"]
    assert "1 samples ended off the tracer's CPU" in row["warning"]
    assert "under 10 samples a sweep" in row["warning"]


def test_every_sample_failed_leaves_fields_empty(maker: Maker) -> None:
    maker.substrates, maker.samples, maker.failed = ("exact",), 30, 30
    path = maker.write()
    summarize(load(path))
    row = measured(path, **CELL)
    assert row["failed"] == "30"
    for name in ("minimum", "median", "maximum"):
        assert row[name] == ""
    assert not {"median of sweep 1", "cheapest"} & row.keys()


def test_near_the_clock_floor_is_told(maker: Maker) -> None:
    maker.substrates = ("exact",)
    path = maker.write()
    for span, near in ((155, True), (156, False)):
        put(path, [span] * 200)
        summarize(load(path))
        row = measured(path, **CELL)
        assert ("below 3 x the clock floor" in row.get("warning", "")) is near


def test_classes_and_max_are_of_exact_only(whole: Path) -> None:
    summarize(load(whole))
    row = measured(whole, **CELL, boot="vm-x86_64-1")
    assert not {"maximum", "cheapest", "cheapest: share"} & row.keys()
    assert row["median"] != ""


def test_counters(whole: Path) -> None:
    summarize(load(whole))
    path = whole / "counters.csv"
    want = {**CELL, "substrate": "exact"}
    row = one(path, **want, event="wakeups")
    assert (row["cycles"], row["count_n"], row["count_2n"]) == ("100", "237", "437")
    assert (row["per_cycle"], row["whole"]) == ("2", "true")
    row = one(path, **want, event="instructions:k")
    assert row["per_cycle"] == row["whole"] == row["count_n"] == ""
    assert not [r for r in rows(path) if r["scenario"].startswith("floor/")]


def test_derived_files_repeat_byte_by_byte(whole: Path) -> None:
    summarize(load(whole))
    before = (whole / "measured.csv").read_bytes()
    (whole / "measured.csv").unlink()
    summarize(load(whole))
    assert (whole / "measured.csv").read_bytes() == before


def test_any_text_comes_back_as_it_was() -> None:
    texts = ["", "a b", "1,2", 'say "x"', "two\nlines", "cr\r", '"', "\u00b5s;"]
    rows: list[list[Value]] = [[None, True, False, 3, 0.1 + 0.2, 1e12], [*texts[:6]]]
    read = list(csv.reader(io.StringIO(csv_text(texts[:6], rows), newline="")))
    assert read == [texts[:6], ["", "true", "false", "3", "0.3", "1e+12"], texts[:6]]
    assert list(csv.reader([csv_text(texts[6:], [])])) == [texts[6:]]
