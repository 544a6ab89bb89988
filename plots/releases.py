# SPDX-License-Identifier: GPL-2.0-only
"""The figure `releases`: what paths cost from one release to the next."""

from __future__ import annotations

from pathlib import Path

from matplotlib.lines import Line2D

from plots import looks, style
from retrap.analysis.releases import names_of, of_each
from retrap.results.store import Machine, Results

WIDTH, HEIGHT = 8.0, 3.4  # inches
LINES = ("-", ":")  # of placements
MOST = 5  # scenarios: more cannot be told apart


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine, where every kernel is named by its release."""
    names, paths = names_of(results), []
    if not names:
        return []
    for machine in results.machines:
        paths += _machine(results, directory, machine, names)
    return paths


def _machine(
    results: Results, directory: Path, machine: Machine, names: list[str]
) -> list[Path]:
    unit = style.UNITS[machine.substrate]
    with style.figure(WIDTH, HEIGHT) as drawing:
        axis = drawing.subplots()
        keys = []
        every = results.scenarios(machine)
        note = f"the first {MOST} of {len(every)} scenarios" * (len(every) > MOST)
        for scenario, look in zip(every[:MOST], looks.LOOKS, strict=False):
            for place, line in zip(results.placements(machine), LINES, strict=False):
                levels = of_each(results, machine, (scenario, place))
                if not levels:
                    continue
                mark = {**look.mark, "linestyle": line}
                first = next(iter(levels.values()))
                change = [level - first for level in levels.values()]
                axis.plot([names.index(name) for name in levels], change, **mark)
                label = f"{scenario} {place}: {first:.0f} in {next(iter(levels))}"
                keys.append((Line2D([], [], **mark), label))
        axis.set_xticks(range(len(names)), names)
        axis.set_ylabel(f"median, less the first [{unit}]")
        axis.grid(axis="y", alpha=0.3)
        style.heading(drawing, f"from release to release  [{style.title(machine)}]")
        style.legend(drawing, keys, note=note)
        return style.save(drawing, directory, f"releases-{machine.slug}")
