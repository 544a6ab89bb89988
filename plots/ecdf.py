# SPDX-License-Identifier: GPL-2.0-only
"""ECDF of every sample: one figure a scenario; the placements below each other, on
one axis. A window has its first looks there as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D

from plots import looks, scale, style, words
from plots.looks import Floor, Look
from retrap.analysis import readings
from retrap.analysis.side import of
from retrap.report import windows
from retrap.results.store import Cell, Machine, Results
from retrap.results.summary import reading

TAIL = 0.99  # the axis ends at this quantile when the tail is long
LONG_TAIL = 1.5  # the maximum is beyond this many times that quantile
NEAR = 0.25  # of the axis: it grows so much for a floor, no more
CELLS, LEVELS = 2000, 600  # steps closer than half a pixel are one
WIDTH = 9.4  # inches
SMALL, ROOM = 8.0, 165.0  # points: of the text beside a panel, and its width
Values = npt.NDArray[np.int64]
Row = tuple[Line2D, str, str]  # how it looks, its median, its name
Panels = dict[tuple[str, str | None], dict[str, Values]]  # by side
# A panel is a placement, and None: whole samples, or a stage: until that.


def draw(results: Results, directory: Path) -> list[Path]:
    """The files written; two machines never share a figure."""
    paths = []
    for machine in results.machines:
        for scenario in results.paths(machine):
            paths += _scenario(results, directory, machine, scenario)
    return paths


def _values(
    results: Results, machine: Machine, where: tuple[str, str], stage: str | None
) -> dict[str, Values]:
    """Spans of all boots together, by side."""
    found = {}
    for name in results.sides(machine):
        cells = results.of(machine, name, where)
        parts = [_spans(cell, stage) for cell in cells]
        merged = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
        if merged.size:
            found[name] = merged
    return found


def _spans(cell: Cell, stage: str | None) -> Values:
    """Of a cell's good samples, from the trigger on."""
    if stage is None:
        return cell.latencies[cell.ok]
    spans = reading(cell.samples[cell.ok], f"t_{stage}_ns")
    assert spans is not None
    return spans


def _panels(results: Results, machine: Machine, scenario: str) -> Panels:
    """Those with any sample, in their order."""
    found: Panels = {}
    for placement in results.placements(machine):
        where = scenario, placement
        window = windows.of_window(readings.of(results, machine, where))
        for stage in (None, windows.STAGE) if window else (None,):
            if values := _values(results, machine, where, stage):
                found[placement, stage] = values
    return found


def _scenario(
    results: Results, directory: Path, machine: Machine, scenario: str
) -> list[Path]:
    panels = _panels(results, machine, scenario)
    if not panels:
        return []
    floors = {p: looks.floors(results, machine, p) for p, _ in panels}
    sides = looks.sides(results, machine)
    names = len(sides) + max(map(len, floors.values()))
    height = 0.4 + len(panels) * max(2.0, 0.5 + 0.17 * names)
    with style.figure(WIDTH, height) as drawing:
        grid = drawing.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        near = [value for found in floors.values() for _, value in found]
        log = scale.latencies(grid[0], *_range(panels, near))
        for axis, (panel, values) in zip(grid, panels.items(), strict=True):
            placement, stage = panel
            _panel(axis, placement, stage, values, sides)
            where = scenario, placement
            rows = [
                _row(results, machine, where, stage, *each) for each in sides.items()
            ]
            _beside(axis, rows + _floors(axis, floors[placement]))
        unit = style.UNITS[machine.substrate]
        first = any(stage for _, stage in panels)
        end = "the return" if first else "return of the wait"
        grid[-1].set_xlabel(f"trigger to {end} [{unit}]{log}")
        style.heading(drawing, f"{scenario}  [{style.title(machine)}]")
        slug = scenario.replace("/", ".").replace(":", "-")
        return style.save(drawing, directory, f"ecdf-{machine.slug}-{slug}")


def _range(panels: Panels, floors: list[float]) -> tuple[float, float]:
    """Of all panels: the samples but for long tails, and the floors near them."""
    every = [v for values in panels.values() for v in values.values()]
    end = max(float(v[-1]) for v in every)
    tail = max(float(np.quantile(v, TAIL)) for v in every)
    low, high = min(float(v[0]) for v in every), tail if end > LONG_TAIL * tail else end
    log = scale.wide(low, high)
    room = (high / low) ** NEAR if log else NEAR * (high - low)
    start, stop = (low / room, high * room) if log else (low - room, high + room)
    near = [value for value in floors if start <= value <= stop]
    return min([low, *near]), max([high, *near])


def _panel(
    axis: Any,
    placement: str,
    stage: str | None,
    values: dict[str, Values],
    sides: dict[str, Look],
) -> None:
    for name, ordered in values.items():
        axis.step(*steps(axis, ordered), where="post", **_line(sides[name]))
    end = axis.get_xlim()[1]
    beyond = sum(int((v > end).sum()) for v in values.values())
    total = sum(v.size for v in values.values())
    said = f"    {beyond} of {total} samples are beyond the axis" if beyond else ""
    what = f"{placement}, {stage} look alone" if stage else placement
    axis.set_title(what + said, loc="left")
    axis.set_ylabel("share at or below")
    axis.set_ylim(0, 1.02)


def _line(look: Look) -> dict[str, Any]:
    return {"color": look.color, "linestyle": look.line, "linewidth": look.width}


def steps(axis: Any, ordered: Values) -> tuple[list[float], list[float]]:
    """Where the line goes up, and to which share; what nobody can see left out."""
    start, end = axis.get_xlim()
    x, counts = np.unique(ordered[ordered <= end], return_counts=True)
    y = np.cumsum(counts) / ordered.size
    places = axis.xaxis.get_transform().transform(np.array([start, end, *x]))
    cell = np.floor((places[2:] - places[0]) / (places[1] - places[0]) * CELLS)
    first = _news(cell)  # to the share of the last in the cell
    x, y = x[first], y[np.append(np.flatnonzero(first)[1:] - 1, y.size - 1)]
    kept = _news(np.floor(y * LEVELS))
    kept[-1] = True
    x, y = x[kept], y[kept]
    return [x[0], *x, end], [0.0, *y, y[-1]]


def _news(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Those that differ from the one before."""
    return np.append(True, values[1:] != values[:-1])


def _row(
    results: Results,
    machine: Machine,
    where: tuple[str, str],
    stage: str | None,
    name: str,
    look: Look,
) -> Row:
    one = of(results, machine, name, where)
    if one is None:
        return _blank(), "n.a.", name
    if one.median is None:
        return _blank(), "-", f"{name}, every sample failed"
    median = one.median
    if stage:
        median = readings.of(results, machine, where)[name][stage].quantiles.median
    return Line2D([], [], **_line(look)), words.thousands(median), name


def _floors(axis: Any, floors: list[tuple[Floor, float]]) -> list[Row]:
    """A line for each that is on the axis; from left to right."""
    rows: list[Row] = []
    start, end = axis.get_xlim()
    for nth, (floor, value) in enumerate(sorted(floors, key=lambda each: each[1])):
        on = start <= value <= end
        if on:
            floor.draw(axis, value, nth)
        handle = Line2D([], [], **floor.settings) if on else _blank()
        name = floor.name if on else f"{floor.name}, off the axis"
        rows.append((handle, words.thousands(value), name))
    return rows


def _beside(axis: Any, rows: list[Row]) -> None:
    """Names and medians, outside of the axes, where they hide nothing."""
    medians = words.column([median for _, median, _ in rows])
    names = [f"{m}  {row[2]}" for m, row in zip(medians, rows, strict=True)]
    drawn = axis.legend(
        [handle for handle, _, _ in rows],
        [words.shorten(name, ROOM, SMALL) for name in names],
        loc="upper left",
        bbox_to_anchor=(1.0, 1.04),
        title="median",
        title_fontsize=SMALL,
        alignment="left",
        fontsize=SMALL,
        handlelength=3.5,
        labelspacing=0.35,
        borderaxespad=0.4,
    )
    for text in drawn.get_texts():
        text.set_parse_math(False)


def _blank() -> Line2D:
    return Line2D([], [], linestyle="none")
