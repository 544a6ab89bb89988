# SPDX-License-Identifier: GPL-2.0-only
"""Figures: all drawn, byte for byte the same, substrates apart."""

from __future__ import annotations

import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import FLOORS, PATHS, Maker

import plots
from retrap.analysis import compare
from retrap.base.paths import ROOT
from retrap.results.store import load

MACHINES = ("exact-x86_64", "vm-x86_64")
NAMES = {f"{figure}-{m}" for figure in ("overview", "path-integers") for m in MACHINES}
PNG = b"\x89PNG\r\n\x1a\n"


def test_every_figure_twice_the_same(maker: Maker) -> None:
    maker.scenarios, maker.boots = ("floor/futex", "retrap/trigger:sigcont"), 1
    whole = maker.write()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = plots.draw_all(whole)
    assert {p.parent for p in paths} == {whole / "figures"}
    expected = NAMES | {f"ecdf-{m}-retrap.trigger-sigcont" for m in MACHINES}
    expected |= {"series-vm-x86_64-retrap.trigger-sigcont"}
    assert {p.stem for p in paths} == expected
    assert len(paths) == 2 * len(expected)
    before = {path: path.read_bytes() for path in paths}
    shutil.rmtree(whole / "figures")
    for path in plots.draw_all(whole):
        assert path.read_bytes() == before[path], path.name
    for path, content in before.items():
        if path.suffix == ".png":
            assert content.startswith(PNG)
        else:
            assert b"<dc:date>" not in content and b"Matplotlib v" not in content


def test_user_settings_do_not_change_a_figure(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib

    maker.substrates, maker.scenarios = ("exact",), PATHS[:1]
    path = maker.write()
    before = {p: p.read_bytes() for p in plots.draw_all(path)}
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 30.0)
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "red")
    monkeypatch.setitem(matplotlib.rcParams, "svg.hashsalt", "other")
    for p in plots.draw_all(path):
        assert p.read_bytes() == before[p], p.name
    assert matplotlib.rcParams["font.size"] == 30.0


@pytest.fixture
def as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """SVG with words as words, so that a test can read them."""
    monkeypatch.setitem(plots.style.SETTINGS, "svg.fonttype", "none")
    monkeypatch.setattr(plots.style, "SUFFIXES", ("svg",))


def words(path: Path) -> str:
    return " ".join(re.findall(r">([^<>]+)</text>", path.read_text()))


@pytest.mark.usefixtures("as_text")
def test_labels_name_unit_and_substrate(maker: Maker) -> None:
    maker.samples, maker.boots, maker.scenarios = 60, 1, (*FLOORS, PATHS[1])
    for path in plots.draw_all(maker.write()):
        if path.suffix == ".svg" and "path-integers" not in path.name:
            text = words(path)
            exact = "-exact" in path.name
            assert ("[guest instructions]" in text) is exact, path.name
            assert ("[ns]" in text) is not exact, path.name
            assert ("[exact" in text) is exact and ("[vm" in text) is not exact
            assert "same-cpu" in text and "cross-cpu" in text
            assert "mainline" in text and "please-notify" in text
            assert "floor/futex" in text


@pytest.mark.usefixtures("as_text")
def test_not_applicable_failures_and_counts_are_shown(maker: Maker) -> None:
    maker.samples, maker.failed, maker.substrates = 60, 3, ("exact",)
    paths = {p.name: p for p in plots.draw_all(maker.write())}
    text = words(paths["overview-exact-x86_64.svg"])
    assert text.count("n.a.") == 2
    assert "some samples failed" in text and "!" in text
    text = words(paths["ecdf-exact-x86_64-retrap.trigger-interrupt.svg"])
    assert len(re.findall(r"n\.a\.\s+async-retrap", text)) == 2
    text = words(paths["path-integers-exact-x86_64.svg"])
    assert "context switches" in text and text.count("n.a.") == 8


@pytest.mark.usefixtures("as_text")
def test_architectures_have_figures_of_their_own(full: Path) -> None:
    results, into = load(full), full / "figures"
    drawn = plots.overview.draw(results, into) + plots.path_integers.draw(results, into)
    paths = {p.name: p for p in drawn}
    for arch, other in (("x86_64", "arm64"), ("arm64", "x86_64")):
        for figure in ("overview", "path-integers"):
            text = words(paths[f"{figure}-exact-{arch}.svg"])
            assert f"exact {arch}" in text and other not in text
            assert "combined/please-notify" in text and "mainline-6.1" in text


@pytest.mark.usefixtures("as_text")
def test_hardware_counters_get_panels_where_they_exist(maker: Maker) -> None:
    maker.substrates, maker.boots = ("vm",), 1
    path = maker.write()
    for file in path.glob("raw/*/*/*.jsonl"):
        count = 100000.0 if "-100." in file.name else 192345.0
        file.write_text(file.read_text().replace("<not supported>", str(count)))
    paths = {p.name: p for p in plots.draw_all(path)}
    text = words(paths["path-integers-vm-x86_64.svg"])
    assert "instructions, kernel" in text and "923.45" in text
    assert "branch misses" not in text


@pytest.mark.usefixtures("as_text")
def test_long_tail_is_cut_and_said(maker: Maker) -> None:
    maker.substrates, maker.boots, maker.samples = ("vm",), 1, 4000
    paths = {p.name: p for p in plots.draw_all(maker.write())}
    text = words(paths["ecdf-vm-x86_64-retrap.trigger-sigcont.svg"])
    assert re.search(r"\d+ of 12000 samples are beyond the axis", text)


@pytest.mark.usefixtures("as_text")
def test_the_ecdf_of_a_window_has_its_first_looks(tmp_path: Path) -> None:
    """async-retrap's is the whole sample; the others' returns before anything is there.
    Other scenarios have whole samples alone."""
    results = load(ROOT / "results/reference/quick")
    paths = {path.name: path for path in plots.ecdf.draw(results, tmp_path)}
    window = words(paths["ecdf-exact-x86_64-window.sigcont-wait.busy-0.nice-0.svg"])
    for placement in ("same-cpu", "cross-cpu"):
        assert window.count(f"{placement}, first look alone") == 1
    whole, first = window.split("same-cpu, first look alone")
    (asked,) = re.findall(r"([\d\u2009\s]+) async-retrap", first.split("cross-cpu")[0])
    (took,) = re.findall(r"([\d\u2009\s]+) async-retrap", whole)
    (early,) = re.findall(r"([\d\u2009\s]+) mainline", first.split("cross-cpu")[0])
    asked, took, early = (int(re.sub(r"\D", "", text)) for text in (asked, took, early))
    assert early < asked // 2 and 0 <= took - asked < took // 10
    other = words(paths["ecdf-exact-x86_64-cycle.notification.svg"])
    assert "look alone" not in other


def test_odd_directories_are_drawn(maker: Maker) -> None:
    maker.samples, maker.failed, maker.boots = 30, 30, 1
    maker.placements, maker.variants = ("same-cpu",), ("mainline",)
    assert plots.draw_all(maker.write())
    floors = Maker(maker.path.parent / "floors", 30, scenarios=("floor/clock",))
    assert plots.draw_all(floors.write()) == []


def test_an_ecdf_is_small_and_as_exact_as_can_be_seen(maker: Maker) -> None:
    maker.substrates, maker.boots, maker.samples = ("vm",), 1, 20000
    paths = {p.name: p for p in plots.draw_all(maker.write())}
    drawn = paths["ecdf-vm-x86_64-retrap.trigger-sigcont.svg"].stat()
    assert drawn.st_size < 250000
    with plots.style.figure(9, 2) as drawing:
        axis = drawing.subplots()
        values = np.sort(np.random.default_rng(1).integers(5000, 9000, 20000))
        axis.set_xlim(values[0], values[-1])
        x, y = plots.ecdf.steps(axis, values)
    assert len(x) <= plots.ecdf.LEVELS + 3
    for at in range(5000, 9000, 7):
        got = y[int(np.searchsorted(x, at, "right")) - 1] if at >= x[0] else 0.0
        near = [(values <= at + off).mean() for off in (-2, 2)]  # half a pixel
        assert near[0] - 1 / plots.ecdf.LEVELS <= got <= near[1] + 1e-9, at


@pytest.mark.usefixtures("as_text")
def test_the_overview_has_the_medians_of_the_table(tmp_path: Path) -> None:
    """Where the baseline is not the same as itself, those of half of its boots."""
    results = load(ROOT / "results/reference/rehearsal")
    (machine,) = results.machines
    drawn = plots.overview.draw(results, tmp_path)
    text = words(next(path for path in drawn if path.suffix == ".svg"))
    for scenario in results.paths(machine):
        side = compare.shown(results, machine, "mainline", (scenario, "same-cpu"))
        assert side and side.median is not None and side.boots == 8
        assert plots.words.thousands(side.median) in text, scenario
