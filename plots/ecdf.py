# SPDX-License-Identifier: GPL-2.0-only
"""ECDF of every sample: one figure a scenario, one panel a placement."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D

from plots import style
from retrap.store import Machine, Results

TAIL = 0.995  # the axis ends at this quantile when the tail is long
LONG_TAIL = 1.5  # the maximum is beyond this many times that quantile
LOG_FROM = 8.0  # a wider ratio of largest to smallest shown value: log axis
Values = npt.NDArray[np.int64]


def draw(results: Results, directory: Path) -> list[Path]:
    """The files written; two machines never share a figure."""
    paths = []
    for machine in results.machines:
        for scenario in style.paths_of(results, machine):
            paths += _scenario(results, directory, machine, scenario)
    return paths


def _values(
    results: Results, machine: Machine, where: tuple[str, str]
) -> dict[str, Values]:
    """Latencies of all boots together, by side."""
    found = {}
    for name in results.sides(machine):
        cells = results.of(machine, name, where)
        parts = [cell.latencies[cell.ok] for cell in cells]
        merged = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
        if merged.size:
            found[name] = merged
    return found


def _scenario(
    results: Results, directory: Path, machine: Machine, scenario: str
) -> list[Path]:
    panels = {
        placement: values
        for placement in results.placements(machine)
        if (values := _values(results, machine, (scenario, placement)))
    }
    if not panels:
        return []
    looks = style.looks(results, machine)
    with style.figure(4.2 * len(panels) + 0.4, 3.9) as drawing:
        axes = drawing.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (placement, values) in zip(axes, panels.items(), strict=True):
            beyond = _panel(axis, values, looks)
            axis.set_xlabel(
                f"trigger to return of the wait [{style.UNITS[machine.substrate]}]"
            )
            floors = style.floor_medians(results, machine, placement)
            far = _floors(axis, floors, min(int(v[0]) for v in values.values()))
            axis.set_title("\n".join(filter(None, [placement, beyond, far])))
        axes[0].set_ylabel("share of samples at or below")
        axes[0].set_ylim(0, 1.02)
        drawing.suptitle(f"{scenario}  [{style.title(machine)}]", fontsize=10)
        _legend(drawing, looks, panels)
        slug = scenario.replace("/", ".").replace(":", "-")
        return style.save(drawing, directory, f"ecdf-{machine.slug}-{slug}")


def _panel(axis: Any, values: dict[str, Values], looks: dict[str, style.Look]) -> str:
    """Draws the lines; returns what to say of samples beyond the axis."""
    ends = [float(v[-1]) for v in values.values()]
    tails = [float(np.quantile(v, TAIL)) for v in values.values()]
    cut = max(ends) > LONG_TAIL * max(tails)
    high = max(tails) if cut else max(ends)
    low = min(float(v[0]) for v in values.values())
    if low > 0 and high / low > LOG_FROM:
        axis.set_xscale("log")
        axis.set_xlim(low / 1.1, high * 1.1)
    else:
        room = 0.06 * (high - low) or 0.02 * high or 1.0
        axis.set_xlim(low - room, high + room)
        axis.locator_params(axis="x", nbins=5)
    style.thousands(axis.xaxis)
    last = max(ends) + axis.get_xlim()[1]
    for name, ordered in values.items():
        look = looks[name]
        x = np.concatenate([[ordered[0]], ordered, [last]])
        y = np.append(np.arange(ordered.size + 1) / ordered.size, 1.0)
        style_of = {"color": look.color, "linestyle": look.line}
        axis.step(x, y, where="post", linewidth=look.width, **style_of)
    end = axis.get_xlim()[1]
    beyond = sum(int((v > end).sum()) for v in values.values())
    total = sum(v.size for v in values.values())
    return f"{beyond} of {total} samples are beyond the axis" if beyond else ""


def _floors(axis: Any, floors: dict[str, tuple[float, Any]], low: int) -> str:
    """A line for a floor that is near; returns what to say of those far off."""
    far = []
    heights = itertools.cycle((0.22, 0.5, 0.78))  # neighbours' names side by side
    for name, (value, line) in sorted(floors.items(), key=lambda item: -item[1][0]):
        start, end = axis.get_xlim()
        log = axis.get_xscale() == "log"
        near = low - value < 0.6 * (end - start)
        if value >= end or not near or log and value < start:
            far.append(f"{name} {value:.0f}")
            continue
        axis.axvline(value, color=style.FLOOR, linestyle=line, linewidth=1.2)
        margin = value / 1.1 if log else value - 0.09 * (end - start)
        axis.set_xlim(min(start, margin), end)
        axis.annotate(
            f"{name} {value:.0f}",
            (value, next(heights)),
            xycoords=("data", "axes fraction"),
            xytext=(-2, 0),
            textcoords="offset points",
            rotation=90,
            fontsize=7,
            color=style.FLOOR,
            ha="right",
            va="center",
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )
    return f"off the axis: {', '.join(far)}" if far else ""


def _legend(
    drawing: Any, looks: dict[str, style.Look], panels: dict[str, dict[str, Values]]
) -> None:
    shown = [v for v in looks if any(v in values for values in panels.values())]
    handles = [
        Line2D([], [], color=looks[v].color, ls=looks[v].line, lw=looks[v].width)
        for v in shown
    ]
    absent = [v for v in looks if v not in shown]
    names = shown + [f"{v}: n.a." for v in absent]
    handles += [Line2D([], [], linestyle="none") for _ in absent]
    style.legend(drawing, handles, names, min(len(names), style.COLUMNS), "")
