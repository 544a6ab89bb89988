# SPDX-License-Identifier: GPL-2.0-only
"""What scenarios read off within a sample, over the boots of a side."""

from __future__ import annotations

from collections.abc import Sequence

from retrap.analysis import side
from retrap.results import stats
from retrap.results.store import Machine, Results
from retrap.results.summary import Reading

__all__ = ["Reading", "of"]


def of(
    results: Results, machine: Machine, where: tuple[str, str]
) -> dict[str, dict[str, Reading]]:
    """By side, then by name. Sides without any are left out."""
    found = {}
    for name in results.sides(machine, where[0]):
        one = side.of(results, machine, name, where)
        known = (
            [each.readings for each in one.summaries if each.readings] if one else []
        )
        if known:
            found[name] = {key: _middle([e[key] for e in known]) for key in known[0]}
    return found


def _middle(boots: Sequence[Reading]) -> Reading:
    """Of quantiles the one in the middle; means and shares weigh every boot alike."""
    return Reading(
        boots[0].stage,
        stats.middle([each.quantiles for each in boots]),
        sum(each.mean for each in boots) / len(boots),
        sum(each.some for each in boots) / len(boots),
    )
