# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix --on`: boots of real machines."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.base import scratch
from retrap.base.arch import Arch, native
from retrap.base.errors import EXIT_CONFIG, EXIT_MACHINE, RetrapError
from retrap.base.progress import Progress, say
from retrap.build import own, static
from retrap.build.programs import Programs
from retrap.campaign.directory import identified, open_campaign
from retrap.campaign.manifest import in_blocks
from retrap.cli import matrix, ready, scenarios
from retrap.cli.matrix_plan import layout_of, target_of
from retrap.cli.follow import campaign_of, follow, remember
from retrap.cli.matrix_jobs import Jobs
from retrap.cli.plan import words
from retrap.config.experiments import Experiment
from retrap.config.registry import Registry
from retrap.config.scenario_files import told
from retrap.config.variants import HOST, Variant
from retrap.fleet import bundle
from retrap.fleet.own import OwnKernel
from retrap.fleet.site import HERE, Answers, Site, site
from retrap.kernel import kernels
from retrap.kernel.kernels import Kernel
from retrap.kernel.machine_config import MachineConfig
from retrap.results import boot_times

QUIET_S = 120.0  # a boot waits at most so long for the machine to be quiet
GUESS_S = 180.0  # a boot, where none is known


@dataclass(frozen=True)
class Wanted:
    """What is begun on each machine. `where`: as --on says it; `tuned`: words of
    target/tune.py; `fresh`: a result directory of its own."""

    experiment: Experiment
    variants: dict[str, Variant]
    results: Path
    fresh: bool
    where: str
    tuned: tuple[str, ...] = ()


def run(wanted: Wanted, path: Path, full: bool, agreed: bool) -> list[Path]:
    """A campaign on each machine; the result directories. `path`: the experiment's
    file. `agreed`: this machine may be rebooted without a question."""
    machines, experiment = site(wanted.where), wanted.experiment
    refuse_words(experiment)
    if wanted.where == HERE and not agreed:
        _ask(experiment)
    with Progress() as progress:
        # Machines are given static programs: those of this one know the names, too.
        programs = static.programs(progress, native())
        experiment, registry = scenarios.known(
            experiment, wanted.variants, path, progress, programs
        )
        wanted = dataclasses.replace(wanted, experiment=experiment)
        facts = _ask_machines(machines, wanted, progress)
        ended = ready.ended(wanted.results, experiment, facts)
        for name, path in ended.items():
            say(f"{name}: has ended: {path}")
        begun = _begin(machines, wanted, facts, ended, registry, progress)
        directories = {**ended, **begun}
        if wanted.where == HERE:
            again = f"./retrap campaign resume {directories[HERE]}"
            say(f"this machine reboots now; it has ended when it does no more: {again}")
            return list(directories.values())
        words = {name: campaign_of(directory) for name, directory in begun.items()}
        for word in dict.fromkeys(words.values()):
            same = {name: begun[name] for name in words if words[name] == word}
            follow(same, machines, word, progress)
    for directory in directories.values():
        matrix.show(directory, full)
    return list(directories.values())


def _ask_machines(machines: Site, wanted: Wanted, progress: Progress) -> Answers:
    with progress.task("machines") as task:
        task.update("asks what they are")
        own = HOST in wanted.experiment.variants
        known = ready.known(wanted.results, wanted.experiment, machines.machines)
        facts = ready.facts_of(machines, wanted.tuned, own, known)
        task.update(f"{len(facts)} ready")
    return facts


def _begin(
    machines: Site,
    wanted: Wanted,
    facts: Answers,
    ended: dict[str, Path],
    registry: Registry,
    progress: Progress,
) -> dict[str, Path]:
    """The result directory of each machine that has not `ended`, where a campaign is
    under way now: the one that was there, or a new one."""
    directories: dict[str, Path] = {}
    with scratch.directory() as place:
        bundles: dict[str, dict[str, Path]] = {}  # by campaign, by machine
        for name, found in facts.items():
            if name in ended:
                continue
            if found["campaigns"]:
                directory = ready.running_on(
                    wanted.results, wanted.experiment, name, found
                )
                directories[name] = directory
                say(f"{name}: goes on with {campaign_of(directory)}")
                continue
            (place / name).mkdir()
            first = next(iter({**ended, **directories}.values()), None)
            directory = _planned(
                wanted, name, found, first, registry, progress, place / name
            )
            directories[name] = directory
            bundles.setdefault(campaign_of(directory), {})[name] = place / name
        for word, same in bundles.items():
            with progress.task(f"lay {', '.join(same)}"):
                machines.begin(word, same)
    return directories


def _planned(
    wanted: Wanted,
    name: str,
    facts: dict[str, Any],
    first: Path | None,
    registry: Registry,
    progress: Progress,
    into: Path,
) -> Path:
    """The campaign of one machine, planned and remembered, under the name that the
    `first` result directory gives to all; and `into` it what is laid there."""
    experiment, arch = wanted.experiment, ready.arch_of(facts)
    programs = own.add(static.programs(progress, arch), experiment.files, progress)
    built = _kernels(experiment, wanted.variants, facts, arch, progress)
    plan = _plan(experiment, name, built, programs, wanted.tuned)
    jobs = Jobs(experiment, built, registry)
    campaign = open_campaign(wanted.results, plan, wanted.fresh)
    try:
        path = campaign.path
        campaign.plan(jobs.machine(), jobs.payloads)
        word = remember(path, wanted.where, name, first or path, facts)
    finally:
        campaign.close()
    cpus = ready.measured_cpus(facts, wanted.tuned)
    bundle.make(into, word, path, built, programs, QUIET_S, wanted.tuned, cpus)
    return path


def refuse_words(experiment: Experiment) -> None:
    """A machine's boot entries hold its own command line. Errors: EXIT_CONFIG."""
    if experiment.cmdlines:
        raise RetrapError(
            "cmdline: is for guests; a machine is booted with its own command line",
            "leave `cmdline` out, or set the words in the machine's boot loader and "
            "make a campaign of each",
            EXIT_CONFIG,
        )


def _ask(experiment: Experiment) -> None:
    """Errors: EXIT_MACHINE, unless the answer is yes."""
    boots = len(experiment.kernels) + 1
    print(
        f"This machine will be rebooted {boots * experiment.on_machines().boots + 1} "
        "times. Kernels and\ntheir boot entries go beside the distribution's, a unit "
        "and a watchdog's time-out to\n/etc/systemd. All of it is taken away at the "
        "end."
    )
    try:
        answer = input("Go on? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise RetrapError("not agreed: nothing was done", "--yes agrees", EXIT_MACHINE)


def boots(experiment: Experiment, results: Path) -> str:
    """`--dry-run`: the boots of one machine, in order, and how long they take."""
    names = (*experiment.kernels, f"{experiment.baseline} again")
    blocks = experiment.on_machines()
    lines = [f"Boots of a machine, {blocks.boots} blocks of {len(names)}:"]
    for block in range(1, blocks.boots + 1):
        row = [
            t
            for b, _, t in in_blocks(names, blocks.boots, experiment.seed)
            if b == block
        ]
        text = textwrap.fill(", ".join(row), 74, subsequent_indent=" " * 6)
        lines.append(f"{block:4}  {text}")
    number = blocks.boots * len(names) + 1
    lines += [
        f"{number} reboots with the last, into its own kernel.",
        *_durations(experiment, results, number),
    ]
    return "\n".join(lines)


def _durations(experiment: Experiment, results: Path, number: int) -> list[str]:
    """By what boots of earlier campaigns took, the newest of each machine."""
    newest: dict[str, str] = {}
    for path in sorted(results.glob(f"{experiment.name}@*/*/journal.jsonl")):
        if one := boot_times.usual(boot_times.boot_times(path.parent)):
            name = path.parent.parent.name.partition("@")[2]
            took, all_of_them = words(one.whole), words(number * one.whole)
            newest[name] = f"{name}: at {took} a boot, as last time, {all_of_them}."
    if newest:
        return list(newest.values())
    return [
        f"At {words(GUESS_S)} a boot, {words(number * GUESS_S)}: what a machine takes "
        f"to boot, up to {QUIET_S:.0f} s",
        "until it is quiet, and the measurement. No boot of it is known yet.",
    ]


def _kernels(
    experiment: Experiment,
    variants: dict[str, Variant],
    facts: dict[str, Any],
    arch: Arch,
    progress: Progress,
) -> list[Kernel | OwnKernel]:
    found: list[Kernel | OwnKernel] = []
    for name in experiment.kernels:
        if name == HOST:
            found.append(OwnKernel(arch, facts["own"]))
            continue
        config = MachineConfig.read(facts["config"], facts["modules"], facts["root"])
        kernel = kernels.ensure(
            variants[name], variants, progress, arch, machine=config
        )
        found.append(kernel)
    return found


def _plan(
    experiment: Experiment,
    name: str,
    built: Iterable[Kernel | OwnKernel],
    programs: Programs,
    tuned: tuple[str, ...],
) -> dict[str, Any]:
    blocks = experiment.on_machines()
    chosen = experiment.interface
    return identified(
        {
            "schema": "retrap.plan/1",
            "experiment": f"{experiment.name}@{name}",
            "experiment_sha256": experiment.sha256,
            "baseline": experiment.baseline,
            "arch": [programs.arch.name],
            "variants": [
                {
                    "name": kernel.variant.name,
                    **layout_of(kernel.variant.name),
                    "interfaces": (
                        [chosen] if chosen else list(kernel.variant.interfaces)
                    ),
                    "offers": list(kernel.variant.offers),
                    "properties": list(kernel.variant.properties),
                    "kernel_key": {kernel.arch.name: kernel.key},
                }
                for kernel in built
            ],
            "scenarios": list(experiment.scenarios),
            **told(experiment.files),
            "placements": list(experiment.placements),
            "seed": experiment.seed,
            "exact": None,
            "vm": None,
            "host": {
                "samples": blocks.sampling.samples,
                "cycles": blocks.sampling.cycles,
            },
            "machine": {"boots": blocks.boots, "tuned": list(tuned)},
            **target_of(experiment, blocks.boots),
            "binary_sha256": {programs.arch.name: programs.sha256()},
        }
    )
