# SPDX-License-Identifier: GPL-2.0-only
"""All boots of one side in one cell, taken together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from retrap.analysis import boots, stats
from retrap.analysis.stats import Values
from retrap.analysis.summarize import summary
from retrap.machine import load
from retrap.results.store import Cell, Machine, Results


@dataclass(frozen=True)
class Side:
    """What all boots of a kernel, through an interface, measured in one cell."""

    cells: tuple[Cell, ...]
    median: float | None
    minimum: int | None
    cheap: float | None
    cheap_share: float | None
    ci: tuple[float, float] | None
    boot_medians: tuple[float, ...]
    sweeps: tuple[int, ...]
    failed: int
    warnings: tuple[str, ...]

    @property
    def boots(self) -> int:
        return len(self.cells)

    @property
    def interface(self) -> str:
        return self.cells[0].interface

    @cached_property
    def values(self) -> Values:
        """The samples of all boots as one set, without those that failed."""
        return np.concatenate([cell.latencies[cell.ok] for cell in self.cells])

    @cached_property
    def quantiles(self) -> stats.Quantiles | None:
        """Of the samples of all boots as one set."""
        return stats.quantiles(self.values)

    @property
    def others(self) -> float | None:
        """What others took of its CPUs, at most in a boot (load.py)."""
        known = [load.share(cell.run) for cell in self.cells]
        return max((share for share in known if share is not None), default=None)

    @property
    def busy(self) -> bool:
        """In some boot others ran beside it: its times hold their turns."""
        return any(load.busy(cell.run) for cell in self.cells)

    @property
    def mark(self) -> str:
        """What stands behind its median."""
        return ("!" if self.failed else "") + (load.MARK if self.busy else "")


@lru_cache(maxsize=1024)
def of(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> Side | None:
    """The side `name` in the cell `where` = (scenario, placement)."""
    return side(results.of(machine, name, where))


def side(cells: list[Cell]) -> Side | None:
    """The boots together; None when there is no timed cell."""
    cells = [cell for cell in cells if cell.samples is not None]
    if not cells:
        return None
    return _exact(cells) if cells[0].machine.exact else _boots(cells)


def _notes(cells: list[Cell]) -> list[str]:
    parts = [summary(cell) for cell in cells]
    return list(dict.fromkeys(text for part in parts for text in part.warnings))


def _failed(cells: list[Cell]) -> int:
    return sum(sum(cell.failures.values()) for cell in cells)


def _boots(cells: list[Cell]) -> Side:
    """One median a boot; a boot where every sample failed has none."""
    values = [cell.latencies[cell.ok] for cell in cells]
    values = [part for part in values if part.size]
    medians = tuple(float(stats.median(part)) for part in values)
    middle = boots.boot_median(medians) if medians else None
    notes = _notes(cells) + list(middle.warnings if middle else ())
    return Side(
        cells=tuple(cells),
        median=middle.median if middle else None,
        minimum=min((int(part.min()) for part in values), default=None),
        cheap=None,
        cheap_share=None,
        ci=middle.ci if middle else None,
        boot_medians=medians,
        sweeps=(),
        failed=_failed(cells),
        warnings=tuple(notes),
    )


def _exact(cells: list[Cell]) -> Side:
    """The samples of all boots as one set, the sweeps of each boot kept apart."""
    notes = _notes(cells)
    if not _repeated(cells):
        notes.append("boots of one seed differ: exact did not repeat exactly")
    values = np.concatenate([cell.latencies[cell.ok] for cell in cells])
    cheap = stats.cheapest_class(values)
    sweeps: tuple[int, ...] = ()
    for cell in cells:
        sweeps += stats.sweep_medians(cell.latencies, cell.ok)
    return Side(
        cells=tuple(cells),
        median=float(stats.median(values)) if values.size else None,
        minimum=int(values.min()) if values.size else None,
        cheap=float(cheap.value) if cheap else None,
        cheap_share=cheap.share if cheap else None,
        ci=None,
        boot_medians=(),
        sweeps=sweeps,
        failed=_failed(cells),
        warnings=tuple(notes),
    )


def same_samples(one: Cell, other: Cell) -> bool:
    """Two processes measured the same, sample by sample."""
    if one.latencies.size != other.latencies.size:
        return False
    same = (one.latencies == other.latencies) & (one.ok == other.ok)
    return bool(same.all())


def _repeated(cells: list[Cell]) -> bool:
    first: dict[tuple[int, int, int], Cell] = {}
    for cell in cells:
        run = cell.run
        key = (run["seed"], run["shift"], run["samples_requested"])
        if not same_samples(first.setdefault(key, cell), cell):
            return False
    return True
