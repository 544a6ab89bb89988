# SPDX-License-Identifier: GPL-2.0-only
"""How a median grows with a number in the name of its scenario: threads, tracees.

A path of constant cost has the exponent 0, one that looks at each thread 1, one that
looks at each for each 2. Small numbers have a share that does not grow, so the
exponent is fitted to the largest half of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retrap.analysis.side import cells_of, of
from retrap.analysis.summarize import Value
from retrap.results.store import Machine, Results

COLUMNS = (
    *("substrate", "arch", "family", "placement", "side", "numbers", "fitted"),
    *("least", "most", "exponent", "standard_error"),
)
FEWEST = 3  # numbers: of two the error of the exponent is not known
NUMBER = re.compile(r":([0-9]+)(?=/|$)")
Point = tuple[int, float]  # the number, the median


@dataclass(frozen=True)
class Fit:
    """median ~ number ** exponent, of so many of the points."""

    exponent: float
    error: float
    fitted: int

    @property
    def text(self) -> str:
        """As in a legend."""
        return f"{self.exponent:.2f} ± {self.error:.2f}"


@dataclass(frozen=True)
class Growth:
    """One side at a placement; `family` has N where the number stands."""

    machine: Machine
    family: str
    placement: str
    side: str
    points: tuple[Point, ...]

    @property
    def fit(self) -> Fit:
        return fitted(self.points)

    def row(self) -> list[Value]:
        """By COLUMNS."""
        numbers = [number for number, _ in self.points]
        fit = self.fit
        ends = numbers[-fit.fitted], numbers[-1]
        named = [*self.machine, self.family, self.placement, self.side]
        return [*named, len(numbers), fit.fitted, *ends, fit.exponent, fit.error]


def fitted(points: Sequence[Point]) -> Fit:
    """Least squares on logarithms, over the largest half, and no fewer than FEWEST."""
    fitted = max(FEWEST, math.ceil(len(points) / 2))
    x, y = np.log(np.array(sorted(points)[-fitted:], dtype=float)).T
    across = x - x.mean()
    spread = float(across @ across)
    exponent = float(across @ y) / spread
    left = y - y.mean() - exponent * across
    error = math.sqrt(float(left @ left) / (fitted - 2) / spread)
    return Fit(exponent, error, fitted)


def families(scenario: str) -> Iterator[tuple[str, int]]:
    """Each number in its name, and the name without it; 0 is on no log axis."""
    for found in NUMBER.finditer(scenario):
        start, end = found.span(1)
        if number := int(found[1]):
            yield f"{scenario[:start]}N{scenario[end:]}", number


def growths(results: Results) -> list[Growth]:
    """Of every machine, family and placement with enough numbers, each side."""
    found: dict[tuple[Machine, str, str, str], list[Point]] = {}
    for machine in results.machines:
        for scenario, placement in cells_of(results, machine):
            for family, number in families(scenario):
                for side in results.sides(machine, scenario):
                    one = of(results, machine, side, (scenario, placement))
                    if one and one.median:
                        key = machine, family, placement, side
                        found.setdefault(key, []).append((number, one.median))
    return [
        Growth(*key, tuple(sorted(points)))
        for key, points in found.items()
        if len(points) >= FEWEST
    ]


def rows(results: Results) -> list[list[Value]]:
    """Of growth.csv."""
    return [each.row() for each in growths(results)]
