# SPDX-License-Identifier: GPL-2.0-only
"""Results whose kernels are releases, one after another."""

from __future__ import annotations

import re

from retrap.analysis.comparison import Where
from retrap.analysis.side import of
from retrap.results.store import Machine, Results

_RELEASE = re.compile(r"v?\d+\.\d+")


def names_of(results: Results) -> list[str]:
    """The kernels, oldest first, where each is named by its release; else none."""
    names = [str(each["name"]) for each in results.plan["variants"]]
    return names if len(names) > 1 and all(map(_RELEASE.match, names)) else []


def of_each(results: Results, machine: Machine, where: Where) -> dict[str, float]:
    """A cell's median by release, in those that have it."""
    sides = {name: of(results, machine, name, where) for name in names_of(results)}
    return {
        name: side.median
        for name, side in sides.items()
        if side is not None and side.median is not None
    }
