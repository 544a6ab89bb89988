# SPDX-License-Identifier: GPL-2.0-only
"""The small figure of a row: what each of its two sides measured.

Over boots a dot is what a boot is known by, and boots go down in the order in which
they ran. Of exact samples a bar is the share of the samples that lie there; the few at
either end, which would make the rest too small to see, are counted and not drawn. The
template draws it; here are the coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrap.analysis.boots import boot_median
from retrap.analysis.comparison import Comparison
from retrap.analysis.side import Side
from retrap.analysis.statistic import MEDIAN
from retrap.base.textgrid import number

WIDTH, EDGE = 420, 8  # of the drawing; room left and right
TEXT, LANE, AXIS = 16, 40, 22  # heights: of a name, of what it measured, of the axis
BAR = 2  # the width of one
TICKS = 5  # at most
DRAWN = 0.01, 0.99  # of exact samples: between these quantiles of one of the sides
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """From a value to its place."""

    low: float
    high: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)


@dataclass(frozen=True)
class Lane:
    """A side: its path is of dots or of bars; `ends` of its interval."""

    name: str
    top: int
    path: str
    median: float
    ends: tuple[float, float] | None


@dataclass(frozen=True)
class Strip:
    """`about` says it all in words, `left_out` what is not drawn."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    unit: str
    dots: bool
    about: str
    left_out: str

    width = WIDTH

    @property
    def height(self) -> int:
        return len(self.lanes) * (TEXT + LANE) + AXIS


def strip(row: Comparison) -> Strip | None:
    """Of the sides that a row has; None where no sample succeeded."""
    exact = row.machine.exact
    unit = 100 if row.statistic.share else 1
    sides = [
        (name, side, unit * level)
        for name, side, level in zip((row.base, row.test), row.sides, row.levels)
        if side and level is not None
    ]
    if not sides:
        return None
    measured = [unit * _values(row, side) for _, side, _ in sides]
    at = _scale(measured, DRAWN if exact else (0.0, 1.0))
    lanes = []
    for place, ((name, side, middle), values) in enumerate(zip(sides, measured)):
        top = place * (TEXT + LANE)
        path = (_bars if exact else _dots)(values, at, top + TEXT)
        ends = None if exact else boot_median(row.values(side)).ci
        found = (at(unit * ends[0]), at(unit * ends[1])) if ends else None
        lanes.append(Lane(name, top, path, at(middle), found))
    ticks = tuple((at(value), f"{value:,.0f}") for value in _ticks(at))
    told = [_about(name, side, middle) for name, side, middle in sides]
    units = "% of the samples" if row.statistic.share else row.machine.unit
    what = f"{row.scenario} {row.placement} [{row.machine}], "
    what += units if row.statistic is MEDIAN else f"{row.statistic.name}, {units}"
    about = f"{what}. {'; '.join(told)}."
    every = np.concatenate(measured)
    outside = int(((every < at.low) | (every > at.high)).sum())
    left_out = f"{outside} of {every.size} samples lie outside" if outside else ""
    return Strip(tuple(lanes), ticks, units, not exact, about, left_out)


def _values(row: Comparison, side: Side) -> Floats:
    """Samples, or one number a boot as they ran."""
    if side.exact:
        return np.asarray(side.values, dtype=np.float64)
    ran = sorted(side.cells, key=lambda cell: str(cell.run.get("began") or ""))
    known = [value for value in row.statistic.each(ran) if value is not None]
    return np.array(known, dtype=np.float64)


def _about(name: str, side: Side, middle: float) -> str:
    of = f"{side.succeeded} samples" if side.exact else f"{side.boots} boots"
    return f"{name}: median {number(middle)} of {of}"


def _scale(measured: Sequence[Floats], drawn: tuple[float, float]) -> Scale:
    """Of what all sides measured between two of their quantiles; with room beside a
    value that is alone."""
    ends = [np.quantile(values, drawn, method="nearest") for values in measured]
    low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
    return Scale(low - 1, high + 1) if low == high else Scale(low, high)


def _dots(values: Floats, at: Scale, top: int) -> str:
    """One below the other, in their order."""
    step = LANE / (len(values) + 1)
    return "".join(
        f"M{at(value):g} {round(top + step * (place + 1), 1):g}h0"
        for place, value in enumerate(values)
    )


def _bars(values: Floats, at: Scale, top: int) -> str:
    """The tallest fills the lane; one that is not empty is seen."""
    columns = (WIDTH - 2 * EDGE) // BAR
    counts, edges = np.histogram(values, columns, (at.low, at.high))
    high = np.maximum(1, np.round(counts / counts.max() * (LANE - 2), 1))
    middle = (edges[:-1] + edges[1:]) / 2
    return "".join(
        f"M{at(x):g} {top + LANE}v-{y:g}"
        for x, y, count in zip(middle, high, counts, strict=True)
        if count
    )


def _ticks(at: Scale) -> Sequence[float]:
    """Round numbers within it."""
    span = at.high - at.low
    power = 10 ** math.floor(math.log10(span / TICKS))
    step = next(n * power for n in (1, 2, 5, 10) if span / (n * power) <= TICKS)
    step = max(step, 1)
    first = math.ceil(at.low / step)
    return [n * step for n in range(first, math.floor(at.high / step) + 1)]
