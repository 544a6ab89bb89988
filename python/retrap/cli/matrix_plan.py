# SPDX-License-Identifier: GPL-2.0-only
"""What plan.json says of an experiment: its variants, cells and samples."""

from __future__ import annotations

import dataclasses
from typing import Any

from retrap.base.arch import Arch
from retrap.build.programs import Programs
from retrap.campaign.directory import identified
from retrap.config import cmdlines
from retrap.config.experiments import Experiment
from retrap.config.layouts import split
from retrap.config.scenario_files import told
from retrap.config.variants import Variant
from retrap.kernel.kernels import Kernel

Built = dict[tuple[str, Arch], Kernel]  # of a variant, for an architecture


def layout_of(name: str) -> dict[str, str]:
    """What a plan says of a kernel that is a variant in a layout, or with words."""
    _, layout = split(name)
    _, words = cmdlines.split(name)
    found = {"layout": layout, "cmdline": words}
    return {key: word for key, word in found.items() if word}


def target_of(experiment: Experiment, most: int) -> dict[str, Any]:
    """What a plan says of the target that ends a cell, of at most so many blocks."""
    if experiment.target is None:
        return {}
    from retrap.analysis import planner

    cells = len(experiment.scenarios) * len(experiment.placements)
    rows = cells * max(1, len(experiment.variants) - 1)
    spreads = planner.spreads_that_find(experiment.target, rows, most)
    return {"target": {"share": experiment.target, "spreads": spreads}}


def plan_of(
    experiment: Experiment,
    variants: dict[str, Variant],
    built: Built,
    programs: dict[Arch, Programs],
) -> dict[str, Any]:
    """A variant whose kernel failed has no key: built later, it is another plan."""
    arches = experiment.arches
    chosen = experiment.interface
    plan: dict[str, Any] = {
        "schema": "retrap.plan/1",
        "experiment": experiment.name,
        "experiment_sha256": experiment.sha256,
        "baseline": experiment.baseline,
        "arch": [arch.name for arch in arches],
        "variants": [
            {
                "name": name,
                **layout_of(name),
                "interfaces": [chosen] if chosen else list(variants[name].interfaces),
                "offers": list(variants[name].offers),
                "properties": list(variants[name].properties),
                "kernel_key": {
                    arch.name: built[name, arch].key if (name, arch) in built else None
                    for arch in arches
                },
            }
            for name in experiment.kernels
        ],
        "scenarios": list(experiment.scenarios),
        **told(experiment.files),
        "placements": list(experiment.placements),
        "seed": experiment.seed,
        "exact": experiment.exact and dataclasses.asdict(experiment.exact),
        "vm": experiment.vm
        and {
            **dataclasses.asdict(experiment.vm.sampling),
            "boots": experiment.vm.boots,
            "cpus": experiment.vm.guest.cpus,
        },
        "host": experiment.host and dataclasses.asdict(experiment.host),
        **target_of(experiment, experiment.rounds),
        "binary_sha256": {arch.name: programs[arch].sha256() for arch in programs},
    }
    return identified(plan)
