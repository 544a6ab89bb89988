# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix --dry-run`: what would be done, from what is there."""

from __future__ import annotations

from pathlib import Path

from retrap.kernel import kernels, source
from retrap.base.arch import Arch
from retrap.config.experiments import Experiment, Guest, Sampling
from retrap.config.variants import Variant
from retrap.base.errors import RetrapError
from retrap.cli import scenarios
from retrap.config.plan import Scenario, expand


def dry_run(
    experiment: Experiment, variants: dict[str, Variant], path: Path, results: Path
) -> str:
    """What would be done, with nothing done (no package, no build)."""
    lines = [f"experiment {experiment.name} ({path})", "1 build     build/release"]
    jobs = [(name, arch) for arch in experiment.arches for name in experiment.kernels]
    for name, arch in jobs:
        state = _kernel_state(variants[name], arch)
        lines.append(f"2 kernel    {name} {arch.name}: {state}")
    registry: dict[str, Scenario] = {}
    if known := scenarios.known_unbuilt(experiment, variants, path):
        experiment, registry = known
    for name, arch in jobs:
        through = variants[name].interfaces
        for boots, sampling, guest in _guests(experiment):
            what = _cells_state(experiment, registry, through, sampling)
            how = f"{boots}{name} {arch.name}: {what}, {guest.cpus} vCPUs"
            lines.append(f"3 guest     {how}")
    if experiment.host:
        what = _cells_state(experiment, registry, ("listen",), experiment.host)
        many = experiment.rounds
        rounds = f"{many} rounds of " if many > 1 else ""
        lines.append(f"4 host      this machine: {rounds}{what}")
    lines.append(f"5 report    {results / experiment.name}/<stamp>/")
    return "\n".join(lines)


def _guests(experiment: Experiment) -> list[tuple[str, Sampling, Guest]]:
    """Of each kernel."""
    found = []
    if experiment.exact:
        found.append(("", experiment.exact, experiment.guest))
    if vm := experiment.vm:
        found.append((f"{vm.boots} boots of ", vm.sampling, vm.guest))
    return found


def _kernel_state(variant: Variant, arch: Arch) -> str:
    patches = f"{len(variant.patches)} patches"
    if variant.source.tree:  # which no package will bring
        source.identify(variant)
        source.say_uncommitted(variant)
    try:
        kernel = kernels.find(variant, arch)
        key = kernels.kernel_key(variant, arch)
    except RetrapError:
        return f"{patches}, source or compiler not installed yet"
    return f"{patches}, {'in the cache' if kernel else 'to build'} ({key})"


def _cells_state(
    experiment: Experiment,
    registry: dict[str, Scenario],
    interfaces: tuple[str, ...],
    sampling: Sampling,
) -> str:
    if not registry:
        files = [f"those of {file.name}" for file in experiment.files]
        return " and ".join([f"{len(experiment.scenarios)} scenarios", *files])
    cells = expand(experiment, registry, interfaces, sampling)
    timed = sum(cell.cycles is None for cell in cells)
    return f"{timed} x {sampling.samples} samples, {len(cells) - timed} counting runs"
