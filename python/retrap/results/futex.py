# SPDX-License-Identifier: GPL-2.0-only
"""The futex floor of a boot, and the boot's results as multiples of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from retrap.results.measured import Cell

FLOOR = "floor/futex"


def of_cells(cells: Iterable[Cell]) -> dict[Path, float]:
    """Of each cell of a path, by its file: the median of its boot's floor is one."""
    medians = {cell.path: (cell, _median(cell)) for cell in cells}
    floors = {
        (cell.boot_path, cell.placement): median
        for cell, median in medians.values()
        if cell.scenario == FLOOR and median
    }
    return {
        path: median / floors[cell.boot_path, cell.placement]
        for path, (cell, median) in medians.items()
        if not cell.floor and median and (cell.boot_path, cell.placement) in floors
    }


def _median(cell: Cell) -> float | None:
    known = cell.summary and cell.summary.quantiles
    return float(known.median) if known else None
