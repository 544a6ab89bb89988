# SPDX-License-Identifier: GPL-2.0-only
"""Which functions make a patch dearer or cheaper, for `retrap try`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import Comparison
from retrap.base import workers
from retrap.base.arch import ARCHES
from retrap.cli import attempt_files
from retrap.config import experiments, scenario_files
from retrap.config.variants import Variants
from retrap.kernel import kernels
from retrap.profile import boot_state, difference, measure, stored
from retrap.profile.difference import Difference
from retrap.results.store import Results

# Instructions of a cell that are read one by one; a process that is made and ends takes
# half a million, and tells its functions in few samples.
READ, FEW, MANY = 8_000_000, 16, 100
CLASS = "cheapest"  # of samples: those without load-tracking updates
BALLAST = (1, 2, 3)  # of the boots that tell a boot's state


def samples(rows: Iterable[Comparison], scenarios: Sequence[str]) -> int:
    """Of each cell of these scenarios."""
    mine = [row.levels[0] or 0 for row in rows if row.scenario in scenarios]
    return max(FEW, min(MANY, READ // max(1, int(max(mine, default=0)))))


def functions(
    results: Results,
    variants: Variants,
    into: Path,
    scenarios: Sequence[str],
    mine: scenario_files.Files,
) -> list[Difference]:
    """Those scenarios by function: the base beside all patches."""
    if not scenarios:
        return []
    names = [each["name"] for each in results.plan["variants"]]
    base, last = names[0], names[-1]
    request = measure.Request(
        scenarios=tuple(scenarios),
        variants=(base, last),
        arches=(ARCHES[results.machines[0].arch],),
        placements=experiments.PLACEMENTS,
        samples=samples(comparisons(results), scenarios),
        cpus=attempt_files.CPUS,
        seed=attempt_files.SEED,
        files=mine,
        ballast=BALLAST,
    )
    path = measure.run(request, variants, into, False, lambda _: [])
    state = _state(path, request, variants)
    profiles = stored.profiles(path)
    before, after = (
        {each.cell: each for each in profiles if each.facts["variant"] == name}
        for name in (base, last)
    )
    return [
        boot_state.apart(
            difference.compare(before[cell], after[cell], CLASS),
            *([each[cell] for each in state[name]] for name in (base, last)),
        )
        for cell in after
        if cell in before
    ]


def _state(
    path: Path, request: measure.Request, variants: Variants
) -> dict[str, list[dict[str, boot_state.Spans]]]:
    """Of each variant its boots, by cell."""
    (arch,) = request.arches
    boots = []
    for name in request.booted:
        kernel = kernels.find(variants[name], arch)
        assert kernel, f"{name} ran just now"
        boots.append(stored.Boot(path, measure.job_of(kernel).name, kernel))
    read = dict(zip(request.booted, workers.each(boot_state.read, boots), strict=True))
    return {
        name: [read[state] for state in request.states(name)]
        for name in request.variants
    }
