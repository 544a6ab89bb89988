# SPDX-License-Identifier: GPL-2.0-only
"""The figure `boots`: the median of every boot, in the order in which they ran."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from plots import looks, style, words
from plots.looks import Look
from retrap.analysis.side import of
from retrap.results.store import Boot, Machine, Results

WIDTH, PANEL = 9.4, 1.5  # inches
BLOCK = re.compile(r"block-(\d+)")
NOTE = "a line: the median of a kernel's boots; upright lines part blocks"


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
    scenarios, places = results.paths(machine), results.placements(machine)
    sides = looks.sides(results, machine)
    at = {boot.path: number for number, boot in enumerate(boots, 1)}
    with style.figure(WIDTH, len(scenarios) * PANEL + 0.3) as drawing:
        grid = drawing.subplots(len(scenarios), len(places), sharex=True, squeeze=False)
        for row, scenario in zip(grid, scenarios, strict=True):
            for axis, place in zip(row, places, strict=True):
                _frame(axis, f"{scenario}  {place}", boots)
                for name, look in sides.items():
                    _side(axis, results, machine, name, look, (scenario, place), at)
        for axis in grid[-1]:
            axis.set_xlabel("boot, in the order in which they ran")
        for axis in grid[:, 0]:
            axis.set_ylabel(f"median [{style.UNITS[machine.substrate]}]")
        style.heading(drawing, f"Every boot  [{style.title(machine)}]")
        keys = [(Line2D([], [], **look.mark), name) for name, look in sides.items()]
        style.legend(drawing, keys, [], note=NOTE)
        return style.save(drawing, directory, f"boots-{machine.slug}")


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


def _side(
    axis: Any,
    results: Results,
    machine: Machine,
    name: str,
    look: Look,
    where: tuple[str, str],
    at: dict[Path, int],
) -> None:
    one = of(results, machine, name, where)
    if one is None or one.median is None:
        return
    found = [
        (at[cell.boot_path], cell.summary.quantiles.median)
        for cell in one.cells
        if cell.summary and cell.summary.quantiles
    ]
    axis.axhline(one.median, color=look.color, linewidth=0.7, linestyle=look.line)
    axis.plot(*zip(*found), **look.mark)
