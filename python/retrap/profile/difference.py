# SPDX-License-Identifier: GPL-2.0-only
"""Two profiles of one scenario: what each function adds to the difference.

The changes of all functions are the difference of the totals, exactly. A
function that costs more a call is told from one that is called more often, and
one that only has another caller changes nothing and is listed apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from retrap.analysis import shift
from retrap.analysis.verdict import Judgement
from retrap.base.errors import EXIT_REFUSED, RetrapError
from retrap.profile.summary import Profile, Row
from retrap.profile.symbols import Function

APPEARS, VANISHES = "appears", "vanishes"
COSTS, CALLED, BOTH = "costs", "called", "costs and called"
SAME = ("scenario", "placement", "arch", "substrate", "cpus", "seed", "qemu")


@dataclass(frozen=True)
class Change:
    """`a`, `b`: instructions of its own a sample; calls likewise. `by_cost` and
    `by_calls` are the parts of a change that is both: the calls that were there
    before, dearer or cheaper now; and the calls that are more or fewer. `steady`: the
    change in nearly every sample; None where either's vary from sample to sample.
    `middle`: of the middle samples of two boots, where boot_state.py has judged it."""

    function: Function
    kind: str
    a: Fraction
    b: Fraction
    a_calls: Fraction
    b_calls: Fraction
    by_cost: Fraction
    by_calls: Fraction
    steady: int | None = None
    middle: int | None = None

    @property
    def delta(self) -> Fraction:
        return self.b - self.a

    @property
    def usual(self) -> int:
        """What it is said to change by."""
        known = (self.middle, self.steady, round(self.delta))
        return next(each for each in known if each is not None)


@dataclass(frozen=True)
class Moved:
    """Called as often, at the same cost, but by others."""

    function: Function
    left: tuple[Function, ...]
    joined: tuple[Function, ...]


@dataclass(frozen=True)
class Difference:
    """`judgement`: of the totals of all samples, as of any two cells. `state`: the
    functions that boots of one kernel differ in as much (boot_state.py)."""

    judgement: Judgement
    kind: str
    a: Profile
    b: Profile
    totals: tuple[Fraction, Fraction]
    windows: tuple[int, int]
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    state: frozenset[Function] = frozenset()

    @property
    def delta(self) -> Fraction:
        return self.totals[1] - self.totals[0]

    @property
    def known(self) -> bool:
        """Whether the profiles say how often a function has so many instructions."""
        return all(p.trees[self.kind].counts for p in (self.a, self.b))

    @property
    def told(self) -> list[Change]:
        """Those that differ in nearly every sample, or as boot_state.py has judged; all
        where neither is known."""
        differ = (c for c in self.changes if c.middle or c.steady or not self.known)
        return [c for c in differ if c.function not in self.state]

    @property
    def left_behind(self) -> list[Change]:
        """Those that a boot's state explains."""
        return [c for c in self.changes if c.function in self.state]

    @property
    def steady(self) -> int | None:
        """What they add; None where that is not known."""
        return sum(c.steady or 0 for c in self.changes) if self.known else None


def compare(a: Profile, b: Profile, kind: str) -> Difference:
    """B less A, in the samples of class `kind`. Errors: EXIT_REFUSED, for what
    was not measured alike."""
    for key in SAME:
        if a.facts[key] != b.facts[key]:
            raise RetrapError(
                f"profiles differ in {key}: {a.facts[key]} and {b.facts[key]}",
                "profile both alike",
                EXIT_REFUSED,
            )
    trees = a.trees[kind], b.trees[kind]
    rows = [{row.function: row for row in tree.rows()} for tree in trees]
    changes, moved = [], []
    for function in sorted(rows[0].keys() | rows[1].keys(), key=str):
        before, after = (each.get(function) for each in rows)
        change = _change(function, before, after)
        if change:
            ends = [tree.steady(function) for tree in trees]
            if ends[0] is not None and ends[1] is not None:
                change = replace(change, steady=ends[1] - ends[0])
            changes.append(change)
        elif before and after and before.callers.keys() != after.callers.keys():
            left = before.callers.keys() - after.callers.keys()
            joined = after.callers.keys() - before.callers.keys()
            moved.append(Moved(function, _named(left), _named(joined)))
    changes.sort(key=lambda change: (-abs(change.delta), str(change.function)))
    totals = trees[0].total, trees[1].total
    assert sum(change.delta for change in changes) == totals[1] - totals[0]
    windows = trees[0].windows, trees[1].windows
    judgement = shift.judge(np.array(a.windows), np.array(b.windows))
    return Difference(
        judgement, kind, a, b, totals, windows, tuple(changes), tuple(moved)
    )


def _named(functions: set[Function]) -> tuple[Function, ...]:
    return tuple(sorted(functions, key=str))


def _change(function: Function, before: Row | None, after: Row | None) -> Change | None:
    a, b = before.own if before else Fraction(), after.own if after else Fraction()
    calls = (
        before.calls if before else Fraction(),
        after.calls if after else Fraction(),
    )
    if a == b and (before is None) == (after is None):
        return None
    if before is None or after is None:
        kind = APPEARS if before is None else VANISHES
        return Change(function, kind, a, b, *calls, Fraction(), b - a)
    by_calls = (calls[1] - calls[0]) * (a / calls[0]) if calls[0] else Fraction()
    by_cost = b - a - by_calls
    kind = COSTS if by_calls == 0 else CALLED if by_cost == 0 else BOTH
    return Change(function, kind, a, b, *calls, by_cost, by_calls)
