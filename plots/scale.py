# SPDX-License-Identifier: GPL-2.0-only
"""Axes of latencies and of changes: linear, or log, and then they say so."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from plots import words

LOG_FROM = 8.0  # a wider ratio of largest to smallest value: log axis
STEPS = ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), tuple(range(1, 10)))
ENOUGH, MOST = 4, 7  # labelled ticks of a log axis
EDGE = 3.0  # points between a text and the end of the axis, or another
TICK = 9.0  # points: its label
Words = Callable[[float], str]
Mark = tuple[float, float]  # a value, and the points of room that its text wants


def wide(low: float, high: float) -> bool:
    return low > 0 and high / low > LOG_FROM


def latencies(axis: Any, low: float, high: float) -> str:
    """From `low` to `high`, with a margin; returns what its label adds."""
    if wide(low, high):
        axis.set_xscale("log")
        axis.set_xlim(low / 1.1, high * 1.1)
        log_ticks(axis)
        return ", log scale"
    room = 0.03 * (high - low) or 0.02 * high or 1.0
    axis.set_xlim(low - room, high + room)
    linear_ticks(axis, 8)
    return ""


def linear_ticks(axis: Any, most: int, integer: bool = False) -> None:
    axis.locator_params(axis="x", nbins=most, integer=integer)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: words.thousands(x)))


def log_ticks(axis: Any) -> None:
    """Enough labelled ones, wherever the axis begins and ends."""
    start, end = axis.get_xlim()
    tens = range(math.floor(math.log10(start)), math.ceil(math.log10(end)) + 1)
    ticks: list[float] = []
    for steps in STEPS:
        every = [step * 10.0**n for n in tens for step in steps]
        ticks = [tick for tick in every if start <= tick <= end]
        if len(ticks) >= ENOUGH:
            break
    _label(axis, ticks[:: -(-len(ticks) // MOST)], words.thousands)


def changes(axis: Any, values: Sequence[float]) -> tuple[float, str]:
    """Either side of no change by decades, linear `near` it; returns that, and
    what the label of the axis adds."""
    sizes = [abs(value) for value in values if value] or [1.0]
    near = 10.0 ** max(0, math.floor(math.log10(min(sizes))))
    axis.set_xscale("symlog", linthresh=near, linscale=0.6)
    axis.set_xlim(min(-near, *values), max(near, *values))
    return near, f", log scale beyond ±{words.thousands(near)}"


def change_ticks(axis: Any, near: float) -> None:
    """None, and decades either side: every, every second, as there is room."""
    start, end = axis.get_xlim()
    tens = range(math.floor(math.log10(max(-start, end) / near)), -1, -1)
    ticks: list[float] = []
    for stride in range(1, len(tens) + 1):
        here = [near * 10.0**n for n in tens[::stride]]
        ticks = [0.0, *(sign * ten for ten in here for sign in (1, -1))]
        ticks = [tick for tick in ticks if start <= tick <= end]
        if len(_apart(axis, ticks, words.signed)) == len(ticks):
            break
    _label(axis, ticks, words.signed)


def _label(axis: Any, ticks: list[float], text: Words) -> None:
    axis.xaxis.set_major_locator(FixedLocator(sorted(_apart(axis, ticks, text))))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: text(x)))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _apart(axis: Any, ticks: list[float], text: Words) -> list[float]:
    """Each of them whose label does not touch that of one before it."""
    shown: dict[float, tuple[float, float]] = {}
    scale = axis.xaxis.get_transform()
    start, end = scale.transform(axis.get_xlim())
    for tick in ticks:
        middle = float(scale.transform([tick])[0] - start) / (end - start) * _wide(axis)
        half = words.points(text(tick), TICK) / 2 + EDGE
        if all(abs(middle - at) > half + room for at, room in shown.values()):
            shown[tick] = middle, half
    return list(shown)


def _wide(axis: Any) -> float:
    """Points from end to end of the axis."""
    return float(72 * axis.get_position().width * axis.figure.get_figwidth())


def make_room(axis: Any, right: Iterable[Mark], left: Iterable[Mark] = ()) -> None:
    """Wider limits, so that the text beside each mark ends in the axes."""
    points = _wide(axis)
    after, before = ([(x, (w + EDGE) / points) for x, w in m] for m in (right, left))
    scale = axis.xaxis.get_transform()
    start, end = scale.transform(axis.get_xlim())
    for _ in range(20):  # each end moves the other's texts; this settles at once
        for x, share in after:
            at = float(scale.transform([x])[0])
            end = max(end, start + (at - start) / (1 - min(share, 0.8)))
        for x, share in before:
            at = float(scale.transform([x])[0])
            start = min(start, end - (end - at) / (1 - min(share, 0.8)))
    axis.set_xlim(scale.inverted().transform([start, end]))
