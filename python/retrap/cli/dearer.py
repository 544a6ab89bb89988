# SPDX-License-Identifier: GPL-2.0-only
"""`--fail-if-dearer`: an exit status for scripts that ask whether a path costs more."""

from __future__ import annotations

from collections.abc import Sequence

from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import MORE, UNDECIDED, VOID
from retrap.base.errors import EXIT_DEARER, EXIT_OK
from retrap.base.progress import say
from retrap.cli.limits import Limit


def status(rows: Sequence[Comparison], limit: Limit | None) -> int:
    """EXIT_DEARER where a row is surely dearer by more; says which, and how many are
    open."""
    if limit is None:
        return EXIT_OK
    dearer = [row for row in rows if _by(row, limit) > limit.amount]
    for row in dearer:
        by = _by(row, limit)
        least = f"{100 * by:.1f} %" if limit.of_base else f"{by:.0f}"
        place = f"{row.scenario} {row.placement} [{row.machine}]"
        say(f"dearer: {place}: {row.test}: {row.change}, at least {least}")
    open_ = sum(row.verdict in (UNDECIDED, VOID) for row in rows)
    if open_:
        say(f"{open_} of {len(rows)} cells are undecided or void, and so not dearer")
    return EXIT_DEARER if dearer else EXIT_OK


def _by(row: Comparison, limit: Limit) -> float:
    """The least that it is dearer by; 0 where that is not decided."""
    base, interval = row.sides[0], row.interval
    if row.verdict != MORE or base is None or interval is None:
        return 0.0
    if not limit.of_base:
        return interval[0]
    return interval[0] / base.median if base.median else 0.0
