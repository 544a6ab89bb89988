# SPDX-License-Identifier: GPL-2.0-only
"""What each side changes against the baseline: panels beside the medians."""

from __future__ import annotations

from typing import Any

from plots import scale, style, words
from plots.rows import Rows
from retrap.analysis.compare import Comparison
from retrap.analysis.verdict import told


def draw(axes: dict[str, Any], rows: Rows, compared: list[Comparison]) -> None:
    """By placement; one axis for all. What is of differences within boots has its
    interval."""
    last = list(axes.values())[-1]
    compared = [each for each in compared if each.judgement.estimate is not None]
    values = [each.judgement.estimate or 0.0 for each in compared]
    ends = [end for each in compared if each.within for end in each.interval or ()]
    near, log = scale.changes(last, [*values, *ends])
    base = words.shorten(compared[0].base, 120, style.KEY)
    unit = style.UNITS[compared[0].machine.substrate]
    last.set_xlabel(f"change against {base}\n[{unit}]{log}")
    for axis in axes.values():
        axis.axvline(0, color="black", linewidth=0.8)
    right: list[scale.Mark] = []
    left: list[scale.Mark] = []
    heights = {(scenario, name): y for y, scenario, name, _ in rows.lines()}
    for each, value in zip(compared, values, strict=True):
        axis, y = axes[each.placement], heights[each.scenario, each.test]
        end = value
        if each.within and (bar := each.interval):
            axis.plot(bar, [y, y], color=rows.sides[each.test].color, linewidth=1.2)
            end = bar[value > 0]
        axis.plot([value], [y], **rows.sides[each.test].mark)
        text = told(each.verdict, words.signed(value), value)
        into = left if value < 0 else right
        into.append(words.beside(axis, end, y, text, value < 0))
    scale.make_room(last, right, left)
    scale.change_ticks(last, near)
