# SPDX-License-Identifier: GPL-2.0-only
"""Medians of every scenario, side and placement, with the floors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from plots import style
from retrap.side import Side, side
from retrap.store import Machine, Results

BARS = {
    "exact": "bars: smallest to largest median of a sweep",
    "vm": "bars: smallest to largest median of a boot",
    "bare-metal": "bars: smallest to largest median of a boot",
}
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine."""
    paths = []
    for machine in results.machines:
        paths += _machine(results, directory, machine)
    return paths


def _machine(results: Results, directory: Path, machine: Machine) -> list[Path]:
    scenarios = style.paths_of(results, machine)
    placements = results.placements(machine)
    if not scenarios:
        return []
    looks = style.looks(results, machine)
    rows = len(scenarios) * (len(looks) + 1)
    with style.figure(9.4, 1.9 + 0.21 * rows) as drawing:
        grid = drawing.subplots(
            1, len(placements), sharey=True, sharex=True, squeeze=False
        )
        floors: dict[str, Any] = {}
        for axis, placement in zip(grid[0], placements, strict=True):
            for index, scenario in enumerate(scenarios):
                base = index * (len(looks) + 1)
                for offset, (name, look) in enumerate(looks.items()):
                    cells = results.of(machine, name, (scenario, placement))
                    _mark(axis, base + offset, side(cells), look)
            found = style.floor_medians(results, machine, placement)
            for floor, (value, line) in found.items():
                axis.axvline(value, color=style.FLOOR, linestyle=line, linewidth=1.2)
                floors[floor] = line
            unit = style.UNITS[machine.substrate]
            _frame(axis, scenarios, len(looks), placement, unit)
        grid[0][0].invert_yaxis()
        title = f"Median, trigger to return of the wait  [{style.title(machine)}]"
        drawing.suptitle(title, fontsize=10)
        failed = any(
            not cell.ok.all() for cell in results.cells() if cell.machine == machine
        )
        bars = BARS[machine.substrate] + ("; !: some samples failed" if failed else "")
        _legend(drawing, looks, floors, bars)
        return style.save(drawing, directory, f"overview-{machine.slug}")


def _mark(axis: Any, y: float, one: Side | None, look: style.Look) -> None:
    if one is None or one.median is None:
        text = "n.a." if one is None else "every sample failed"
        axis.annotate(
            text,
            (0, y),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=look.color,
            bbox=BOX,
        )
        return
    spread = one.sweeps or one.boot_medians
    low, high = min(spread), max(spread)
    axis.errorbar(
        one.median,
        y,
        xerr=[[max(0.0, one.median - low)], [max(0.0, high - one.median)]],
        fmt=look.marker,
        color=look.color,
        markersize=5.5,
        capsize=3,
        elinewidth=1.2,
        markerfacecolor=look.color if look.marker == "o" else "white",
    )
    text = f"{one.median:,.0f}".replace(",", " ") + ("!" if one.failed else "")
    axis.annotate(
        text,
        (max(high, one.median), y),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        bbox=BOX,
    )


def _frame(
    axis: Any, scenarios: list[str], sides: int, placement: str, unit: str
) -> None:
    step = sides + 1
    middles = [i * step + (sides - 1) / 2 for i in range(len(scenarios))]
    axis.set_yticks(middles, [name.replace("/", "/\n", 1) for name in scenarios])
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    for index in range(1, len(scenarios)):
        axis.axhline(index * step - 1, color="#dddddd", linewidth=0.8)
    axis.set_ylim(-0.9, len(scenarios) * step - 1.1)
    axis.set_xlim(left=0)
    axis.set_title(placement)
    axis.set_xlabel(f"median [{unit}]")
    axis.locator_params(axis="x", nbins=6)
    style.thousands(axis.xaxis)
    low, high = axis.get_xlim()
    right = max(_rightmost(axis), 1.0) * 1.22
    axis.set_xlim(0, max(right, 1.0) if right > low else high)


def _rightmost(axis: Any) -> float:
    """The largest value drawn in the axes, with those of its sharers."""
    return max(
        (float(x) for line in axis.get_lines() for x in line.get_xdata() if x == x),
        default=1.0,
    )


def _legend(
    drawing: Any, looks: dict[str, style.Look], floors: dict[str, Any], bars: str
) -> None:
    blank = (Line2D([], [], linestyle="none"), "")
    first = [(_key(look), name) for name, look in looks.items()]
    second = [
        (Line2D([], [], color=style.FLOOR, linestyle=line), name)
        for name, line in floors.items()
    ]
    columns = min(max(len(first), len(second)), style.COLUMNS)
    cells = [*first, *[blank] * (-len(first) % columns), *second]
    cells += [blank] * (-len(second) % columns)
    # By row here, by column in matplotlib.
    pairs = [pair for start in range(columns) for pair in cells[start::columns]]
    handles, names = (list(part) for part in zip(*pairs, strict=True))
    style.legend(drawing, handles, names, columns, bars)


def _key(look: style.Look) -> Line2D:
    face = look.color if look.marker == "o" else "white"
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=look.marker,
        color=look.color,
        markerfacecolor=face,
    )
