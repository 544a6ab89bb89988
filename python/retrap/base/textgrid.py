# SPDX-License-Identifier: GPL-2.0-only
"""Plain text for a terminal and a mail: 72 columns, ASCII, no tabs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 72
LABEL = 25
MARKS = "!*"  # what may stand behind a number


# Control characters, those that turn the direction of writing, and halves of one.
_OBEYED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Without what a terminal obeys; there may be tabs, and several lines."""
    return _OBEYED.sub("?", text)


def ascii_only(text: str) -> str:
    """What a mail reader of 1990 shows; µ is the one sign worth a letter."""
    plain = text.replace("\u00b5", "u").replace("\u03bc", "u").replace("\t", " ")
    return printable(plain.encode("ascii", "replace").decode("ascii"))


def wrap(text: str, indent: str = "", hang: str = "") -> str:
    """One paragraph, broken at 72 columns; `hang` indents all but line one."""
    return textwrap.fill(
        ascii_only(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hang,
        break_on_hyphens=False,
    )


def command(text: str) -> str:
    """For a shell, on as many lines as it takes."""
    lines = textwrap.wrap(
        text,
        WIDTH - len(" \\"),
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return " \\\n".join(lines)


def alternatives(texts: Iterable[str]) -> str:
    """`a/b`, as of two placements; `a` where all are alike; empty of none."""
    return "/".join(dict.fromkeys(texts))


NUMBERS = re.compile(r"[-+~*!(]*\d")


def row(
    label: str, cells: Sequence[str], widths: Sequence[int], room: int = LABEL
) -> str:
    """Label left, cells right-aligned. A long label takes a line of its own."""
    line = ""
    label = ascii_only(label)
    if len(label) > room:
        line = wrap(label.lstrip(), "  ") + "\n"
        label = ""
    fitted = [_fit(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return line + (label.ljust(room) + "".join(fitted)).rstrip()


def _fit(cell: str, width: int) -> str:
    """Right-aligned with a space in front; too long a number loses digits, a word its
    end. What has several numbers stays whole: cut, it would say another one."""
    if len(cell) < width:
        return cell.rjust(width)
    plain = cell.rstrip(MARKS)
    marks = cell[len(plain) :]
    try:
        cell = short(float(plain), width - 1 - len(marks)) + marks
    except ValueError:
        cell = cell if NUMBERS.match(cell) else cell[: width - 1]
    return f" {cell}" if len(cell) >= width else cell.rjust(width)


def short(value: float, room: int) -> str:
    """A whole number; in thousands, millions, ... where it is too long."""
    text = f"{value:.0f}"
    for unit in "kMG":
        if len(text) <= room:
            break
        value /= 1000
        text = f"{value:.0f}{unit}"
    return text


def spread(low: float | None, high: float | None, width: int) -> str:
    """`8330-8347`; `-` when there is none. With a space in front within `width`."""
    if low is None or high is None:
        return "-"
    room = (width - 2) // 2
    return f"{short(low, room)}-{short(high, room)}"


def number(value: float | None) -> str:
    """A whole number; `-` when there is none."""
    return "-" if value is None else f"{value:.0f}"


def percent(delta: float | None, base: float | None) -> str:
    """A signed share of the baseline, as many digits as it takes to see it."""
    if delta is None or not base:
        return "-"
    share = 100 * delta / base
    if abs(share) >= 999.95:
        return f"{share:+.0f}%"
    return f"{share:+.1f}%" if abs(share) >= 0.05 or share == 0 else f"{share:+.2f}%"


class Notes:
    """Footnotes: each text once, with the places it is about."""

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}

    def add(self, text: str, place: str = "") -> None:
        places = self._places.setdefault(text, [])
        if place and place not in places:
            places.append(place)

    def text(self) -> str:
        """Empty, or lines that end in a newline."""
        lines = []
        for text, places in self._places.items():
            if len(places) > 4:
                where = f" ({len(places)} cells, first {places[0]})"
            else:
                where = f" ({'; '.join(places)})" if places else ""
            lines.append(wrap(f"- {text}{where}", "", "  ") + "\n")
        return "".join(lines)
