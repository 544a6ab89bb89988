# SPDX-License-Identifier: GPL-2.0-only
"""Layouts: the same kernel with its functions elsewhere, and what it says."""

from __future__ import annotations

import csv
from pathlib import Path

import conftest
import pytest
from conftest import Maker

from retrap.analysis import compare, summarize, written
from retrap.base.arch import native
from retrap.base.errors import EXIT_CONFIG, EXIT_RESULTS, RetrapError
from retrap.config.experiments import load_experiment
from retrap.config.fragments import asked, config_text
from retrap.config.layouts import LAYOUTS
from retrap.config.variants import load_variants
from retrap.kernel.kernels import kernel_key, lineage
from retrap.report import before_after, brief, table
from retrap.report.html import rows as html_rows
from retrap.results.store import load

CELL = ("retrap/trigger:sigcont", "same-cpu")
EXPERIMENT = """variants = ["mainline", "please-notify"]
scenarios = ["floor/pipe"]
layouts = ["aligned", "relinked"]
[exact]
samples = 10
"""


def test_a_variant_in_a_layout_is_the_variant_and_the_layout() -> None:
    variants = load_variants()
    plain, aligned = variants["please-notify"], variants["please-notify.aligned"]
    assert (aligned.source, aligned.patches) == (plain.source, plain.patches)
    assert aligned.interfaces == plain.interfaces
    asks = asked(config_text(aligned, native()))
    assert asks["CONFIG_DEBUG_FORCE_FUNCTION_ALIGN_64B"] == "y"
    assert asks.items() > asked(config_text(plain, native())).items()
    assert "mainline.other" not in variants and "other.aligned" not in variants
    assert "please-notify.aligned" not in list(variants)


def test_each_layout_is_another_kernel() -> None:
    variants = load_variants()
    names = ("mainline", *(f"mainline.{layout}" for layout in LAYOUTS))
    keys = {kernel_key(variants[name], native()) for name in names}
    assert len(keys) == len(names)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_builds_on_its_base_in_the_same_layout(layout: str) -> None:
    """The patches of the base are the first of its own: make compiles the rest."""
    variants = load_variants()
    line = list(lineage(variants[f"please-notify.{layout}"], variants))
    names = [f"please-notify.{layout}", f"mainline.{layout}", "mainline"]
    assert [each.name for each in line] == names
    for mine, base in zip(line, line[1:]):
        assert mine.patches[: len(base.patches)] == base.patches


def test_an_experiment_boots_each_variant_in_each_layout(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(EXPERIMENT)
    assert load_experiment(path).kernels == (
        *("mainline", "please-notify"),
        *("mainline.aligned", "please-notify.aligned"),
        *("mainline.relinked", "please-notify.relinked"),
    )


def test_layouts_need_a_baseline_that_is_built(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('scenarios = ["floor/pipe"]\nlayouts = ["aligned"]\n')
    with path.open("a") as file:
        file.write("[host]\nsamples = 10\n")
    with pytest.raises(RetrapError) as raised:
        load_experiment(path)
    assert raised.value.exit_code == EXIT_CONFIG
    assert "layouts: need a baseline that is built" in raised.value.message


def laid(maker: Maker, monkeypatch: pytest.MonkeyPatch, aligned: int) -> Path:
    """async-retrap, and in the layout `aligned` both kernels 500 dearer; there what
    async-retrap adds is less by `aligned`."""
    names = ("mainline", "async-retrap")
    for name in names:
        again = f"{name}.aligned"
        monkeypatch.setitem(conftest.INTERFACES, again, conftest.INTERFACES[name])
    monkeypatch.setitem(conftest.DEARER, "mainline.aligned", 500)
    monkeypatch.setitem(conftest.DEARER, "async-retrap.aligned", 500 - aligned)
    maker.variants = (*names, *(f"{name}.aligned" for name in names))
    planned = names[::-1]  # the baseline is not the first
    maker.plan = {
        "variants": [{"name": name} for name in planned]
        + [{"name": f"{name}.aligned", "layout": "aligned"} for name in planned]
    }
    return maker.write()


def word(path: Path) -> str:
    found = compare.comparisons(load(path))
    assert {row.test for row in found} == {"async-retrap"}
    return next(
        row.survives for row in found if row.where == CELL and row.machine.exact
    )


@pytest.mark.parametrize(
    ("less", "told"), [(0, "yes"), (100, "yes"), (1128, "no"), (1500, "no")]
)
def test_each_layout_has_its_own_baseline(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, less: int, told: str
) -> None:
    assert word(laid(maker, monkeypatch, less)) == f"aligned {told}"


def test_the_word_travels(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    path = laid(maker, monkeypatch, 1128)
    results = load(path)
    written.write(results)
    with open(path / "comparison.csv", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["unit"] == "instructions"]
    rows = [r for r in rows if (r["scenario"], r["placement"]) == CELL]
    told = [(r["base"], r["test"], r["verdict"], r["survives"]) for r in rows]
    assert told == [
        ("mainline", "async-retrap", "more", "aligned no"),
        ("mainline.aligned", "async-retrap.aligned", "same", ""),
    ]
    exact, timed = table.tables(results).split("Nanoseconds, boot against boot")
    assert "    survives: aligned no same\n" in exact
    assert "    survives: aligned " in timed
    assert ".aligned" not in exact + timed  # it has no rows of its own there
    assert "survives" in html_rows.headings(html_rows.rows(results))
    assert "Verdicts survive in other layouts: aligned in" in brief.render(results)
    both = before_after.compared(path, path)
    survive = [row.survives for rows_ in both.rows.values() for row in rows_]
    assert "aligned yes" in survive and "aligned no" not in survive
    summarize.summarize(results)
    assert "async-retrap.aligned" in (path / "measured.csv").read_text()


def test_without_layouts_nothing_is_said(whole: Path) -> None:
    results = load(whole)
    assert not any(row.survives for row in compare.comparisons(results))
    assert "urvive" not in table.tables(results) + brief.render(results)


def test_layouts_alone_are_no_result(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(maker, monkeypatch, 0)
    for name in ("mainline", "async-retrap"):
        (path / "raw" / name).rename(path / name)
    with pytest.raises(RetrapError) as raised:
        load(path)
    assert raised.value.exit_code == EXIT_RESULTS
