# SPDX-License-Identifier: GPL-2.0-only
"""Two variants on one path: by how many instructions all of it is shifted.

A patch that adds d instructions to a path adds them to each class of samples
on it (docs/methodology.md), whatever share the classes have. Medians and the
cheapest class move with the shares; the shift does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrap.stats import Values
from retrap.store import Cell, Results
from retrap.textgrid import row, wrap

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


def one_interface(results: Results) -> bool:
    """All exact cells went through the same one: they took the same paths."""
    cells = [cell for cell in results.cells() if cell.substrate == "exact"]
    return len({cell.interface for cell in cells} - {"none"}) == 1


def table(results: Results) -> str:
    """Empty where the variants were measured through their own interfaces."""
    base = str(results.plan["baseline"])
    tests = [name for name in results.variants("exact") if name != base]
    if not tests or base not in results.variants("exact"):
        return ""
    if not one_interface(results):
        return ""
    lines, over, open_ = _head(base), [], []
    for scenario in results.scenarios("exact"):
        title = [scenario]
        for placement in results.placements("exact"):
            first = _values(results.of("exact", base, (scenario, placement)))
            label = placement
            for test in tests:
                second = _values(results.of("exact", test, (scenario, placement)))
                got = shift(first, second)
                if got is None:
                    continue
                lines += [*title, row(f"  {label:<10}{test}", _cells(got), COLUMNS)]
                title, label = [], ""
                if not got.found:
                    open_.append(test)
                elif abs(got.delta) > LIMIT:
                    over.append(test)
    for what, where in ((f"more than {LIMIT} instructions", over), ("~", open_)):
        counts = ", ".join(f"{name} in {where.count(name)}" for name in tests)
        lines.append(wrap(f"{what}: {counts} cells", "", "  "))
    return "\n".join(lines) + "\n"


def _values(cells: list[Cell]) -> Values:
    parts = [cell.latencies[cell.ok] for cell in cells if cell.samples is not None]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _cells(got: Shift) -> list[str]:
    return [f"{got.delta:+d}" if got.found else "~", f"{100 * got.share:.0f}%"]


def _head(base: str) -> list[str]:
    return [
        "Shift: one interface on every variant, path by path [exact]",
        wrap(
            f"The instructions by which {base}'s samples must be moved to lie on the "
            "variant's, and the share that then does; ~ undecided: at most half do."
        ),
        row("", ("shift", "share"), COLUMNS),
    ]
