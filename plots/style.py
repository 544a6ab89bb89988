# SPDX-License-Identifier: GPL-2.0-only
"""How every figure looks, and how it is saved: the same bytes every time.

Colours are Okabe and Ito's, which colour-blind readers tell apart; line
style, marker and hatch say the same again for print in grey.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from retrap.store import Machine, Results, atomic_write

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
UNITS = {"exact": "guest instructions", "vm": "ns", "bare-metal": "ns"}
TITLES = {
    "exact": "exact: QEMU, counted in guest instructions",
    "vm": "vm: this host, a virtual machine",
    "bare-metal": "bare-metal: this host",
}
COLUMNS = 4  # of a legend
FLOOR = "#555555"
FLOOR_LINES = (":", (0, (5, 2)), (0, (1, 3)), (0, (8, 2, 1, 2)))


@dataclass(frozen=True)
class Look:
    """One side in every figure."""

    color: str
    line: Any
    marker: str
    hatch: str
    width: float


LOOKS = (
    Look("#000000", "-", "o", "", 2.4),
    Look("#D55E00", (0, (5, 1.5)), "s", "////", 1.7),
    Look("#0072B2", (0, (1.2, 1)), "D", "....", 1.9),
    Look("#009E73", (0, (6, 1.5, 1, 1.5)), "^", "xxxx", 1.5),
    Look("#CC79A7", (0, (3, 1, 1, 1, 1, 1)), "v", "\\\\\\\\", 1.5),
    Look("#56B4E9", (0, (10, 2)), "P", "++++", 1.5),
    Look("#E69F00", (0, (2, 2)), "X", "oooo", 1.7),
    Look("#999999", (0, (8, 2, 1, 2, 1, 2)), "<", "----", 1.7),
)


def looks(results: Results, machine: Machine) -> dict[str, Look]:
    """By side, the baseline first; beyond eight they repeat."""
    names = results.sides(machine)
    return {name: LOOKS[i % len(LOOKS)] for i, name in enumerate(names)}


def title(machine: Machine) -> str:
    substrate, _, rest = TITLES[machine.substrate].partition(":")
    return f"{substrate} {machine.arch}:{rest}"


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """A figure in our settings, whatever the user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield Figure(figsize=(width, height), layout="constrained")


def save(drawing: Figure, directory: Path, name: str) -> list[Path]:
    """SVG and PNG without date or version. Errors: EXIT_RESULTS."""
    paths = []
    for suffix in ("svg", "png"):
        out = io.BytesIO()
        if suffix == "svg":
            FigureCanvasSVG(drawing)
            metadata: dict[str, None] = {"Date": None, "Creator": None}
        else:
            FigureCanvasAgg(drawing)
            metadata = {"Software": None}
        drawing.savefig(out, format=suffix, dpi=150, metadata=metadata)
        path = directory / f"{name}.{suffix}"
        atomic_write(path, out.getvalue())
        paths.append(path)
    return paths


def legend(
    drawing: Figure, handles: list[Any], names: list[str], columns: int, title: str
) -> None:
    """Below everything, in room of its own; `title` may be empty."""
    rows = -(-len(names) // columns) + bool(title)
    share = (0.12 + 0.2 * rows) / float(drawing.get_figheight())
    drawing.get_layout_engine().set(rect=(0, share, 1, 1 - share))
    drawing.legend(
        handles,
        names,
        loc="lower center",
        ncol=columns,
        title=title or None,
        title_fontsize=8,
        handlelength=4,
        borderaxespad=0.2,
        borderpad=0.2,
        labelspacing=0.3,
    )


def thousands(axis: Any) -> None:
    """Ticks like 12 000: a thin space, never `1.2e4`."""
    text = FuncFormatter(lambda x, _: f"{x:,.0f}".replace(",", " "))
    axis.set_major_formatter(text)


def floor_medians(
    results: Results, machine: Machine, placement: str
) -> dict[str, tuple[float, Any]]:
    """Floors of the baseline at a placement: median, and a line style each."""
    from retrap.side import side

    every = [s for s in results.scenarios(machine) if s in results.floors]
    found: dict[str, tuple[float, Any]] = {}
    for index, scenario in enumerate(every):
        names = results.sides(machine, scenario)
        one = side(results.of(machine, names[0], (scenario, placement)))
        if one is not None and one.median is not None:
            line = FLOOR_LINES[index % len(FLOOR_LINES)]
            found[scenario] = (one.median, line)
    return found


def paths_of(results: Results, machine: Machine) -> list[str]:
    """The scenarios that are no floors."""
    return [s for s in results.scenarios(machine) if s not in results.floors]
