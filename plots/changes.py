# SPDX-License-Identifier: GPL-2.0-only
"""What each side changes against the baseline: panels beside the medians."""

from __future__ import annotations

from typing import Any

from plots import scale, style, words
from plots.rows import Rows
from retrap.analysis.compare import Comparison

UNDECIDED = "~"


def draw(axes: dict[str, Any], rows: Rows, compared: list[Comparison]) -> None:
    """By placement; one axis for all."""
    last = list(axes.values())[-1]
    values = [each.delta for each in compared if each.delta is not None]
    near, log = scale.changes(last, values)
    base = words.shorten(compared[0].base, 120, style.KEY)
    unit = style.UNITS[compared[0].substrate]
    last.set_xlabel(f"change against {base}\n[{unit}]{log}")
    for axis in axes.values():
        axis.axvline(0, color="black", linewidth=0.8)
    right: list[scale.Mark] = []
    left: list[scale.Mark] = []
    heights = {(scenario, name): y for y, scenario, name, _ in rows.lines()}
    for each in compared:
        if each.delta is None:
            continue
        axis, y = axes[each.placement], heights[each.scenario, each.test]
        axis.plot([each.delta], [y], **rows.sides[each.test].mark)
        text = words.signed(each.delta)
        if each.verdict == UNDECIDED:
            text = f"{UNDECIDED} ({text})"
        into = left if each.delta < 0 else right
        into.append(words.beside(axis, each.delta, y, text, each.delta < 0))
    scale.make_room(last, right, left)
    scale.change_ticks(last, near)
