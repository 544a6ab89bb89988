# SPDX-License-Identifier: GPL-2.0-only
"""The calls of a sample as an icicle: who called above, who was called below."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch

from plots import calltree, scale, style, words
from plots.calltree import Box
from retrap.profile.callgraph import INTERRUPT, OTHER, TRACEE, TRACER
from retrap.profile.report import CLASS_TEXT, figure
from retrap.profile.summary import CHEAPEST, Profile

WIDTH, ROW = 14.0, 0.2  # inches
AXES = 13.2  # of WIDTH, about: what labels and slivers are measured with
FEWEST = 5
LABEL = 7.0
SLIVER = 0.4 / 150  # inches: under that nothing is drawn
Words = Callable[[Box], tuple[str, str]]  # a name, and what goes behind it
# By side: face, hatch, its colour. Lightness and hatch tell them apart in grey.
SIDES = {
    TRACER: ("#0072B2", "", ""),
    TRACEE: ("#E69F00", "", ""),
    INTERRUPT: ("#CC79A7", "//////", "#9C4977"),
    OTHER: ("#D9D9D9", "", ""),
}


def draw(found: Profile, directory: Path, name: str) -> list[Path]:
    boxes = calltree.boxes(found.trees[CHEAPEST])
    with sheet(boxes) as drawing:
        axis = drawing.subplots()
        shown = visible(boxes)
        paint(axis, [(box, SIDES[box.side][0]) for box in shown])
        for side, (_, marks, color) in SIDES.items():
            if marks:
                hatch(axis, [box for box in shown if box.side == side], marks, color)
        label(axis, boxes, lambda b: SIDES[b.side][0], lambda b: (str(b.function), ""))
        frame(axis, boxes)
        title = f"{cell_title(found)}: {variant_title(found)}\n{_basis(found)}"
        style.heading(drawing, title)
        used = [side for side in SIDES if any(box.side == side for box in boxes)]
        style.legend(drawing, [(key(*SIDES[side]), side) for side in used])
        return style.save(drawing, directory, name)


def _basis(found: Profile) -> str:
    tree, facts = found.trees[CHEAPEST], found.facts
    text = (
        f"{figure(tree.total)} guest instructions a sample; {CLASS_TEXT[CHEAPEST]}, "
        f"{tree.windows} of {len(found.windows)}"
    )
    lost = facts["lost_returns"]
    return text + (f"; {lost} returns lost, callers uncertain" if lost else "")


def cell_title(found: Profile) -> str:
    facts = found.facts
    return words.plain(f"{found.cell}  [{facts['substrate']} {facts['arch']}]")


def variant_title(found: Profile) -> str:
    return words.plain(f"{found.facts['variant']} through {found.facts['interface']}")


def sheet(boxes: list[Box]) -> Any:
    """As high as the calls are deep."""
    return style.figure(WIDTH, 0.5 + ROW * height(boxes))


def height(boxes: list[Box]) -> int:
    """Rows; the fewest that a scale of colours has room beside."""
    return max(1 + max((box.depth for box in boxes), default=0), FEWEST)


def visible(boxes: list[Box]) -> list[Box]:
    """All but slivers. Nothing takes their place: widths stay what they are."""
    least = float(calltree.width(boxes)) * SLIVER / AXES
    return [box for box in boxes if float(box.width) >= least]


def paint(axis: Any, faces: list[tuple[Box, str]]) -> None:
    shapes = [corners(box.left, box.width, box.depth) for box, _ in faces]
    colors = [face for _, face in faces]
    axis.add_collection(PolyCollection(shapes, facecolors=colors, linewidths=0))


def hatch(axis: Any, boxes: list[Box], marks: str, color: str) -> None:
    """Over the faces, in a colour of its own."""
    if not boxes:
        return
    shapes = [corners(box.left, box.width, box.depth) for box in boxes]
    axis.add_collection(
        PolyCollection(
            shapes, facecolors="none", edgecolors=color, hatch=marks, linewidths=0
        )
    )


def outline(axis: Any, boxes: list[Box], wide: float, color: str) -> None:
    """Edges, thinner where a box is not wide; `wide`: of the whole figure."""
    shapes = [corners(box.left, box.width, box.depth) for box in boxes]
    inches = [float(box.width) * AXES / wide for box in boxes]
    lines = [0.6 if each > 0.03 else 0.15 for each in inches]
    axis.add_collection(
        PolyCollection(shapes, facecolors="none", edgecolors=color, linewidths=lines)
    )


def corners(left: Fraction, wide: Fraction, row: int) -> list[tuple[float, float]]:
    a, b = float(left), float(left + wide)
    return [(a, row), (b, row), (b, row + 1), (a, row + 1)]


def label(
    axis: Any, boxes: list[Box], face: Callable[[Box], str], words: Words
) -> None:
    """Names where they fit, cut where they nearly do."""
    wide = float(calltree.width(boxes)) or 1.0
    outline(axis, visible(boxes), wide, "white")
    for box in visible(boxes):
        left, room = (float(each) for each in box.solid)
        text = fit(*words(box), room / wide * AXES * 72 - 4)
        if text:
            drawn = axis.text(
                left + 2 / 72 * wide / AXES,
                box.depth + 0.52,
                text,
                va="center",
                fontsize=LABEL,
                color=ink(face(box)),
                parse_math=False,
                bbox={"facecolor": face(box), "edgecolor": "none", "pad": 0.4},
            )
            drawn.set_in_layout(False)


def fit(name: str, more: str, room: float) -> str:
    """At most `room` points wide; empty where under three letters are left."""
    name, tail = words.plain(name), f"  {more}" if more else ""
    if words.points(name + tail, LABEL) <= room:
        return name + tail
    for end in range(len(name) - 1, 2, -1):
        if words.points(f"{name[:end]}…{tail}", LABEL) <= room:
            return f"{name[:end]}…{tail}"
    return more if more and words.points(more, LABEL) <= room else ""


def ink(face: str) -> str:
    """Black or white, whichever is read more easily on it."""
    red, green, blue = (int(face[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def frame(axis: Any, boxes: list[Box]) -> None:
    axis.set_xlim(0, max(float(calltree.width(boxes)), 1.0))
    axis.set_ylim(height(boxes), 0)
    axis.set_yticks([])
    axis.grid(False)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("guest instructions a sample, with all that was called")
    scale.linear_ticks(axis, 10)


def key(face: str, marks: str, color: str) -> Patch:
    return Patch(facecolor=face, hatch=marks, edgecolor=color or face, linewidth=0)
