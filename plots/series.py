# SPDX-License-Identifier: GPL-2.0-only
"""The figures `series`: the samples of each run in the order in which they were
taken, so that warm-up and drift are seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from plots import looks, scale, style, words
from plots.looks import Look
from retrap.analysis.side import Side, of
from retrap.results.store import Cell, Machine, Results

WIDTH, PANEL = 9.4, 1.7  # inches
STEPS = 40  # a run is cut into as many parts, each of which is its median
FEWEST = 200  # samples: a part of fewer than five is a coin toss
ROOM = 0.05  # of the y axis, beyond the lines
NOTE = f"a line a boot; each point is the median of a {STEPS}th of its run"


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine and scenario; of runs with enough samples."""
    paths = []
    for machine in results.machines:
        if not machine.exact:
            for scenario in results.paths(machine):
                paths += _scenario(results, directory, machine, scenario)
    return paths


def _scenario(
    results: Results, directory: Path, machine: Machine, scenario: str
) -> list[Path]:
    places = results.placements(machine)
    sides = {
        (place, name): one
        for place in places
        for name in results.sides(machine, scenario)
        if (one := of(results, machine, name, (scenario, place)))
        and any(cell.latencies.size >= FEWEST for cell in one.cells)
    }
    if not sides:
        return []
    rows = [place for place in places if any(key[0] == place for key in sides)]
    names = list(dict.fromkeys(name for _, name in sides))
    known = looks.sides(results, machine)
    with style.figure(WIDTH, len(rows) * PANEL + 0.4) as drawing:
        grid = drawing.subplots(
            len(rows), len(names), sharex=True, sharey="row", squeeze=False
        )
        for row, place in zip(grid, rows, strict=True):
            for axis, name in zip(row, names, strict=True):
                room = 72 * WIDTH / len(names) - 45
                title = words.shorten(f"{name}, {place}", room, style.KEY)
                axis.set_title(title, loc="left", parse_math=False)
                if one := sides.get((place, name)):
                    _panel(axis, one, known[name])
                else:
                    words.at_edge(axis, 0.5, "n.a.")
            unit = style.UNITS[machine.substrate]
            row[0].set_ylabel(f"median [{unit}]{_heights(row[0])}")
        for axis in grid[-1]:
            axis.set_xlabel("sample")
            axis.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axis.xaxis.set_major_formatter(
                FuncFormatter(lambda x, _: words.thousands(x))
            )
        style.heading(drawing, f"{scenario}, run by run  [{style.title(machine)}]")
        style.legend(drawing, [], [], note=NOTE)
        slug = scenario.replace("/", ".").replace(":", "-")
        return style.save(drawing, directory, f"series-{machine.slug}-{slug}")


def _panel(axis: Any, one: Side, look: Look) -> None:
    for cell in one.cells:
        if cell.latencies.size >= FEWEST:
            axis.plot(*parts(cell), color=look.color, linewidth=0.7, alpha=0.7)
    axis.margins(y=ROOM)


def _heights(axis: Any) -> str:
    """Those of the whole row; returns what its label adds."""
    low, high = axis.dataLim.y0, axis.dataLim.y1
    for other in axis.get_shared_y_axes().get_siblings(axis):
        low, high = min(low, other.dataLim.y0), max(high, other.dataLim.y1)
    axis.yaxis.set_major_locator(MaxNLocator(4))
    log = scale.wide(low, high)
    if log:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
        axis.yaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda y, _: words.thousands(y)))
    return ",\nlog scale" if log else ""


def parts(cell: Cell) -> tuple[list[float], list[float]]:
    """The middle of each part of a run, and the median of what succeeded in it."""
    x, y, start = [], [], 0
    cut = zip(
        np.array_split(cell.latencies, STEPS),
        np.array_split(cell.ok, STEPS),
        strict=True,
    )
    for values, ok in cut:
        if ok.any():
            x.append(start + values.size / 2)
            y.append(float(np.median(values[ok])))
        start += values.size
    return x, y
