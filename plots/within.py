# SPDX-License-Identifier: GPL-2.0-only
"""The figure `within`: a kernel's interfaces against each other, within its boots."""

from __future__ import annotations

from pathlib import Path

from matplotlib.lines import Line2D

from plots import changes, looks, style
from plots.rows import Rows
from retrap.analysis.comparison import Comparison
from retrap.analysis.within import within_boots
from retrap.results.store import Machine, Results

WIDTH = 7.0  # inches


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine and kernel that was measured through several."""
    paths = []
    rows = [c for c in within_boots(results) if c.judgement.estimate is not None]
    for machine in results.machines:
        here = [each for each in rows if each.machine == machine]
        for base in dict.fromkeys(each.base for each in here):
            mine = [each for each in here if each.base == base]
            paths += _kernel(results, directory, machine, mine)
    return paths


def _kernel(
    results: Results, directory: Path, machine: Machine, compared: list[Comparison]
) -> list[Path]:
    known = looks.sides(results, machine)
    sides = {each.test: known[each.test] for each in compared}
    rows = Rows(list(dict.fromkeys(each.scenario for each in compared)), sides)
    places = list(dict.fromkeys(each.placement for each in compared))
    kernel = results.kernel(compared[0].base)
    with style.figure(WIDTH, len(places) * rows.height + 0.6) as drawing:
        axes = drawing.subplots(len(places), 1, sharex=True, squeeze=False)[:, 0]
        for axis, place in zip(axes, places, strict=True):
            rows.frame(axis)
            axis.set_title(place, loc="left")
        style.heading(drawing, f"Within boots of {kernel}  [{style.title(machine)}]")
        keys = [(Line2D([], [], **look.mark), name) for name, look in sides.items()]
        note = "bars: the interval of 95 % over boots; ~: undecided"
        style.legend(drawing, keys, [], note=note)
        drawing.draw_without_rendering()  # now the axes are as wide as they stay
        changes.draw(dict(zip(places, axes, strict=True)), rows, compared)
        return style.save(drawing, directory, f"within-{machine.slug}-{kernel}")
