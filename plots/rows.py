# SPDX-License-Identifier: GPL-2.0-only
"""The rows of a panel: scenario below scenario, and in each a line a side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plots import style, words
from plots.looks import Look

LINE = 0.155  # inches: of a side
NAME = 120.0  # points: of the name of a scenario


@dataclass(frozen=True)
class Rows:
    scenarios: list[str]
    sides: dict[str, Look]

    @property
    def step(self) -> int:
        return len(self.sides) + 1

    @property
    def height(self) -> float:
        """Inches, with a title. Names have two lines, however few sides there are."""
        return 0.35 + len(self.scenarios) * max(LINE * self.step, 0.34)

    def lines(self) -> Iterator[tuple[float, str, str, Look]]:
        """Height, scenario, side, and its look."""
        for index, scenario in enumerate(self.scenarios):
            for offset, (name, look) in enumerate(self.sides.items()):
                yield index * self.step + offset, scenario, name, look

    def frame(self, axis: Any) -> None:
        names = [words.two_lines(each, "/", NAME, style.KEY) for each in self.scenarios]
        middle = (len(self.sides) - 1) / 2
        heights = [middle + i * self.step for i in range(len(names))]
        axis.set_yticks(heights, names, parse_math=False)
        axis.tick_params(axis="y", length=0)
        axis.grid(False, axis="y")
        for index in range(1, len(names)):
            axis.axhline(index * self.step - 1, color="#dddddd", linewidth=0.8)
        axis.set_ylim(len(names) * self.step - 1.0, -1.0)
