# SPDX-License-Identifier: GPL-2.0-only
"""The last screen: the README's table, 80 x 24, and no claim wider than it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from conftest import COST, Maker

from retrap.cli import matrix
from retrap.analysis.compare import comparisons
from retrap.report import brief, designstable, sentences, table
from retrap.results.store import load

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results/reference/quick"


def screen(path: Path) -> list[str]:
    text = brief.render(load(path)) + brief.paths(path, "results/quick/20261127-1200")
    lines = text.splitlines()
    assert len(lines) <= 23, text  # the prompt is the 24th
    assert all(len(line) <= 80 and line.isascii() for line in lines), text
    return lines


def test_the_table_of_the_readme_is_what_is_printed() -> None:
    blocks = re.findall(
        r"^```\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S
    )
    assert blocks[0] == brief.render(load(REFERENCE))
    screen(REFERENCE)
    in_time = REFERENCE.with_name("combined-guests")
    table, _, sentences = brief.render(load(in_time)).partition("WNOHANG, armed: ")
    assert blocks[1] == table and sentences
    screen(in_time)


def test_changes_that_are_one_number_out_of_a_range_are_counted() -> None:
    results = load(REFERENCE)
    rows = [row for row in comparisons(results) if row.decided]
    wide = [r for r in rows if any("the change is" in note for note in r.warnings)]
    assert wide and f"No one shift explains {len(wide)} of" in brief.render(results)
    plain = dataclasses.replace(wide[0], warnings=())
    assert not sentences.ranges([plain])


def test_each_row_of_the_table_is_explained() -> None:
    page = (ROOT / "docs/decide.md").read_text()
    for scenario, label in designstable.LABELS.items():
        if not scenario.startswith("floor/"):
            assert f"| {label.strip()} | `{scenario}` |" in page


def test_a_change_too_wide_for_its_column_is_in_thousands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = load(REFERENCE)
    (machine,) = results.machines
    monkeypatch.setattr(designstable, "CHANGE", 12)
    lines = designstable.lines(
        results, machine, "mainline", brief.shown(results, machine)
    )
    (row,) = [each for each in lines if each.startswith("registers, armed")]
    assert "-8k/-10k" in row and "-7913" not in row


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("~-1.0%/~-97.3%", "~-1%/~-97%"),
        ("~+297.5%/~+912.4%", "~+298/+912%"),
        ("+0.4%/-50.0%", "+0.4%/-50.0%"),
        ("~-94.3%/~-5210.5%", "~-94%/~-5k%"),
    ],
)
def test_percents_too_wide_lose_their_decimals(wide: str, narrow: str) -> None:
    assert designstable.narrow(wide) == narrow


def test_every_shape_of_results_fits(full: Path, whole: Path) -> None:
    for path in (full, whole):
        assert screen(path)[0].endswith("[exact x86_64]")


def test_one_kernel_alone(maker: Maker) -> None:
    maker.variants, maker.substrates, maker.samples = ("mainline",), ("vm",), 3000
    maker.boots = 1
    lines = screen(maker.write())
    (line,) = [each for each in lines if each.startswith("retrap/trigger:sigcont")]
    assert len(line.split()) == 1 + 3 * 2 and "-" not in line.split()[3]
    assert any("1 boot: a claim takes 6 or more" in each for each in lines)


def test_floors_alone_are_of_a_kernel_too(maker: Maker) -> None:
    maker.variants, maker.substrates, maker.boots = ("mainline",), ("vm",), 1
    maker.scenarios = ("floor/clock", "floor/futex")
    assert any(
        each.startswith("Medians of mainline, 1") for each in screen(maker.write())
    )


def test_the_sentence_claims_what_is_decided(maker: Maker) -> None:
    maker.substrates, maker.samples = ("exact",), 200
    maker.scenarios = ("retrap/trigger:sigcont", "trap/trigger:interrupt")
    text = " ".join(brief.render(load(maker.write())).split())
    assert "takes 1128 more with async-retrap, 68 more with please-notify." in text
    assert "trap/trigger:interrupt" not in text
    for name in ("async-retrap", "please-notify"):
        boot = maker.path / "raw" / name / "exact-1"
        for file in (maker.path / "raw/mainline/exact-1").glob("*.npy"):
            (boot / file.name).write_bytes(file.read_bytes())
    text = " ".join(brief.render(load(maker.path)).split())
    assert "the same with async-retrap" in text
    assert "more" not in text and "fewer" not in text


def test_failed_and_busy_cells_are_marked(maker: Maker) -> None:
    maker.variants, maker.substrates = ("mainline",), ("vm",)
    maker.boots, maker.failed, maker.samples = 1, 3, 60
    path = maker.write()
    for file in path.glob("raw/*/*/retrap.trigger-sigcont@*.run.json"):
        run = json.loads(file.read_text())
        run["load"] = {"loadavg": 5.5, "wall_s": 1.0, "others_s": 0.9, "steal_s": 0.1}
        file.write_text(json.dumps(run))
    lines = screen(path)
    (line,) = [each for each in lines if each.startswith("retrap/trigger:sigcont")]
    medians = line.split()[1], line.split()[4]
    assert medians[0].endswith("!*") and medians[1].endswith("*")
    told = " ".join(lines)
    assert "Load average 5.50, steal 10.0 % of a CPU; 2 of 2 cells ran beside" in told
    assert "cells have failed samples" in told


def test_all_tables_on_request(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matrix.show(whole)
    assert len(capsys.readouterr().out.splitlines()) <= 23
    matrix.show(whole, full=True)
    assert "Path integers" in capsys.readouterr().out


@pytest.mark.parametrize("floor", [6100, 9000])
def test_a_floor_that_moves_voids_its_kernel_on_the_last_screen(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, floor: int
) -> None:
    monkeypatch.setitem(COST, "floor/futex", (6100, floor, 6100))
    maker.substrates = ("vm",)
    text = " ".join(brief.render(load(maker.write())).split())
    void = "! VOID: of async-retrap, floor/futex same-cpu moved by +47.1%, "
    assert (void in text) is (floor != 6100)
    assert ("no valid amount with async-retrap" in text) is (floor != 6100)
    assert "no valid amount with please-notify" not in text


def test_boots_of_a_busy_machine_are_counted(maker: Maker) -> None:
    maker.substrates = ("vm",)
    quiet = {"waited_s": 120.1, "busy": 0.3, "uptime_s": 130.0, "temperature_c": None}
    maker.record = {"quiet": {"quiet": False, **quiet}}
    results = load(maker.write())
    assert " ! 21 of them began before" in brief.render(results)
    assert "before the machine was quiet: the wait" in table.tables(results)
    maker.record = {"quiet": {"quiet": True, **quiet}}
    results = load(maker.write())
    assert "quiet" not in brief.render(results) + table.tables(results)
