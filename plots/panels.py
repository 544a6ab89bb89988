# SPDX-License-Identifier: GPL-2.0-only
"""Panels beside each other, one a number; in each a bar for every side of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from plots import bars, scale, words
from plots.looks import Look
from retrap.results.store import Machine, Results

SMALL, NAME = 8.0, 125.0  # points: of names, and their room
NUMBER = 7.0  # points: beside a bar
BETWEEN = 0.8  # bars: between cells
Where = tuple[str, str]  # scenario and placement
Values = dict[tuple[str, str, str], dict[str, float | None]]  # with the side
Sides = dict[str, Look]


def groups(
    results: Results, machine: Machine, have: Iterable[tuple[str, str, str]]
) -> list[Where]:
    """The cells that have values, in the order of every report."""
    found = {key[:2] for key in have}
    return [
        (scenario, placement)
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        if (scenario, placement) in found
    ]


def height(cells: list[Where], sides: Sides) -> float:
    """Of a panel, in inches."""
    return 0.5 + 0.17 * len(cells) * (len(sides) + BETWEEN)


def at(cell: int, side: int, sides: Sides) -> float:
    """Of a bar on the y axis."""
    return cell * (len(sides) + BETWEEN) + side


def frame(axis: Any, title: str, label: str, cells: list[Where], sides: Sides) -> None:
    names = [
        "\n".join(words.shorten(part, NAME, SMALL) for part in where) for where in cells
    ]
    middles = [at(i, 0, sides) + (len(sides) - 1) / 2 for i in range(len(cells))]
    axis.set_yticks(middles, names, fontsize=SMALL, parse_math=False)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(at(len(cells), 0, sides) - 0.1 - BETWEEN, -0.8)
    axis.set_title(title)
    axis.set_xlabel(label)


def fill(
    axis: Any,
    cells: list[Where],
    values: Values,
    name: str,
    sides: Sides,
    text: Callable[[float], str],
) -> None:
    """`-`: it was not counted; `n.a.`: the side does not have the cell."""
    marks = []
    for cell, where in enumerate(cells):
        for number, (side, look) in enumerate(sides.items()):
            y = at(cell, number, sides)
            value = values.get((*where, side), {}).get(name)
            if value is None:
                said = "-" if (*where, side) in values else "n.a."
            else:
                said = text(value)
                bars.bar(axis, y, value, look)
            mark = words.beside(axis, value or 0, y, said, size=NUMBER, gap=3.0)
            marks.append(mark)
    axis.set_xlim(0, max(1.0, *(value for value, _ in marks)))
    scale.make_room(axis, marks)
    scale.linear_ticks(axis, 4, integer=True)
