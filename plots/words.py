# SPDX-License-Identifier: GPL-2.0-only
"""Words in figures: how wide they are, and what fits."""

from __future__ import annotations

import functools
import textwrap
from typing import Any

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

THIN, DIGIT = "\N{THIN SPACE}", "\N{FIGURE SPACE}"  # as wide as a digit

SMALL = 8.0  # points: of numbers beside their marks
GAP = 7.0  # points between the two
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def points(text: str, size: float) -> float:
    """The width of one line; a little more, as pixels round letters up."""
    return sum(map(_letter, text)) * size / 100 * 1.03


@functools.cache
def _letter(letter: str) -> float:
    font = FontProperties(family="DejaVu Sans", size=100)
    width, _, _ = text_to_path.get_text_width_height_descent(letter, font, False)
    return float(width)


def plain(text: str) -> str:
    """On one line, without what has no glyph: names come from ELF files."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)


def shorten(text: str, room: float, size: float) -> str:
    """At most `room` points wide."""
    if points(text, size) <= room:
        return text
    end = len(text)
    while end > 1 and points(f"{text[:end]}…", size) > room:
        end -= 1
    return f"{text[:end]}…"


def fold(text: str, room: float, size: float) -> str:
    """Each line of it in lines at most `room` points wide."""
    widest = max((_letter(c) for c in text if c != "\n"), default=1.0) * size / 97
    return "\n".join(_fold(line, room, size, widest) for line in text.split("\n"))


def _fold(line: str, room: float, size: float, widest: float) -> str:
    """By the most letters a line that are not too wide."""
    for letters in range(len(line), max(int(room / widest), 1), -1):
        lines = textwrap.wrap(line, letters)
        if all(points(each, size) <= room for each in lines):
            return "\n".join(lines)
    return "\n".join(textwrap.wrap(line, max(int(room / widest), 1)))


def thousands(value: float, digits: int = 0) -> str:
    """Like 12 000: a thin space, never `1.2e4`."""
    return f"{value:,.{digits}f}".replace(",", THIN)


def signed(value: float) -> str:
    return ("+" if value > 0 else "") + thousands(value)


def column(numbers: list[str]) -> list[str]:
    """Their last digits below each other."""
    spaces = max((number.count(THIN) for number in numbers), default=0)
    longest = max((len(number) - number.count(THIN) for number in numbers), default=0)
    return [
        THIN * (spaces - number.count(THIN))
        + DIGIT * (longest - len(number) + number.count(THIN))
        + number
        for number in numbers
    ]


def two_lines(name: str, where: str, room: float, size: float) -> str:
    """Cut behind the first `where`; neither wider than `room`."""
    first, cut, rest = name.partition(where)
    parts = [first + cut, rest] if rest else [name]
    return "\n".join(shorten(part, room, size) for part in parts)


def beside(
    axis: Any,
    x: float,
    y: float,
    text: str,
    left: bool = False,
    size: float = SMALL,
    gap: float = GAP,
) -> tuple[float, float]:
    """Text to the right of a mark, or to its left; returns the room it wants."""
    axis.annotate(
        text,
        (x, y),
        xytext=(-gap if left else gap, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=size,
        parse_math=False,
        bbox=BOX,
    )
    return x, points(text, size) + gap


def at_edge(axis: Any, y: float, text: str) -> None:
    """Text where no mark is."""
    axis.annotate(
        text,
        (0, y),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        bbox=BOX,
    )
