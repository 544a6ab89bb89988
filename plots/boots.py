# SPDX-License-Identifier: GPL-2.0-only
"""The figure `boots`: the median of every boot, or of every round of one, in the order
in which they ran; and below it, where a cell has two modes, the share of its samples in
the upper one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from plots import looks, style, words
from plots.looks import Look
from retrap.analysis.modes import upper_mode
from retrap.analysis.side import Side
from retrap.analysis.side import of as of_cell
from retrap.analysis.statistic import MEDIAN, Statistic
from retrap.results.store import Boot, Machine, Results

WIDTH, PANEL = 9.4, 1.5  # inches
BLOCK = re.compile(r"block-(\d+)")
NOTE = "a line: the median of a kernel's {}s; upright lines part blocks"
Row = tuple[str, list[Statistic | None]]  # a scenario, and what is shown at each place


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine whose kernels have several boots that do not repeat."""
    paths = []
    for machine in results.machines:
        here = [boot for boot in results.boots if boot.machine == machine]
        several = len(here) > len({boot.variant for boot in here})
        if not machine.exact and several and results.paths(machine):
            paths += _machine(results, directory, machine, in_order(here))
    return paths


def in_order(boots: list[Boot]) -> list[Boot]:
    """As they ran; those that do not say when come first, as they are."""

    def began(boot: Boot) -> str:
        return min(
            (str(cell.run.get("began") or "") for cell in boot.cells), default=""
        )

    return sorted(boots, key=began)


def _machine(
    results: Results, directory: Path, machine: Machine, boots: list[Boot]
) -> list[Path]:
    places, looks_ = results.placements(machine), looks.sides(results, machine)
    at = {boot.path: number for number, boot in enumerate(boots, 1)}
    unit = "boot" if results.booted(machine) == len(boots) else "round"
    rows = list(_rows(results, machine))
    with style.figure(WIDTH, len(rows) * PANEL + 0.3) as drawing:
        grid = drawing.subplots(len(rows), len(places), sharex=True, squeeze=False)
        for axes, (scenario, shown) in zip(grid, rows, strict=True):
            for axis, place, of in zip(axes, places, shown, strict=True):
                _frame(axis, _title(scenario, place, of), boots)
                for name, look in looks_.items():
                    one = of_cell(results, machine, name, (scenario, place))
                    if one and of:
                        _side(axis, one, of, look, at)
                if of is None:
                    words.at_edge(axis, 0.5, "one mode")
                    axis.set_yticks([])
            axes[0].set_ylabel(_unit(machine, shown))
        for axis in grid[-1]:
            axis.set_xlabel(f"{unit}, in the order in which they ran")
        style.heading(drawing, f"Every {unit}  [{style.title(machine)}]")
        keys = [(Line2D([], [], **look.mark), name) for name, look in looks_.items()]
        style.legend(drawing, keys, [], note=NOTE.format(unit))
        return style.save(drawing, directory, f"boots-{machine.slug}")


def _rows(results: Results, machine: Machine) -> Iterator[Row]:
    """Of each scenario the medians and, where it has two modes, their shares."""
    places = results.placements(machine)
    for scenario in results.paths(machine):
        yield scenario, [MEDIAN for _ in places]
        modes = [upper_mode(results, machine, (scenario, place)) for place in places]
        if any(modes):
            yield scenario, modes


def _title(scenario: str, place: str, of: Statistic | None) -> str:
    """The room is little where two modes need the most."""
    if of is MEDIAN:
        return f"{scenario}  {place}"
    from_ = f" from {words.thousands(of.split or 0)} ns on" if of else ""
    return f"{place}, upper mode{from_}"


def _unit(machine: Machine, shown: list[Statistic | None]) -> str:
    if MEDIAN in shown:
        return f"median [{style.UNITS[machine.substrate]}]"
    return "share [% of\nthe samples]"


def _frame(axis: Any, title: str, boots: list[Boot]) -> None:
    room = 72 * WIDTH / 2 - 60
    axis.set_title(words.shorten(title, room, style.KEY), loc="left", parse_math=False)
    axis.set_xlim(0.2, len(boots) + 0.8)
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda y, _: words.thousands(y)))
    blocks = [found[1] if (found := BLOCK.match(b.name)) else "" for b in boots]
    for number, (before, after) in enumerate(zip(blocks, blocks[1:]), 1):
        if before != after:
            axis.axvline(number + 0.5, color="#bbbbbb", linewidth=0.6)
    axis.grid(False, axis="x")


def _side(axis: Any, one: Side, of: Statistic, look: Look, at: dict[Path, int]) -> None:
    unit = 100 if of.share else 1
    known = [(at[c.boot_path], of.of(c.summary)) for c in one.cells if c.summary]
    found = [(x, unit * y) for x, y in known if y is not None]
    if not found:
        return
    middle = float(np.median([y for _, y in found]))
    axis.axhline(middle, color=look.color, linewidth=0.7, linestyle=look.line)
    axis.plot(*zip(*found), **look.mark)
