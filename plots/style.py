# SPDX-License-Identifier: GPL-2.0-only
"""The paper of every figure: settings, title, legend; saved as the same bytes
every time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from plots import words
from retrap.results.store import Machine, atomic_write

SUFFIXES = ("svg", "png")
SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": "#666666",
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "svg.hashsalt": "retrap",
    "svg.fonttype": "path",
    "path.simplify": False,
    "figure.dpi": 100,
}
DPI = 150
UNITS = {"exact": "guest instructions", "vm": "ns", "bare-metal": "ns"}
TITLES = {
    "exact": "exact: QEMU, counted in guest instructions",
    "vm": "vm: a virtual machine",
    "bare-metal": "bare-metal: a physical machine",
}
COLUMNS = 4  # of a legend
HEAD, KEY = 10.0, 9.0  # points: titles, legends
MARK = 7.0 * KEY  # of a legend: the handle, and what is around it
LINE = 0.175  # inches: of either
Key = tuple[Any, str]  # of a legend: a handle, a name


def title(machine: Machine) -> str:
    substrate, _, rest = TITLES[machine.substrate].partition(":")
    return f"{substrate} {machine.arch}:{rest}"


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """In our settings, whatever the user's matplotlibrc says. Title and legend
    add to the height."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield Figure(figsize=(width, height), layout="constrained")


def save(drawing: Figure, directory: Path, name: str) -> list[Path]:
    """SVG and PNG without date or version. Errors: EXIT_RESULTS."""
    paths = []
    drawing.draw_without_rendering()
    drawing.set_layout_engine("none")  # as it is now, in both
    for axis in drawing.axes:
        # The layout's last digits differ from run to run, and ids are hashes of them.
        axis.set_position([round(x, 6) for x in axis.get_position().bounds])
    for suffix in SUFFIXES:
        out = io.BytesIO()
        if suffix == "svg":
            FigureCanvasSVG(drawing)
            metadata: dict[str, None] = {"Date": None, "Creator": None}
        else:
            FigureCanvasAgg(drawing)
            metadata = {"Software": None}
        drawing.savefig(out, format=suffix, dpi=DPI, metadata=metadata)
        path = directory / f"{name}.{suffix}"
        content = out.getvalue()
        atomic_write(path, content if suffix == "svg" else _few_colors(content))
        paths.append(path)
    return paths


def _few_colors(png: bytes) -> bytes:
    """The same picture with a palette: a third of the size."""
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png))
    small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=0)
    small.save(out, "png", optimize=True, dpi=(DPI, DPI))
    return out.getvalue()


def _grow(drawing: Figure, inches: float) -> None:
    drawing.set_figheight(drawing.get_figheight() + inches)


def heading(drawing: Figure, text: str) -> None:
    """Above everything, on as many lines as it takes."""
    room = 72 * drawing.get_figwidth() - 20
    folded = words.fold(text, room, HEAD)
    _grow(drawing, LINE * (1 + folded.count("\n")))
    drawing.suptitle(folded, fontsize=HEAD, parse_math=False)


def legend(drawing: Figure, *groups: list[Key], note: str = "") -> None:
    """Below everything, in room of its own; each group begins a row."""
    room = 72 * float(drawing.get_figwidth()) - 20
    keys = [
        [(key, words.shorten(name, room - MARK, KEY)) for key, name in group]
        for group in groups
    ]
    columns = min(max(1, *map(len, groups)), COLUMNS)
    while columns > 1 and _width(keys, columns) > room:
        columns -= 1
    blank: Key = Line2D([], [], linestyle="none"), ""
    cells = [k for group in keys for k in group + [blank] * (-len(group) % columns)]
    # By row here, by column in matplotlib.
    pairs = [pair for start in range(columns) for pair in cells[start::columns]]
    inches = 0.12 + LINE * (len(cells) // columns + bool(note))
    _grow(drawing, inches)
    share = inches / float(drawing.get_figheight())
    drawing.get_layout_engine().set(rect=(0, share, 1, 1 - share))
    drawn = drawing.legend(
        [handle for handle, _ in pairs],
        [name for _, name in pairs],
        loc="lower center",
        ncol=columns,
        title=note or None,
        title_fontsize=8,
        handlelength=4,
        borderaxespad=0.2,
        borderpad=0.2,
        labelspacing=0.3,
    )
    for text in drawn.get_texts():
        text.set_parse_math(False)


def _width(groups: list[list[Key]], columns: int) -> float:
    """Of a legend, in points."""
    names = [
        [name for group in groups for _, name in group[start::columns]]
        for start in range(columns)
    ]
    widest = [max(words.points(name, KEY) for name in column) for column in names]
    return sum(MARK + wide for wide in widest)
