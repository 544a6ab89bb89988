# SPDX-License-Identifier: GPL-2.0-only
"""What a boot leaves behind, told from what a patch does.

Where the next free area of the per-CPU allocator lies, what is in a slab: it differs
from boot to boot of one kernel, as the scheduler's load does from sample to sample, and
a path takes other branches. So each kernel is booted several times, with ballast
(config/cmdlines.py). A change of a function is the patch's doing when the two kernels
lie further apart than boots of either, each by the middle half of its samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from retrap.kernel.kernels import Kernel
from retrap.profile import derive
from retrap.profile.counts import Counter
from retrap.profile.difference import Difference
from retrap.profile.symbols import Function
from retrap.results.store import load

QUARTILES = (0.25, 0.5, 0.75)
Span = tuple[int, int, int]  # the quartiles of a function's instructions
NOT_RUN: Span = (0, 0, 0)
Spans = dict[Function, Span]


@dataclass(frozen=True)
class Booted:
    """A profiled boot: where it lies in its result directory, and what ran."""

    results: Path
    name: str
    kernel: Kernel


def read(booted: Booted) -> dict[str, Spans]:
    """Of each cell, as a profile names it, how many instructions the kernel's
    functions have."""
    place = booted.results / "raw" / booted.name
    (boot,) = (each for each in load(booted.results).boots if each.path == place)
    seen, runs = derive.recorded(boot)
    counter = Counter(seen.blocks, derive.kernel_names(booted.kernel))
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
    """The same. What a function of the kernel changes by is that of the middle samples
    of the first boots, where the two kernels lie further apart than boots of either;
    elsewhere boots explain it."""
    changes, state = [], set()
    for change in found.changes:
        if change.function.kernel:
            sides = [
                [each.get(change.function, NOT_RUN) for each in boots]
                for boots in (base, test)
            ]
            if _further(*sides):
                before, after = (boots[0][1] for boots in sides)
                change = replace(change, steady=after - before)
            elif change.steady:
                state.add(change.function)
        changes.append(change)
    return replace(found, changes=tuple(changes), state=frozenset(state))


def _further(base: Sequence[Span], test: Sequence[Span]) -> bool:
    (low, high), (other_low, other_high) = _around(base), _around(test)
    gap = max(other_low - high, low - other_high)
    return gap > max(high - low, other_high - other_low)


def _around(spans: Iterable[Span]) -> tuple[int, int]:
    lows, _, highs = zip(*spans, strict=True)
    return min(lows), max(highs)
