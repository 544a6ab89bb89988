# SPDX-License-Identifier: GPL-2.0-only
"""Paths from release to release: the screen and the figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import INTERFACES, Maker

from plots import releases as figure
from retrap.analysis.releases import names_of
from retrap.report import releases
from retrap.results.store import Results, load

TAGS = ("v6.12", "v6.13-rc1", "v6.13", "v6.14")


@pytest.fixture
def results(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> Results:
    for tag in TAGS:
        monkeypatch.setitem(INTERFACES, tag, ("listen",))
    maker.plan = {"baseline": TAGS[0]}
    maker.substrates = ("exact",)
    maker.variants = TAGS
    return load(maker.write())


def test_a_line_a_release_and_what_it_adds(results: Results) -> None:
    lines = releases.render(results).splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) <= 22
    rows = [line.split() for line in lines if line.startswith("v")]
    assert tuple(row[0] for row in rows) == TAGS
    machine = results.machines[0]
    for before, row in zip(rows, rows[1:], strict=False):
        assert float(row[2]) == float(row[1]) - float(before[1])
    assert any(line.endswith("same-cpu") for line in lines), machine


def test_what_is_added_has_its_sign() -> None:
    column = releases._column(
        {"v1": 10.0, "v3": 13.0, "v4": 9.0}, ["v1", "v2", "v3", "v4"]
    )
    assert column == {"v1": "10", "v2": "n.a.", "v3": "13 +3", "v4": "9 -4"}


def test_its_figure(results: Results, tmp_path: Path) -> None:
    paths = figure.draw(results, tmp_path)
    assert {path.suffix for path in paths} == {".svg", ".png"}
    text = next(path for path in paths if path.suffix == ".svg").read_text()
    for tag in TAGS:
        assert tag in text


def test_other_kernels_have_none(maker: Maker, tmp_path: Path) -> None:
    found = load(maker.write())
    assert names_of(found) == []
    assert figure.draw(found, tmp_path) == []
