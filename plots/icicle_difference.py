# SPDX-License-Identifier: GPL-2.0-only
"""Two profiles of one cell in one icicle: what each function adds to the change.

The boxes are those of the second profile. One scale for more and less; less is
hatched, so that a print in grey tells them apart.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, SymLogNorm, to_hex
from matplotlib.patches import Rectangle

from plots import calltree, icicle, style, words
from plots.calltree import Box
from retrap.profile.report import CLASS_TEXT, figure, signed
from retrap.profile.summary import CHEAPEST, Profile

NEUTRAL = "#E4E4E4"
LESS, MORE = "#0072B2", "#D55E00"
SCALE = LinearSegmentedColormap.from_list("change", [LESS, NEUTRAL, MORE])
HATCH, HATCH_LINE = "\\\\\\\\\\\\", "#003B5C"
GONE, GONE_LINE = "xxx", "#555555"
GAP_LINE = "#BBBBBB"
LEAST = Fraction(1, 20)  # what is less is shown as no change: it prints as 0.0


class Colors:
    """From a change to a face. Linear up to one instruction, then by decades."""

    def __init__(self, boxes: list[Box]) -> None:
        most = max((abs(box.change) for box in boxes), default=Fraction())
        self.limit = max(float(most), 1.0)
        self.norm = SymLogNorm(1.0, vmin=-self.limit, vmax=self.limit, base=10)

    def face(self, change: Fraction) -> str:
        if abs(change) < LEAST:
            return NEUTRAL
        return str(to_hex(SCALE(self.norm(float(change)))))

    def ticks(self) -> list[float]:
        tens = [10.0**n for n in range(9) if 10.0**n <= self.limit / 2]
        ends = [*tens, self.limit] if self.limit > 1 else [1.0]
        return [-x for x in reversed(ends)] + [0.0] + ends


def draw(base: Profile, other: Profile, directory: Path, name: str) -> list[Path]:
    trees = base.trees[CHEAPEST], other.trees[CHEAPEST]
    boxes = calltree.boxes(trees[1], trees[0])
    colors = Colors(boxes)
    with icicle.sheet(boxes) as drawing:
        axis = drawing.subplots()
        _paint(axis, boxes, colors)
        icicle.label(axis, boxes, lambda b: _face(b, colors), _words)
        _edges(axis, boxes)
        icicle.frame(axis, boxes)
        style.heading(drawing, _title(base, other))
        _bar(drawing, axis, colors)
        _legend(drawing, base, other, boxes)
        return style.save(drawing, directory, name)


def _face(box: Box, colors: Colors) -> str:
    return "#FFFFFF" if box.gone else colors.face(box.change)


def _words(box: Box) -> tuple[str, str]:
    name = f"{box.function} (was {box.was})" if box.was else str(box.function)
    return name, signed(box.change) if abs(box.change) >= LEAST else ""


def _paint(axis: Any, boxes: list[Box], colors: Colors) -> None:
    shown = icicle.visible(boxes)
    gone = [box for box in shown if box.gone]
    less = [box for box in shown if box.change <= -LEAST and not box.gone]
    icicle.paint(axis, [(box, _face(box, colors)) for box in shown])
    icicle.hatch(axis, less, HATCH, HATCH_LINE)
    icicle.hatch(axis, gone, GONE, LESS)


def _edges(axis: Any, boxes: list[Box]) -> None:
    """Around what is gone, and across the gaps above it."""
    shown = icicle.visible(boxes)
    gaps = [
        icicle.corners(left, width, box.depth)
        for box in shown
        for left, width in box.gaps
    ]
    axis.add_collection(
        PolyCollection(gaps, facecolors="white", edgecolors=GAP_LINE, linewidths=0.5)
    )
    gone = [box for box in shown if box.gone]
    icicle.outline(axis, gone, float(calltree.width(boxes)) or 1.0, GONE_LINE)


def _title(base: Profile, other: Profile) -> str:
    trees = base.trees[CHEAPEST], other.trees[CHEAPEST]
    before, now = trees[0].total, trees[1].total
    names = [words.plain(str(each.facts["variant"])) for each in (other, base)]
    return (
        f"{icicle.cell_title(other)}: {' less '.join(names)}\n"
        f"{figure(now)} less {figure(before)} is {signed(now - before)} guest "
        f"instructions a sample; {CLASS_TEXT[CHEAPEST]}, {trees[1].windows} of "
        f"{len(other.windows)} and {trees[0].windows} of {len(base.windows)}"
    )


def _bar(drawing: Any, axis: Any, colors: Colors) -> None:
    mapped = ScalarMappable(colors.norm, SCALE)
    bar = drawing.colorbar(mapped, ax=axis, fraction=0.02, pad=0.01, aspect=30)
    bar.set_ticks(colors.ticks())
    bar.set_ticklabels([signed(Fraction(round(x))) for x in colors.ticks()])
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=7)
    low = Rectangle(
        (0, -colors.limit),
        1,
        colors.limit,
        facecolor="none",
        edgecolor=HATCH_LINE,
        hatch=HATCH,
        linewidth=0,
    )
    bar.ax.add_patch(low)


def _legend(drawing: Any, base: Profile, other: Profile, boxes: list[Box]) -> None:
    keys = [
        (icicle.key(MORE, "", ""), "more"),
        (icicle.key(LESS, HATCH, HATCH_LINE), "less"),
        (icicle.key(NEUTRAL, "", ""), "no change"),
    ]
    if any(box.gone for box in boxes):
        rest = figure(calltree.gone(boxes))
        name = words.plain(str(base.facts["variant"]))
        text = f"only called there by {name}, at its width ({rest}); white above"
        keys.append((icicle.key("white", GONE, LESS), text))
    style.legend(drawing, keys, note="colour: change of its own, log scale beyond ±1")
