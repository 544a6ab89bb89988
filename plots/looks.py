# SPDX-License-Identifier: GPL-2.0-only
"""How each side and each floor looks, in every figure.

Colours differ in lightness, and for colour-blind readers; line style, marker and
hatch say the same again. Floors are thin, grey and marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retrap.analysis.side import of
from retrap.results.store import Machine, Results

FLOOR = "#616161"
# On an upright line, and no side has them; with the lines 24 that differ.
FLOOR_MARKS = ("x", "_", "1", "2", "3", "4", "*", "p")
FLOOR_LINES = ("-", (0, (6, 2)), (0, (2, 2)))


@dataclass(frozen=True)
class Look:
    """One side in every figure."""

    color: str
    line: Any
    marker: str
    hatch: str
    width: float

    @property
    def face(self) -> str:
        """Of a bar."""
        return "white" if self.hatch else self.color

    @property
    def mark(self) -> dict[str, Any]:
        """One point; the baseline's is full."""
        return {
            "linestyle": "none",
            "marker": self.marker,
            "markersize": 5.5,
            "color": self.color,
            "markerfacecolor": "white" if self.hatch else self.color,
        }


LOOKS = (
    Look("#000000", "-", "o", "", 2.4),
    Look("#D55E00", (0, (5, 1.5)), "s", "////", 1.8),
    Look("#004488", (0, (1.2, 1)), "D", "||||", 2.0),
    Look("#DDAA33", (0, (6, 1.5, 1, 1.5)), "^", "xxxx", 1.8),
    Look("#44AA99", (0, (3, 1, 1, 1, 1, 1)), "v", "\\\\\\\\", 1.8),
    Look("#882255", (0, (10, 2)), "P", "++++", 1.8),
    Look("#88BBEE", (0, (2, 2)), "X", "----", 1.8),
    Look("#AA4499", (0, (8, 2, 1, 2, 1, 2)), "<", "//\\\\", 1.8),
)


@dataclass(frozen=True)
class Floor:
    """One floor in every figure."""

    name: str
    line: Any
    marker: str

    def draw(self, axis: Any, x: float, nth: int) -> None:
        """From bottom to top; marks of neighbours are not side by side."""
        heights = [(n + (nth % 4 + 0.5) / 4) / 4 for n in range(4)]
        y = [0.0, *heights, 1.0]
        axis.plot(
            [x] * len(y),
            y,
            transform=axis.get_xaxis_transform(),
            markevery=range(1, len(y) - 1),
            zorder=1.5,
            **self.settings,
        )

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "color": FLOOR,
            "linestyle": self.line,
            "linewidth": 0.9,
            "marker": self.marker,
            "markersize": 5.0,
            "markeredgewidth": 0.9,
        }


def sides(results: Results, machine: Machine) -> dict[str, Look]:
    """By side, the baseline first; beyond eight they repeat."""
    names = results.sides(machine)
    return {name: LOOKS[i % len(LOOKS)] for i, name in enumerate(names)}


def floors(
    results: Results, machine: Machine, placement: str
) -> list[tuple[Floor, float]]:
    """The baseline's floors at a placement, and their medians."""
    every = [s for s in results.scenarios(machine) if s in results.floors]
    found = []
    for index, scenario in enumerate(every):
        names = results.sides(machine, scenario)
        one = of(results, machine, names[0], (scenario, placement))
        if one is not None and one.median is not None:
            line = FLOOR_LINES[index % len(FLOOR_LINES)]
            mark = FLOOR_MARKS[index % len(FLOOR_MARKS)]
            found.append((Floor(scenario, line, mark), one.median))
    return found
