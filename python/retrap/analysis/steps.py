# SPDX-License-Identifier: GPL-2.0-only
"""Each kernel of a series against the one before it.

What a patch adds is judged by the samples of these two kernels, as what all patches
cost is by those of the first and the last. The difference of two changes against the
baseline is no such verdict: either may be undecided, or one out of a range.
"""

from __future__ import annotations

from functools import lru_cache

from retrap.analysis.comparison import NO_SCENARIO, Comparison, compare_sides
from retrap.analysis.side import cells_of, of
from retrap.results.store import Machine, Results


def steps(results: Results, machine: Machine) -> list[tuple[Comparison, ...]]:
    """Of each kernel after the first, in the order of the plan."""
    names = [str(each["name"]) for each in results.plan["variants"]]
    pairs = zip(names, names[1:], strict=False)
    return [between(results, machine, *pair) for pair in pairs]


def against_first(results: Results) -> list[Comparison]:
    """Each kernel after the first against it, on each machine."""
    first, *others = (str(each["name"]) for each in results.plan["variants"])
    return [
        row
        for machine in results.machines
        for name in others
        for row in between(results, machine, first, name)
    ]


@lru_cache(maxsize=64)
def between(
    results: Results, machine: Machine, before: str, after: str
) -> tuple[Comparison, ...]:
    """Of exact samples: one kernel against another in each cell, through the same
    interface. Empty where `after` has no boot."""
    found = []
    for where in cells_of(results, machine):
        for test in results.sides(machine, where[0]):
            if results.kernel(test) != after:
                continue
            base = before + test.removeprefix(after)
            sides = tuple(of(results, machine, name, where) for name in (base, test))
            if not any(sides):
                continue
            lacks = base if sides[0] is None else test
            why = results.why_missing(machine, lacks, where) or NO_SCENARIO
            both = sides[0], sides[1]
            found.append(compare_sides(machine, where, (base, test), both, why))
    return tuple(found)
