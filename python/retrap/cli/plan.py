# SPDX-License-Identifier: GPL-2.0-only
"""`retrap plan`: how many boots an experiment takes, and how long they do."""

from __future__ import annotations

import json
import textwrap
from argparse import Namespace
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from retrap.analysis import boots, planner
from retrap.analysis.planner import Spread
from retrap.base.errors import EXIT_OK, EXIT_RESULTS, RetrapError
from retrap.base.textgrid import row
from retrap.config.experiments import Experiment
from retrap.results.boot_times import BootTime, boot_times, usual
from retrap.results.store import Machine, Results, load

WIDTH, LABEL = 78, 40
HEADS = ("boots", "samples", "finds", "blocks")
WIDTHS = (8, 9, 9, 9)
SCHEMA = "retrap.boots-wanted/1"
FEWEST, MOST_ROWS = 2, 10


@dataclass(frozen=True)
class Plan:
    """What it takes to find `share` in each cell; `blocks` is None where no number of
    boots that is looked at finds it in the hardest. `unknown` cells have no boots to
    judge by."""

    share: float
    experiment: Experiment
    machine: Machine
    spreads: tuple[Spread, ...]
    unknown: int
    rows: int
    time: BootTime | None

    @property
    def least(self) -> int:
        return planner.attainable(self.rows)

    @cached_property
    def wanted(self) -> dict[tuple[str, str], int | None]:
        return {s.where: s.blocks(self.share, self.rows) for s in self.spreads}

    @property
    def blocks(self) -> int | None:
        found = list(self.wanted.values())
        known = [n for n in found if n is not None]
        return max(known) if len(known) == len(found) else None

    @property
    def boots(self) -> int | None:
        """Of a machine: the baseline is booted twice a block."""
        blocks = self.blocks
        return None if blocks is None else blocks * (len(self.experiment.kernels) + 1)

    @property
    def samples(self) -> int:
        """A cell and boot."""
        now = max(s.samples for s in self.spreads)
        if self.time is None or not self.time.measured:
            return now
        each_s = self.time.measured / (now * len(self.spreads))
        fixed_s = (self.time.up + self.time.quiet) / len(self.spreads)
        return max(s.best_samples(fixed_s, each_s) for s in self.spreads)

    @property
    def duration_s(self) -> float | None:
        """With as many samples as the pilot had."""
        if self.time is None or self.boots is None:
            return None
        return planner.duration_s(self.time, self.boots, 1.0)


def run(args: Namespace, experiment: Experiment) -> int:
    path = args.stored or newest(args.results, experiment)
    plan = of_pilot(load(path), experiment, args.detect)
    print(_document(plan, path) if args.json else text(plan, path))
    return EXIT_OK


def newest(results: Path, experiment: Experiment) -> Path:
    """The last campaign of the experiment on a machine; else its last results.
    Errors: EXIT_RESULTS."""
    for name in (f"{experiment.name}@*", experiment.name, f"{experiment.name}-host"):
        if found := [path.parent for path in results.glob(f"{name}/*/plan.json")]:
            return max(found, key=lambda path: path.name)
    raise RetrapError(
        f"{results}: no boots of {experiment.name}, from which its spread is known",
        "measure a pilot of three blocks ([machine] boots = 3), or name results "
        "of the same cells: --from DIR",
        EXIT_RESULTS,
    )


def of_pilot(results: Results, experiment: Experiment, share: float) -> Plan:
    """Errors: EXIT_RESULTS, where no kernel has two boots that do not repeat."""
    of_files = results.plan["scenarios"] if experiment.files else ()
    scenarios = dict.fromkeys((*experiment.scenarios, *of_files))
    for machine in results.machines:
        places = [
            (scenario, place)
            for scenario in scenarios
            if scenario not in results.floors
            for place in experiment.placements
        ]
        found = planner.spreads(results, machine, places)
        if found and not machine.exact:
            rows = len(places) * max(1, len(experiment.variants) - 1)
            time, unknown = usual(boot_times(results.path)), len(places) - len(found)
            known = tuple(found)
            return Plan(share, experiment, machine, known, unknown, rows, time)
    raise RetrapError(
        f"{results.path}: no cell of {experiment.name} has {FEWEST} boots of a kernel",
        "measure a pilot of three blocks: [machine] boots = 3",
        EXIT_RESULTS,
    )


def text(plan: Plan, path: Path) -> str:
    """On a screen: the hardest cells first."""
    alpha = boots.ALPHA / plan.rows
    now = plan.experiment.on_machines().boots
    n = max(now, plan.least)
    order = sorted(plan.spreads, key=lambda each: -each.upper)
    lines = [
        f"To find a change of {100 * plan.share:g} % in 80 % of repetitions "
        f"[{plan.machine}], by the boots of",
        f"  {path}",
        "",
        row("varies by, in %", HEADS, WIDTHS, LABEL),
    ]
    for one in order[:MOST_ROWS]:
        wanted = plan.wanted[one.where]
        cells = [
            f"{100 * one.boots:.2f}",
            f"{100 * one.samples_part:.2f}",
            f"{100 * one.finds(n, alpha):.1f}%",
            str(wanted) if wanted else f">{planner.MOST}",
        ]
        lines.append(row(" ".join(one.where), cells, WIDTHS, LABEL))
    if left := order[MOST_ROWS:]:
        lines.append(f"and {len(left)} cells that vary less")
    lines += ["", *map(fill, _sentences(plan, n))]
    return "\n".join(lines)


def _sentences(plan: Plan, n: int) -> list[str]:
    kernels, blocks = len(plan.experiment.kernels), plan.blocks
    told = [
        "boots: the medians of the boots of a kernel; samples: what the samples of a "
        f"boot add to that, {max(s.samples for s in plan.spreads)} of them. finds: "
        f"with {n} blocks. Holm among {plan.rows} rows takes {plan.least} blocks at "
        "least."
    ]
    if plan.unknown:
        told.append(f"! {plan.unknown} cells of the experiment have no boots there.")
    if blocks is None:
        told.append(
            f"More than {planner.MOST} blocks: no campaign finds {100 * plan.share:g} "
            "% there. Measure a larger change, or on a machine that varies less "
            "(./retrap doctor, --tune)."
        )
        return told
    how = f"{blocks} blocks of {kernels + 1} boots, {plan.boots} boots of a machine"
    if plan.duration_s is None:
        how += "; how long a boot takes is not in these results"
    else:
        how += f": about {words(plan.duration_s)}"
    told.append(f"{how}. In the experiment: [machine] boots = {blocks}")
    if plan.time and plan.samples > 1.5 * max(s.samples for s in plan.spreads):
        told.append(
            f"A boot costs more than its samples: {plan.samples} of them a cell would "
            "bring more a minute."
        )
    return told


def words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def fill(sentence: str) -> str:
    return textwrap.fill(
        sentence, WIDTH, break_on_hyphens=False, break_long_words=False
    )


def _document(plan: Plan, path: Path) -> str:
    cells = [
        {
            "scenario": one.where[0],
            "placement": one.where[1],
            "boots_vary": one.boots,
            "samples_part": one.samples_part,
            "blocks": plan.wanted[one.where],
        }
        for one in plan.spreads
    ]
    document = {
        "schema": SCHEMA,
        "from": str(path),
        "machine": str(plan.machine),
        "detect": plan.share,
        "rows": plan.rows,
        "cells_without_boots": plan.unknown,
        "blocks": plan.blocks,
        "boots": plan.boots,
        "samples": plan.samples,
        "duration_s": plan.duration_s,
        "cells": cells,
    }
    return json.dumps(document, indent=1)
