# SPDX-License-Identifier: GPL-2.0-only
"""What is measured of a patch: the scenarios that run what it touches, and a few that
run none of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrap.profile.reach import Reach

# One of each kind of path: they come first where several run a function, and are all
# there is where no map is at hand.
FIRST = (
    "retrap/trigger:sigcont",
    "trap/trigger:interrupt",
    "trap/trigger:sigstop",
    "cycle/notification",
    "uncaring/sigcont",
    "elsewhere/signal:sigusr1",
    "elsewhere/fork-exit-wait",
    "retrap/trigger:interrupt",
    "floor/futex",
    "floor/syscall",
)
# Those first that wake nobody: the scheduler's load does not come into them.
CONTROLS = (
    "floor/syscall",
    "tracer/request/proc-mem",
    "tracer/request/peekdata",
    "floor/futex",
    "floor/pipe",
    *FIRST,
)
MOST, MOST_CONTROLS = 8, 2  # scenarios: each takes a second or two a kernel


@dataclass(frozen=True)
class Choice:
    """`controls`: they run nothing of what is touched. `unreached`: functions that no
    scenario of the map runs; None where there is no map."""

    scenarios: tuple[str, ...]
    controls: tuple[str, ...] = ()
    unreached: tuple[str, ...] | None = ()


def choose(touched: Iterable[str], reach: Reach, spread: bool) -> Choice:
    """Of each function one scenario at least, where one runs it. `spread`: the patch
    changes more than functions, so one of each kind of path is taken too."""
    names = list(dict.fromkeys(touched))
    unreached = tuple(name for name in names if not reach.of(name))
    runs = [reach.of(name) for name in names if reach.of(name)]
    order = [*FIRST, *(name for name in reach.scenarios if name not in FIRST)]
    known = [name for name in order if name in reach.scenarios]
    picked = _cover(runs, known)
    any_of = frozenset[str]().union(*runs)
    more = [name for name in known if name in any_of and name not in picked]
    picked += more[: max(0, MOST - len(picked))]
    if spread:
        picked += [name for name in FIRST if name not in picked]
    controls = [
        name
        for name in dict.fromkeys(CONTROLS)
        if name in reach.scenarios and name not in any_of
    ]
    controls = [name for name in controls if not spread][:MOST_CONTROLS]
    return Choice(tuple(picked), tuple(controls), unreached)


def _cover(runs: Sequence[frozenset[str]], order: Sequence[str]) -> list[str]:
    """Few scenarios that run all there is to run: each the one that adds most, the
    first of those in `order`."""
    left, picked = list(runs), []
    while left:
        best = max(order, key=lambda name: sum(name in each for each in left))
        picked.append(best)
        left = [each for each in left if best not in each]
    return picked
