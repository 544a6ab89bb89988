# SPDX-License-Identifier: GPL-2.0-only
"""The figures `growth`: medians over a number in the name of a scenario, and the
exponent by which they grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from plots import looks, style, words
from retrap.analysis.growth import Growth, growths
from retrap.results.store import Machine, Results

WIDTH, HEIGHT = 8.0, 3.2  # inches
TICKS = 8  # of the x axis: more would touch
NOTE = "exponent ± its standard error, of the largest half of the numbers: {}"


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine and family."""
    paths = []
    rows = growths(results)
    for machine in results.machines:
        here = [each for each in rows if each.machine == machine]
        for family in dict.fromkeys(each.family for each in here):
            mine = [each for each in here if each.family == family]
            paths += _family(results, directory, machine, mine)
    return paths


def _family(
    results: Results, directory: Path, machine: Machine, grown: list[Growth]
) -> list[Path]:
    family = grown[0].family
    known = looks.sides(results, machine)
    places = list(dict.fromkeys(each.placement for each in grown))
    names = list(dict.fromkeys(each.side for each in grown))
    with style.figure(WIDTH, HEIGHT) as drawing:
        axes = drawing.subplots(1, len(places), sharey=True, squeeze=False)[0]
        for axis, place in zip(axes, places, strict=True):
            axis.set_title(place, loc="left")
            axis.set_xscale("log")
            axis.set_yscale("log")
            here = [each for each in grown if each.placement == place]
            for each in here:
                look = known[each.side]
                axis.plot(*zip(*each.points, strict=True), **_line(look))
            _ticks(axis, here)
            axis.set_xlabel("N, log scale")
        unit = style.UNITS[machine.substrate]
        axes[0].set_ylabel(f"median [{unit}], log scale")
        style.heading(drawing, f"{family}  [{style.title(machine)}]")
        keys = [
            (Line2D([], [], **_line(known[name])), f"{name}: {_exponents(name, grown)}")
            for name in names
        ]
        style.legend(drawing, keys, note=NOTE.format(", ".join(places)))
        slug = family.replace("/", ".").replace(":", "-")
        return style.save(drawing, directory, f"growth-{machine.slug}-{slug}")


def _exponents(name: str, grown: list[Growth]) -> str:
    """One a placement."""
    return ", ".join(each.fit.text for each in grown if each.side == name)


def _line(look: looks.Look) -> dict[str, Any]:
    return {**look.mark, "linestyle": look.line, "linewidth": look.width}


def _ticks(axis: Any, grown: list[Growth]) -> None:
    numbers = sorted({number for each in grown for number, _ in each.points})
    shown = numbers[:: -(-len(numbers) // TICKS)]
    axis.xaxis.set_major_locator(FixedLocator(shown))
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_major_formatter(FuncFormatter(lambda v, _: words.thousands(v)))
        scale.set_minor_formatter(NullFormatter())
