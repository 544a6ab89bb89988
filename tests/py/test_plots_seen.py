# SPDX-License-Identifier: GPL-2.0-only
"""Figures as a reader sees them: texts apart, axes that say what they are."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import COST, FLOORS, PATHS, Maker
from pictures import Camera

import plots
from retrap.analysis.compare import comparisons
from retrap.results.store import Results, load

LONG = "retrap/trigger:" + "a-very-long-name-of-a-trigger-" * 5


@pytest.fixture
def many_floors(monkeypatch: pytest.MonkeyPatch, maker: Maker) -> Maker:
    """Ten, some of them within a few instructions, among the paths or far off."""
    values = (52, 310, 6100, 6110, 6500, 7900, 7905, 8012, 8100, 9800)
    names = tuple(f"floor/number-{n}" for n in range(len(values)))
    for name, value in zip(names, values, strict=True):
        monkeypatch.setitem(COST, name, (value,) * 3)
    maker.scenarios, maker.substrates = (*names, *PATHS), ("exact",)
    return maker


def case(maker: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> Maker:
    maker.samples, maker.substrates = 120, ("exact",)
    if name == "many variants":
        maker.variants = ("mainline", "combined", "mainline-6.1", "please-notify")
    elif name == "one variant":
        maker.variants = ("mainline",)
    elif name == "one placement":
        maker.placements = ("cross-cpu",)
    elif name == "long names":
        monkeypatch.setitem(COST, LONG, COST[PATHS[1]])
        monkeypatch.setitem(COST, "floor/" + LONG, COST["floor/pipe"])
        maker.scenarios = (*FLOORS, "floor/" + LONG, *PATHS, LONG)
    elif name == "ratio of 10^4":
        monkeypatch.setitem(COST, PATHS[0], tuple(x * 10**4 for x in COST[PATHS[0]]))
        monkeypatch.setitem(COST, PATHS[2], (COST[PATHS[2]][0] * 10**4, 0, 4310))
    elif name == "failures":
        maker.failed = maker.samples
    return maker


CASES = (
    "plain",
    "many variants",
    "one variant",
    "one placement",
    "long names",
    "ratio of 10^4",
    "failures",
)


@pytest.mark.parametrize("name", CASES)
def test_texts_are_apart_and_log_axes_say_so(
    name: str,
    maker: Maker,
    monkeypatch: pytest.MonkeyPatch,
    camera: Camera,
) -> None:
    plots.draw_all(case(maker, monkeypatch, name).write())
    wrong = [
        text
        for picture in camera.pictures.values()
        for text in picture.collisions() + picture.outside()
    ]
    assert not wrong
    if name in ("plain", "ratio of 10^4"):
        assert_log_axes_say_so(camera)


def test_any_number_of_floors_hides_nothing(many_floors: Maker, camera: Camera) -> None:
    plots.draw_all(many_floors.write())
    for picture in camera.matching("ecdf-"):
        assert not picture.collisions() + picture.outside()
        assert not [text for axis in picture.axes for text in picture.over(axis)]
        words = " ".join(text for text, _ in picture.texts)
        assert all(f"floor/number-{n}" in words for n in range(10))


def assert_log_axes_say_so(camera: Camera) -> None:
    axes = [
        (picture.name, axis, shared)
        for picture in camera.pictures.values()
        for axis, shared in picture.log_axes()
    ]
    assert axes
    for name, axis, shared in axes:
        labels = [getattr(s, f"get_{axis.axis_name}label")() for s in shared]
        assert any("log scale" in label for label in labels), name
        assert len(labelled(axis)) >= 3, name


def labelled(axis: Any) -> list[str]:
    low, high = sorted(axis.get_view_interval())
    return [
        text
        for x, text in zip(
            axis.get_majorticklocs(),
            axis.get_major_formatter().format_ticks(axis.get_majorticklocs()),
            strict=True,
        )
        if low <= x <= high and text
    ]


def test_panels_of_one_quantity_have_one_scale(maker: Maker, camera: Camera) -> None:
    maker.substrates, maker.scenarios = ("exact",), (*FLOORS, *PATHS[2:])
    plots.draw_all(maker.write())
    for figure in ("overview-", "ecdf-", "path-integers-"):
        for picture in camera.matching(figure):
            changes = [
                axis for axis in picture.axes if axis.get_subplotspec().colspan.start
            ]
            panels = [axis for axis in picture.axes if axis not in changes]
            groups = [panels, changes] if figure == "overview-" else [picture.axes]
            for group in groups:
                scales = {(axis.get_xlim(), axis.get_xscale()) for axis in group}
                assert len(scales) == 1, figure


def overview_of(maker: Maker) -> None:
    path = maker.write()
    plots.overview.draw(load(path), path / "figures")


def test_the_overview_shows_small_changes(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, camera: Camera
) -> None:
    maker.substrates = ("exact",)
    overview_of(maker)
    (picture,) = camera.matching("overview-")
    texts = [text.replace("\N{THIN SPACE}", "") for text, _ in picture.texts]
    assert "+68" in texts and "+1128" in texts and "+2" in texts
    axis = next(a for a in picture.axes if "against mainline" in a.get_xlabel())
    zero = axis.transData.transform((0.0, 0.0))[0]
    for change in (2.0, 10.0):
        assert axis.transData.transform((change, 0.0))[0] - zero > 20, change


def test_one_variant_has_no_panel_of_changes(maker: Maker, camera: Camera) -> None:
    maker.substrates, maker.variants = ("exact",), ("mainline",)
    overview_of(maker)
    (picture,) = camera.matching("overview-")
    assert len(picture.axes) == 2


def test_changes_over_boots_have_their_interval_and_are_shares(
    maker: Maker, camera: Camera
) -> None:
    """A line from end to end of each; none of exact samples, which are counted."""
    maker.scenarios = PATHS[:1]
    path = maker.write()
    results = load(path)
    plots.overview.draw(results, path / "figures")
    for name, bars in (("overview-exact", []), ("overview-vm", intervals(results))):
        (picture,) = camera.matching(name)
        axes = [a for a in picture.axes if a.get_subplotspec().colspan.start]
        lines = [line for axis in axes for line in axis.get_lines()]
        ends = [
            tuple(line.get_xdata())
            for line in lines
            if len(line.get_xdata()) == 2 and len(set(line.get_ydata())) == 1
        ]
        assert ends == bars
        assert ("[%]" in axes[-1].get_xlabel()) == bool(bars)


def intervals(results: Results) -> list[tuple[float, float]]:
    """In % of the baseline."""
    found = []
    for each in comparisons(results):
        base = each.sides[0]
        if not each.machine.exact and base and base.median and each.interval:
            low, high = (100 * end / base.median for end in each.interval)
            found.append((low, high))
    assert found
    return found
