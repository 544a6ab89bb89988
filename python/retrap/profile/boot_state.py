# SPDX-License-Identifier: GPL-2.0-only
"""What a boot leaves behind, told from what a patch does.

Where the next free area of the per-CPU allocator lies, what is in a slab: it differs
from boot to boot of one kernel, as the scheduler's load does from sample to sample, and
a path takes other branches. So each kernel is booted several times, with ballast
(config/cmdlines.py). A change of a function is the patch's doing when the samples of
the two kernels lie further apart than those of either.
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

USUAL = (0.1, 0.9)  # of the samples
Span = tuple[float, float]
NOT_RUN: Span = (0.0, 0.0)
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
        low, high = np.quantile(counts, USUAL, axis=0).tolist()
        spans = zip(counter.functions, zip(low, high, strict=True), strict=True)
        found[f"{cell.scenario} {cell.placement}"] = dict(spans)
    return found


def apart(
    found: Difference, base: Sequence[Spans], test: Sequence[Spans]
) -> Difference:
    """The same, with what boots of one kernel differ in told apart."""
    state = {
        each.function
        for each in found.told
        if each.function.kernel
        and not _further(*(_spans(side, each.function) for side in (base, test)))
    }
    return replace(found, state=frozenset(state))


def _spans(boots: Iterable[Spans], function: Function) -> list[Span]:
    return [each.get(function, NOT_RUN) for each in boots]


def _further(base: Sequence[Span], test: Sequence[Span]) -> bool:
    """Whether the two lie further apart than the boots of either."""
    (low, high), (other_low, other_high) = _around(base), _around(test)
    gap = max(other_low - high, low - other_high)
    return gap > max(high - low, other_high - other_low)


def _around(spans: Sequence[Span]) -> Span:
    return min(low for low, _ in spans), max(high for _, high in spans)
