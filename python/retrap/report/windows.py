# SPDX-License-Identifier: GPL-2.0-only
"""A sentence about each window: how long the first look after an event took, and how
often it came too early (bench/scenarios/window.h)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retrap.analysis import readings
from retrap.report.designstable import LABELS
from retrap.results.store import Machine, Results

STAGE, TALLY = "first", "early"


def sentences(results: Results, machine: Machine, short: bool) -> list[str]:
    """Of the first placement that was measured: the others stand in table.txt. A
    short one says only how often."""
    found = []
    for scenario in results.paths(machine):
        for placement in results.placements(machine):
            if text := _sentence(results, machine, (scenario, placement), short):
                found.append(text)
                break
    return found


def _sentence(
    results: Results, machine: Machine, where: tuple[str, str], short: bool
) -> str:
    scenario, placement = where
    sides = readings.of(results, machine, where)
    if not of_window(sides):
        return ""
    took = grouped((n, f"{e[STAGE].quantiles.median}") for n, e in sides.items())
    early = grouped((n, f"{100 * e[TALLY].some:.3g}%") for n, e in sides.items())
    name = LABELS.get(scenario, scenario)
    if short:
        return f"{name}: the first look is too early in {early} of the samples."
    unit = "instructions" if machine.exact else "ns"
    return (
        f"{name} ({placement}): the first look returns after {took} {unit}. It comes "
        f"too early in {early} of the samples."
    )


def of_window(sides: Mapping[str, Mapping[str, readings.Reading]]) -> bool:
    """Whether the readings of a cell, by side, are a window's."""
    return bool(sides) and all({STAGE, TALLY} <= each.keys() for each in sides.values())


def grouped(values: Iterable[tuple[str, str]]) -> str:
    """`2729 (a, b), 8905 (c)`; a value that all have stands alone."""
    groups: dict[str, list[str]] = {}
    for name, value in values:
        groups.setdefault(value, []).append(name)
    if len(groups) == 1:
        return next(iter(groups))
    return ", ".join(f"{value} ({', '.join(who)})" for value, who in groups.items())
