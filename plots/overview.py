# SPDX-License-Identifier: GPL-2.0-only
"""Medians of every scenario, side and placement, with the floors; beside them what
each side changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from plots import changes, looks, scale, style, words
from plots.looks import Floor, Look
from plots.rows import Rows
from retrap.analysis import again
from retrap.analysis.compare import comparisons, shown
from retrap.analysis.side import Side
from retrap.results.store import Machine, Results

BARS = {
    "exact": "bars: smallest to largest median of a sweep",
    "vm": "bars: smallest to largest median of a boot",
    "bare-metal": "bars: smallest to largest median of a boot",
}
WIDTH = 9.4  # inches
FAR = 50.0  # times the smallest median: the largest then wants a log axis
Floors = dict[str, list[tuple[Floor, float]]]  # by placement
Sides = dict[tuple[str, float], tuple[Side | None, Look]]  # by placement and height


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine."""
    paths = []
    for machine in results.machines:
        if results.paths(machine):
            paths += _machine(results, directory, machine)
    return paths


def _machine(results: Results, directory: Path, machine: Machine) -> list[Path]:
    rows = Rows(results.paths(machine), looks.sides(results, machine))
    places = results.placements(machine)
    compared = [
        each
        for each in comparisons(results)
        if each.machine == machine and each.scenario in rows.scenarios
    ]
    columns = 2 if compared else 1
    with style.figure(WIDTH, len(places) * rows.height + 0.6) as drawing:
        grid = drawing.subplots(
            len(places), columns, sharex="col", sharey=True, squeeze=False
        )
        for axis in grid.ravel():
            rows.frame(axis)
        for axis, place in zip(grid[:, 0], places, strict=True):
            axis.set_title(place, loc="left")
        floors = {place: looks.floors(results, machine, place) for place in places}
        style.heading(
            drawing, f"Trigger to return of the wait  [{style.title(machine)}]"
        )
        _legend(drawing, results, machine, rows, floors)
        unit = style.UNITS[machine.substrate]
        grid[-1, 0].set_xlabel(f"median [{unit}]")
        drawing.draw_without_rendering()  # now the axes are as wide as they stay
        if compared:
            twice = [row for row in again.rows(results) if row.machine == machine]
            panels = dict(zip(places, grid[:, 1], strict=True))
            changes.draw(panels, rows, compared, twice)
        sides: Sides = {
            (place, y): (shown(results, machine, name, (scenario, place)), look)
            for place in places
            for y, scenario, name, look in rows.lines()
        }
        _medians(dict(zip(places, grid[:, 0], strict=True)), sides, floors, unit)
        return style.save(drawing, directory, f"overview-{machine.slug}")


def _medians(axes: dict[str, Any], sides: Sides, floors: Floors, unit: str) -> None:
    """From nothing to the largest; by decades where that is far from the smallest."""
    last = list(axes.values())[-1]
    medians = [s.median for s, _ in sides.values() if s and s.median is not None]
    values = medians + [value for found in floors.values() for _, value in found]
    log = bool(medians) and min(values) > 0 and max(medians) > FAR * min(medians)
    if log:
        last.set_xscale("log")
        last.set_xlim(min(values) / 1.5, max(values))
    else:
        last.set_xlim(0, max(values, default=1.0) or 1.0)
    last.set_xlabel(f"median [{unit}]" + (", log scale" if log else ""))
    marks: list[scale.Mark] = []
    for (place, y), (one, look) in sides.items():
        marks += _mark(axes[place], y, one, look)
    for place, found in floors.items():
        for nth, (floor, value) in enumerate(sorted(found, key=lambda each: each[1])):
            floor.draw(axes[place], value, nth)
            marks.append((value, 0.0))
    scale.make_room(last, marks)
    if log:
        scale.log_ticks(last)
    else:
        scale.linear_ticks(last, 6)


def _mark(axis: Any, y: float, one: Side | None, look: Look) -> list[scale.Mark]:
    """Returns the room that it wants."""
    if one is None or one.median is None:
        text = "n.a." if one is None else "every sample failed"
        words.at_edge(axis, y, text)
        return []
    low, high = min(*one.ends, one.median), max(*one.ends, one.median)
    axis.errorbar(
        one.median,
        y,
        xerr=[[one.median - low], [high - one.median]],
        capsize=3,
        elinewidth=1.2,
        **look.mark,
    )
    text = words.thousands(one.median) + ("!" if one.failed else "")
    return [words.beside(axis, high, y, text)]


def _legend(
    drawing: Any, results: Results, machine: Machine, rows: Rows, floors: Floors
) -> None:
    sides = [(Line2D([], [], **look.mark), name) for name, look in rows.sides.items()]
    known = {floor.name: floor for found in floors.values() for floor, _ in found}
    lines = [(Line2D([], [], **floor.settings), name) for name, floor in known.items()]
    notes = [BARS[machine.substrate]]
    mine = (c.summary for c in results.cells() if c.machine == machine)
    if any(each and each.failed for each in mine):
        notes.append("!: some samples failed")
    if len(rows.sides) > 1:
        notes += [] if machine.exact else ["of changes: intervals of 95 %"]
        notes.append("~: undecided")
    if any(row.machine == machine and row.interval for row in again.rows(results)):
        notes.append("grey: the baseline against itself")
    style.legend(drawing, sides, lines, note="; ".join(notes))
