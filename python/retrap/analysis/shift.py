# SPDX-License-Identifier: GPL-2.0-only
"""Two variants on one path: by how many instructions all of it is shifted.

A patch that adds d instructions to a path adds them to each class of samples
on it (docs/methodology.md), whatever share the classes have. Medians and the
cheapest class move with the shares; the shift does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrap.analysis.compare import cells_of
from retrap.analysis.stats import Values
from retrap.results.store import Cell, Machine, Results
from retrap.base.textgrid import row, wrap

ENOUGH = 0.5  # as long as most samples coincide
LIMIT = 10  # instructions: more is named below the table
COLUMNS = (9, 9)


@dataclass(frozen=True)
class Shift:
    """Moved by `delta`, a `share` of the base's samples lies on the test's."""

    delta: int
    share: float

    @property
    def found(self) -> bool:
        return self.share > ENOUGH


def shift(base: Values, test: Values) -> Shift | None:
    """The best of all shifts, the smallest of equals. None without samples."""
    if not base.size or not test.size:
        return None
    from_, n = np.unique(base, return_counts=True)
    to, m = np.unique(test, return_counts=True)
    deltas, where = np.unique(np.subtract.outer(to, from_), return_inverse=True)
    both = np.minimum.outer(m / test.size, n / base.size)
    shares = np.bincount(where.ravel(), both.ravel()).round(9)
    best = np.lexsort((np.abs(deltas), -shares))[0]
    return Shift(int(deltas[best]), float(shares[best]))


def one_interface(results: Results, machine: Machine) -> bool:
    """All cells went through the same one: they took the same paths."""
    cells = [cell for cell in results.cells() if cell.machine == machine]
    return len({cell.interface for cell in cells if not cell.floor}) == 1


def table(results: Results, machine: Machine) -> str:
    """Empty where the variants were measured through their own interfaces."""
    base = results.base(machine)
    tests = [name for name in results.sides(machine) if name != base]
    if not (machine.exact and base and tests and one_interface(results, machine)):
        return ""
    lines = _head(base, machine)
    for where in cells_of(results, machine):
        lines.append(" ".join(where))
        first = _values(results.of(machine, base, where))
        for test in tests:
            got = shift(first, _values(results.of(machine, test, where)))
            if got is not None:
                lines.append(row(f"  {test}", _cells(got), COLUMNS))
    lines += [wrap(text, "", "  ") for text in summary(results, machine)]
    return "\n".join(lines) + "\n"


def summary(results: Results, machine: Machine) -> list[str]:
    """Of each variant, in how many cells it is dearer, cheaper, undecided; empty
    where there is no such table."""
    base = results.base(machine)
    tests = [name for name in results.sides(machine) if name != base]
    if not (machine.exact and base and tests and one_interface(results, machine)):
        return []
    # Each named once a cell.
    dearer, cheaper, open_ = [], [], []
    for where in cells_of(results, machine):
        first = _values(results.of(machine, base, where))
        for test in tests:
            got = shift(first, _values(results.of(machine, test, where)))
            if got is None:
                continue
            if not got.found:
                open_.append(test)
            elif got.delta > LIMIT:
                dearer.append(test)
            elif got.delta < -LIMIT:
                cheaper.append(test)
    lines = []
    for what, found in (
        (f"dearer by more than {LIMIT}", dearer),
        (f"cheaper by more than {LIMIT}", cheaper),
        ("~", open_),
    ):
        counts = ", ".join(f"{name} in {found.count(name)}" for name in tests)
        lines.append(f"{what}: {counts} cells")
    return lines


def _values(cells: list[Cell]) -> Values:
    parts = [cell.latencies[cell.ok] for cell in cells if cell.samples is not None]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _cells(got: Shift) -> list[str]:
    return [f"{got.delta:+d}" if got.found else "~", f"{100 * got.share:.0f}%"]


def _head(base: str, machine: Machine) -> list[str]:
    return [
        f"Shift: one interface on every variant, path by path [{machine}]",
        wrap(
            f"The instructions by which {base}'s samples must be moved to lie on the "
            "variant's, and the share that then does; ~ undecided: at most half do."
        ),
        row("", ("shift", "share"), COLUMNS),
    ]
