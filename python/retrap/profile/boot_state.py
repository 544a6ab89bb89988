# SPDX-License-Identifier: GPL-2.0-only
"""What a boot leaves behind, told from what a patch does.

Where the next free area of the per-CPU allocator lies, what is in a slab: it differs
from boot to boot of one kernel, as the scheduler's load does from sample to sample, and
a path takes other branches. So each kernel is booted several times, with ballast
(config/cmdlines.py). A change of a function is the patch's doing when each quartile of
its samples moves one way, by more than boots of either kernel have it apart. If a boot
had one of two states by chance, two kernels with four boots each would be told apart so
in one case of 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrap.profile import derive
from retrap.profile.counts import Counter
from retrap.profile.difference import Difference
from retrap.profile.stored import Boot
from retrap.profile.symbols import Function

QUARTILES = (0.25, 0.5, 0.75)
Span = tuple[int, int, int]  # the quartiles of a function's instructions
NOT_RUN: Span = (0, 0, 0)
Spans = dict[Function, Span]


def read(boot: Boot) -> dict[str, Spans]:
    """Of each cell, as a profile names it, how many instructions the kernel's
    functions have. Errors: EXIT_RESULTS, EXIT_KERNEL, as derive.recorded()."""
    seen, runs = derive.recorded(boot.load(), boot.kernel)
    counter = Counter(seen.blocks, derive.kernel_names(boot.kernel))
    found: dict[str, Spans] = {}
    for cell, run in runs:
        counts = counter.count(run.windows)
        quartiles = np.quantile(counts, QUARTILES, axis=0, method="lower").tolist()
        spans = zip(counter.functions, zip(*quartiles, strict=True), strict=True)
        found[f"{cell.scenario} {cell.placement}"] = dict(spans)
    return found


def apart(
    found: Difference, base: Sequence[Spans], test: Sequence[Spans]
) -> Difference:
    """The same, with each change of the kernel's functions judged. What it is said to
    be is that of the first boots' middle samples."""
    changes, state = [], set()
    for change in found.changes:
        if change.function.kernel:
            sides = [
                [each.get(change.function, NOT_RUN) for each in boots]
                for boots in (base, test)
            ]
            before, after = (boots[0][1] for boots in sides)
            if not _further(*sides) and (change.steady or before != after):
                state.add(change.function)
            change = replace(change, middle=after - before)
        changes.append(change)
    return replace(found, changes=tuple(changes), state=frozenset(state))


def _further(base: Sequence[Span], test: Sequence[Span]) -> bool:
    moves = [_moves(*sides) for sides in zip(zip(*base), zip(*test), strict=True)]
    return all(move > 0 for move in moves) or all(move < 0 for move in moves)


def _moves(base: Sequence[int], test: Sequence[int]) -> int:
    """1: all of one quartile are above those of the base by more than either's lie
    apart; -1: below; 0: neither."""
    apart = max(max(side) - min(side) for side in (base, test))
    if min(test) - max(base) > apart:
        return 1
    return -1 if min(base) - max(test) > apart else 0
