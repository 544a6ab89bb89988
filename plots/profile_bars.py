# SPDX-License-Identifier: GPL-2.0-only
"""The functions that do most of the work, each design beside the other."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from matplotlib.patches import Patch

from plots import icicle, style
from retrap.profile.report import CLASS_TEXT, figure
from retrap.profile.summary import CHEAPEST, Profile
from retrap.profile.symbols import Function

MOST = 20
NAME = 44  # letters of a name
Own = dict[Function, Fraction]


def draw(profiles: list[Profile], directory: Path, name: str) -> list[Path]:
    """Profiles of one cell, the baseline first."""
    counts = [_own(found) for found in profiles]
    shown = top(counts)
    if not shown:
        return []
    looks = [style.LOOKS[i % len(style.LOOKS)] for i in range(len(profiles))]
    step = len(profiles) + 0.8
    with style.figure(9.4, 1.6 + 0.115 * step * len(shown)) as drawing:
        axis = drawing.subplots()
        for offset, (own, look) in enumerate(zip(counts, looks, strict=True)):
            for index, function in enumerate(shown):
                _bar(axis, index * step + offset, own.get(function), look)
        _frame(axis, shown, len(profiles))
        drawing.suptitle(_title(profiles[0], shown, counts), fontsize=10)
        keys = [
            Patch(facecolor=_face(look), edgecolor=look.color, hatch=look.hatch)
            for look in looks
        ]
        names = [_name(found) for found in profiles]
        style.legend(drawing, keys, names, min(len(names), 2), "")
        return style.save(drawing, directory, name)


def _own(found: Profile) -> Own:
    rows = found.trees[CHEAPEST].rows()
    return {row.function: row.own for row in rows if row.function.kernel}


def top(counts: list[Own]) -> list[Function]:
    """By the largest count of any design, then by name."""
    most: Own = {}
    for own in counts:
        for function, count in own.items():
            most[function] = max(count, most.get(function, Fraction()))
    ordered = sorted(most, key=lambda each: (-most[each], str(each)))
    return [each for each in ordered if most[each]][:MOST]


def _title(found: Profile, shown: list[Function], counts: list[Own]) -> str:
    rest = len({each for own in counts for each in own}) - len(shown)
    text = f"{icicle.cell_title(found)}: the kernel's functions by their own count\n"
    text += CLASS_TEXT[CHEAPEST]
    return text + (f"; {rest} further functions are not shown" if rest else "")


def _name(found: Profile) -> str:
    tree = found.trees[CHEAPEST]
    return (
        f"{icicle.plain(str(found.facts['variant']))}: {figure(tree.total)} in all "
        f"({tree.windows} of {len(found.windows)} samples)"
    ).replace("$", r"\$")


def _face(look: style.Look) -> str:
    return look.color if not look.hatch else "white"


def _bar(axis: Any, y: float, count: Fraction | None, look: style.Look) -> None:
    if count is not None:
        axis.barh(
            y,
            float(count),
            height=0.8,
            facecolor=_face(look),
            edgecolor=look.color,
            hatch=look.hatch,
            linewidth=0.8,
        )
    axis.annotate(
        "not called" if count is None else figure(count),
        (float(count or 0), y),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=7,
    )


def _frame(axis: Any, shown: list[Function], sides: int) -> None:
    step = sides + 0.8
    names = [icicle.plain(str(each)) for each in shown]
    names = [n if len(n) <= NAME else n[: NAME - 3] + "..." for n in names]
    middles = [i * step + (sides - 1) / 2 for i in range(len(shown))]
    axis.set_yticks(middles, names, fontsize=8, parse_math=False)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(len(shown) * step - 0.9, -0.8)
    axis.set_xlim(0, axis.get_xlim()[1] * 1.06)
    axis.set_xlabel("guest instructions of its own a sample")
    style.thousands(axis.xaxis)
