# SPDX-License-Identifier: GPL-2.0-only
"""What each side changes against the baseline: panels beside the medians."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plots import scale, style, words
from plots.rows import Rows
from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import told


BAND = "#e4e4e4"  # behind a scenario: what the baseline differs from itself by


def draw(
    axes: dict[str, Any],
    rows: Rows,
    compared: list[Comparison],
    twice: Sequence[Comparison] = (),
) -> None:
    """By placement; one axis for all: instructions, or of times the share. What is
    over boots has its interval. `twice`: the baseline against itself."""
    last = list(axes.values())[-1]
    compared = [each for each in compared if each.judgement.estimate is not None]
    exact, base = compared[0].machine.exact, compared[0].base
    values = [_scaled(each, each.judgement.estimate or 0.0) for each in compared]
    bars = [_interval(each) for each in compared]
    bands = {each.where: _interval(each) for each in twice if each.interval}
    ends = [end for bar in (*bars, *bands.values()) for end in bar]
    near, log = scale.changes(last, [*values, *ends])
    unit = style.UNITS["exact"] if exact else "%"
    name = words.shorten(base, 120, style.KEY)
    last.set_xlabel(f"change against {name}\n[{unit}]{log}")
    for axis in axes.values():
        axis.axvline(0, color="black", linewidth=0.8)
    for (scenario, place), band in bands.items():
        mine = [y for y, each, _, _ in rows.lines() if each == scenario]
        if mine and place in axes:
            high = [max(mine) + 0.5, min(mine) - 0.5]
            axes[place].fill_betweenx(high, *band, color=BAND, zorder=0.5, linewidth=0)
    right: list[scale.Mark] = []
    left: list[scale.Mark] = []
    heights = {(scenario, name): y for y, scenario, name, _ in rows.lines()}
    for each, value, bar in zip(compared, values, bars, strict=True):
        axis, y = axes[each.placement], heights[each.scenario, each.test]
        if bar:
            axis.plot(bar, [y, y], color=rows.sides[each.test].color, linewidth=1.2)
        axis.plot([value], [y], **rows.sides[each.test].mark)
        end = bar[value > 0] if bar else value
        text = told(each.verdict, words.signed(value), value) if exact else each.change
        into = left if value < 0 else right
        into.append(words.beside(axis, end, y, text, value < 0))
    scale.make_room(last, right, left)
    scale.change_ticks(last, near)


def _scaled(one: Comparison, value: float) -> float:
    """In the unit of the axis."""
    base = one.sides[0]
    if one.machine.exact or base is None or not base.median:
        return value
    return 100 * value / base.median


def _interval(one: Comparison) -> tuple[float, ...]:
    """Over boots; nothing of exact samples, which are counted."""
    if one.machine.exact or not one.interval:
        return ()
    return tuple(_scaled(one, end) for end in one.interval)
