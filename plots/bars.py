# SPDX-License-Identifier: GPL-2.0-only
"""Bars of sides beside each other."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Patch

from plots.looks import Look
from plots.style import Key


def fills(sides: dict[str, Look]) -> list[Key]:
    """Keys of bars."""
    return [
        (Patch(facecolor=look.face, edgecolor=look.color, hatch=look.hatch), name)
        for name, look in sides.items()
    ]


def bar(axis: Any, y: float, value: float, look: Look) -> None:
    axis.barh(
        y,
        value,
        height=0.8,
        facecolor=look.face,
        edgecolor=look.color,
        hatch=look.hatch,
        linewidth=0.8,
    )
