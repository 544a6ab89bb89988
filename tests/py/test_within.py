# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's interfaces within its boots: differences that are planted, read from the
files that the commands write."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import Maker, slug

from retrap.analysis import pairs, within, written
from retrap.analysis.boots import ALPHA
from retrap.analysis.comparison import COLUMNS
from retrap.base.paths import ROOT
from retrap.report import brief
from retrap.results.store import load

DOCS = ROOT / "docs/data-format.md"
SCENARIOS = ("floor/futex", "trap/trigger:interrupt", "retrap/trigger:sigcont")
PLACEMENT = "same-cpu"
PLANTED = {"listen": 0, "async-retrap": 90, "please-notify": 0}
Row = dict[str, str]


def plant(path: Path, seed: int = 1, planted: dict[str, int] = PLANTED) -> None:
    """Boots that differ by hundreds of ns, and in each the interfaces by what is
    planted, give or take 10; in an order of chance."""
    rng = np.random.default_rng(seed)
    for boot in sorted((path / "raw").glob("*/vm-*")):
        level = 5000 + 400 * rng.normal()
        for file in sorted(boot.glob("*@*.npy")):
            interface = file.stem.partition("+")[2] or "listen"
            samples = np.load(file)
            value = level + planted[interface] + 10 * rng.normal()
            spans = value + 50 * rng.normal(size=samples.size)
            samples["t_return_ns"] = samples["t_trigger_ns"] + spans.astype(np.uint64)
            np.save(file, samples)
        order = sorted(file.name for file in boot.glob("*.run.json"))
        random.Random(f"{seed} {boot.name}").shuffle(order)
        record = json.loads((boot / "boot.json").read_text())
        (boot / "boot.json").write_text(json.dumps({**record, "cells": order}))


def made(maker: Maker, boots: int = 8, baseline: str = "mainline") -> Path:
    maker.substrates, maker.boots, maker.samples = ("vm",), boots, 100
    maker.scenarios, maker.placements = SCENARIOS, (PLACEMENT,)
    maker.variants = tuple(dict.fromkeys((baseline, "combined")))
    maker.plan = {"baseline": baseline}
    path = maker.write()
    plant(path)
    return path


def retrap(*words: object) -> str:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def rows(path: Path, file: str = written.WITHIN) -> dict[tuple[str, str], Row]:
    retrap("compare", path)
    with open(path / file, newline="") as text:
        found = list(csv.DictReader(text))
    medians = [row for row in found if row["statistic"] == "median"]
    return {(row["scenario"], row["test"]): row for row in medians}


def drop(path: Path, boot: int, stem: str) -> None:
    for file in (path / f"raw/combined/vm-x86_64-{boot}").glob(f"{stem}.*"):
        file.unlink()
    record = path / f"raw/combined/vm-x86_64-{boot}/boot.json"
    told = json.loads(record.read_text())
    told["cells"].remove(f"{stem}.run.json")
    record.write_text(json.dumps(told))


def test_columns_are_those_of_the_documentation() -> None:
    assert f"`{','.join((*COLUMNS, 'confidence'))}`" in DOCS.read_text()


def test_what_is_planted_is_found_within_boots_alone(maker: Maker) -> None:
    path = made(maker)
    got = rows(path)
    assert len(got) == 2 * 2  # paths and interfaces: floors go through none
    for scenario in SCENARIOS[1:]:
        row = got[scenario, "combined/async-retrap"]
        assert row["verdict"] == "more" and row["base"] == "combined/listen"
        assert (row["base_boots"], row["test_boots"]) == ("8", "8")
        assert float(row["low"]) <= 90 <= float(row["high"])
        assert 75 < float(row["estimate"]) < 105
        assert float(row["confidence"]) == 0.9609375
        assert float(row["p_value"]) == 2 / 2**8
        assert row["decided_by"] == row["warnings"] == ""
        assert got[scenario, "combined/please-notify"]["verdict"] == "same"
    between = rows(path, "comparison.csv")
    assert {row["base"] for row in between.values()} == {"mainline"}
    assert {row["verdict"] for row in between.values()} == {"undecided"}


def test_the_medians_of_a_boot_are_what_is_compared(maker: Maker) -> None:
    """By hand, from the samples."""
    path = made(maker)
    scenario = "retrap/trigger:sigcont"
    differences = []
    for boot in range(1, 9):
        medians = []
        for interface in ("async-retrap", "listen"):
            stem = f"{slug(scenario)}@{PLACEMENT}+{interface}.npy"
            samples = np.load(path / f"raw/combined/vm-x86_64-{boot}" / stem)
            spans = np.sort(samples["t_return_ns"] - samples["t_trigger_ns"])
            medians.append(float(spans[49]))
        differences.append(medians[0] - medians[1])
    walsh = [(a + b) / 2 for i, a in enumerate(differences) for b in differences[i:]]
    row = rows(path)[scenario, "combined/async-retrap"]
    assert float(row["estimate"]) == np.median(walsh)
    assert (float(row["low"]), float(row["high"])) == tuple(
        sorted(walsh)[rank] for rank in (3, -4)
    )


def test_every_report_says_within_boots(maker: Maker) -> None:
    path = made(maker)
    full = retrap("compare", path, "--full")
    title = "Nanoseconds, within boots, against combined/listen [vm x86_64]"
    assert title in full and title in retrap("lkml", "--long", path)
    short = retrap("compare", path)
    assert "In ns, within boots, against combined/listen: " in short
    told = " ".join(short.split())
    sure = r"takes \d+ more \(\d+ to \d+\) with combined/async-retrap, the same with"
    assert re.search(sure, told), told
    told = "Within boots, against combined/listen, nanoseconds [vm x86_64]: * combined"
    mail = retrap("lkml", "--long", path)
    assert f"{told}/async-retrap: more in 2 (" in mail
    assert "Interfaces of one kernel are compared within its boots" in mail
    text = (path / "table.txt").read_text()
    assert max(map(len, text.splitlines())) <= 72 and "96.1%" in text


def test_the_short_mail_of_one_kernel_alone(maker: Maker) -> None:
    """Of a campaign of combined: no kernel is held against another, and of the
    scenarios that are shown the sentences have nothing to say of that."""
    mail = retrap("lkml", made(maker, baseline="combined"))
    assert "In ns, within boots, against combined/listen: a notification" in mail


def test_the_screen_is_not_longer(maker: Maker) -> None:
    lines = brief.render(load(made(maker))).splitlines()
    assert len(lines) <= 22 and max(map(len, lines)) <= 80


def test_a_kernel_that_is_the_baseline_is_compared_within_itself(maker: Maker) -> None:
    """Its boots are not held against themselves as if they were others."""
    path = made(maker, baseline="combined")
    assert rows(path)["retrap/trigger:sigcont", "combined/async-retrap"]["verdict"] == (
        "more"
    )
    assert not rows(path, "comparison.csv")
    short = retrap("compare", path)
    assert "within boots, against combined/listen: " in short
    assert "Mann-Whitney" not in retrap("compare", path, "--full")


def test_the_screen_says_how_many_boots_all_rows_together_take(maker: Maker) -> None:
    few = made(maker, boots=7, baseline="combined")
    paths = [row for row in within.within_boots(load(few)) if row.family == "paths"]
    takes = pairs.needed(len(paths))
    said = " ".join(brief.render(load(few)).split())
    assert f"takes {takes} or more in {len(paths)} rows within boots: boots" in said
    assert f"boots = {takes} or more in [vm] of the experiment" in said


def test_boots_enough_for_all_rows_together_are_not_asked_for(maker: Maker) -> None:
    enough = made(maker, boots=8, baseline="combined")
    assert "A difference takes" not in brief.render(load(enough))


@pytest.mark.parametrize("rows_", [1, 6, 23, 48])
def test_so_many_boots_are_needed_and_no_fewer(rows_: int) -> None:
    """All of one sign: what Holm asks of the clearest of so many rows."""
    takes = pairs.needed(rows_)
    assert _clearest(takes) <= ALPHA / rows_
    assert takes == pairs.FEWEST or _clearest(takes - 1) > ALPHA / rows_


def _clearest(boots_: int) -> float:
    p = pairs.judge([100.0] * boots_, [101.0] * boots_).p_value
    assert p is not None
    return p


def test_boots_that_lack_an_interface_are_left_out_and_told(maker: Maker) -> None:
    path = made(maker, boots=10)
    stem = f"{slug('retrap/trigger:sigcont')}@{PLACEMENT}"
    drop(path, 3, f"{stem}+async-retrap")
    drop(path, 5, f"{stem}+listen")
    got = rows(path)
    row = got["retrap/trigger:sigcont", "combined/async-retrap"]
    assert (row["base_boots"], row["test_boots"], row["verdict"]) == ("8", "8", "more")
    assert float(row["confidence"]) > 0.95
    assert row["warnings"].startswith("2 of 10 boots lack a median of one of the two")
    other = got["retrap/trigger:sigcont", "combined/please-notify"]
    assert other["test_boots"] == "9" and "1 of 10 boots lack" in other["warnings"]


def test_seven_pairs_are_undecided_and_say_what_decides(maker: Maker) -> None:
    path = made(maker, boots=8)
    drop(path, 1, f"{slug('retrap/trigger:sigcont')}@{PLACEMENT}+listen")
    row = rows(path)["retrap/trigger:sigcont", "combined/async-retrap"]
    assert (row["verdict"], row["test_boots"], row["low"]) == ("undecided", "7", "")
    assert float(row["estimate"]) > 0 and row["confidence"] == row["p_value"] == ""
    assert row["decided_by"] == "./retrap run, in more boots of combined"
    assert "need >= 8 boots that have both" in row["warnings"]
    assert row["decided_by"] in retrap("compare", path, "--full")


def test_a_boot_whose_samples_all_failed_is_no_pair(maker: Maker) -> None:
    path = made(maker, boots=7)
    file = path / "raw/combined/vm-x86_64-2"
    file /= f"{slug('retrap/trigger:sigcont')}@{PLACEMENT}+async-retrap.npy"
    samples = np.load(file)
    samples["outcome"], samples["t_return_ns"] = 4, 2**64 - 1
    np.save(file, samples)
    run = file.with_suffix(".run.json")
    run.write_text(json.dumps({**json.loads(run.read_text()), "samples_failed": 100}))
    row = rows(path)["retrap/trigger:sigcont", "combined/async-retrap"]
    assert row["test_boots"] == "6" and "1 of 7 boots lack a median" in row["warnings"]


def test_what_an_interface_lacks_is_not_applicable(maker: Maker) -> None:
    maker.scenarios = ("retrap/trigger:interrupt", "retrap/trigger:sigcont")
    maker.substrates, maker.variants, maker.boots = ("vm",), ("combined",), 8
    maker.plan = {"baseline": "combined"}
    row = rows(maker.write())["retrap/trigger:interrupt", "combined/async-retrap"]
    assert (row["verdict"], row["test_boots"], row["estimate"]) == ("n.a.", "0", "")
    assert row["warnings"] == "the interface has no such scenario"


def test_one_order_in_each_boot_is_told(maker: Maker) -> None:
    path = made(maker)
    (first,) = {r["warnings"] for r in rows(path).values()}
    assert first == ""
    for file in path.glob("raw/combined/*/boot.json"):
        record = json.loads(file.read_text())
        file.write_text(json.dumps({**record, "cells": sorted(record["cells"])}))
    for row in rows(path).values():
        assert "ran before the other in each boot" in row["warnings"]


def test_exact_results_have_no_such_rows(full: Path) -> None:
    """And none of the file, of one that had them."""
    (full / written.WITHIN).write_text("old\n")
    written.write(load(full))
    assert not (full / written.WITHIN).exists()
    assert within.within_boots(load(full)) == ()


@pytest.mark.parametrize("kernel", ["mainline", "please-notify"])
def test_a_kernel_with_one_interface_has_none(maker: Maker, kernel: str) -> None:
    maker.substrates, maker.variants, maker.boots = ("vm",), (kernel,), 1
    assert within.within_boots(load(maker.write())) == ()
