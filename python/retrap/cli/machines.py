# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix --on`: boots of real machines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retrap.base import scratch
from retrap.base.arch import ARCHES, Arch
from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.base.progress import Progress, say
from retrap.build import static
from retrap.build.programs import BENCH, Programs, build
from retrap.campaign.directory import identified, open_campaign
from retrap.campaign.manifest import in_blocks
from retrap.cli import matrix
from retrap.cli.follow import campaign_of, closed, follow, remember
from retrap.cli.matrix_jobs import Jobs
from retrap.config.experiments import Experiment
from retrap.config.variants import HOST, Variant
from retrap.fleet import bundle
from retrap.fleet.own import OwnKernel
from retrap.fleet.site import HERE, Answers, Site, site
from retrap.kernel import kernels
from retrap.kernel.kernels import Kernel
from retrap.kernel.machine_config import MachineConfig

QUIET_S = 120.0  # a boot waits at most so long for the machine to be quiet


def run(
    experiment: Experiment,
    variants: dict[str, Variant],
    path: Path,
    results: Path,
    fresh: bool,
    where: str,
    full: bool,
    agreed: bool,
    tuned: tuple[str, ...] = (),
) -> list[Path]:
    """A campaign on each machine; the result directories. `agreed`: this machine may
    be rebooted without a question. `tuned`: words of target/tune.py."""
    machines = site(where)
    if where == HERE and not agreed:
        _ask(experiment)
    with Progress() as progress:
        registry = build(progress, BENCH).registry()
        matrix.check_scenarios(experiment, variants, registry, path)
        with progress.task("machines") as task:
            task.update("asks what they are")
            known = _known(results, experiment, machines.machines)
            facts = _facts(machines, tuned, HOST in experiment.variants, known)
            task.update(f"{len(facts)} ready")
        directories: dict[str, Path] = {}
        words: dict[str, str] = {}
        ended = _ended(results, experiment, facts)
        for name, path in ended.items():
            directories[name] = path
            say(f"{name}: has ended: {path}")
        with scratch.directory() as place:
            bundles = {}
            for name, found in facts.items():
                if name in ended:
                    continue
                if found["campaigns"]:
                    path = _under_way(results, experiment, name, found)
                    directories[name], words[name] = path, campaign_of(path)
                    say(f"{name}: goes on with {words[name]}")
                    continue
                arch = _arch(found)
                programs = static.programs(progress, arch)
                built = _kernels(experiment, variants, found, arch, progress)
                jobs = Jobs(experiment, built, registry)
                plan = _plan(experiment, name, built, programs, tuned)
                campaign = open_campaign(results, plan, fresh)
                try:
                    directories[name] = campaign.path
                    boots = jobs.machine()
                    campaign.plan(boots, jobs.payloads)
                    first = next(iter(directories.values()))
                    words[name] = remember(campaign.path, where, name, first, found)
                finally:
                    campaign.close()
                into = bundles[name] = place / name
                into.mkdir()
                word = words[name]
                cpus = _cpus(found, tuned)
                bundle.make(
                    into, word, campaign.path, built, programs, QUIET_S, tuned, cpus
                )
            for word in dict.fromkeys(words[name] for name in bundles):
                same = {n: place for n, place in bundles.items() if words[n] == word}
                with progress.task(f"lay {', '.join(same)}"):
                    machines.begin(word, same)
        if where == HERE:
            again = f"./retrap campaign resume {directories[HERE]}"
            say(f"this machine reboots now; it has ended when it does no more: {again}")
            return list(directories.values())
        for word in dict.fromkeys(words.values()):
            same = {n: directories[n] for n in words if words[n] == word}
            follow(same, machines, word, progress)
    for directory in directories.values():
        matrix.show(directory, full)
    return list(directories.values())


def _ask(experiment: Experiment) -> None:
    """Errors: EXIT_MACHINE, unless the answer is yes."""
    boots = len(experiment.variants) + 1
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


def boots(experiment: Experiment) -> str:
    """`--dry-run`: the boots of one machine, in order, and how long they take."""
    names = (*experiment.variants, f"{experiment.baseline} again")
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
    lines.append(
        f"{number} reboots with the last, into its own kernel. A boot takes what the "
        "machine\ntakes to boot, up to "
        f"{QUIET_S:.0f} s until it is quiet, and the measurement."
    )
    return "\n".join(lines)


def _under_way(
    results: Path, experiment: Experiment, name: str, facts: dict[str, Any]
) -> Path:
    """The result directory of the campaign that is on the machine. Errors:
    EXIT_MACHINE, where that is of another experiment or of somebody else."""
    for path in sorted(results.glob(f"{experiment.name}@{name}/*")):
        if campaign_of(path) in facts["campaigns"]:
            return path
    raise RetrapError(
        f"{name}: {', '.join(facts['campaigns'])}: a campaign is on this machine",
        "let it end, or end it: ./retrap campaign abort its result directory",
        EXIT_MACHINE,
    )


def _ended(results: Path, experiment: Experiment, facts: Answers) -> dict[str, Path]:
    """The result directories of machines that are done with a campaign that is still
    under way on others: whoever watched it is gone, and its command is given again."""
    under_way = {word for found in facts.values() for word in found["campaigns"]}
    ended = {}
    for name, found in facts.items():
        for path in sorted(results.glob(f"{experiment.name}@{name}/*")):
            if not found["campaigns"] and campaign_of(path) in under_way:
                if closed(path):
                    ended[name] = path
    return ended


def _cpus(facts: dict[str, Any], tuned: tuple[str, ...]) -> tuple[int, ...]:
    """Those that are measured on: of two cores, where something is kept from them;
    else any."""
    return tuple(facts["cores"][-2:]) if {"isolate", "irqs"} & set(tuned) else ()


def _known(
    results: Path, experiment: Experiment, names: Iterable[str]
) -> dict[str, str]:
    """The campaign of each machine whose newest result directory is not closed."""
    found = {}
    for name in names:
        paths = sorted(results.glob(f"{experiment.name}@{name}/*"))
        for path in [path for path in paths if campaign_of(path)][-1:]:
            if not closed(path):
                found[name] = campaign_of(path)
    return found


def _facts(
    machines: Site, tuned: tuple[str, ...], own: bool, known: dict[str, str]
) -> Answers:
    """Of each; of one that boots just now, and has a campaign that is `known`, only
    that. Errors: EXIT_MACHINE, with all that is in the way, before anything is
    built."""
    found = machines.facts()
    for name in known.keys() - found.keys():
        found[name] = {"campaigns": [known[name]]}
    silent = [name for name in machines.machines if name not in found]
    why = machines.silence
    wrong = [f"{name}: {why.get(name, 'does not answer')}" for name in silent]
    idle = {n: facts for n, facts in found.items() if not facts["campaigns"]}
    wrong += [f"{n}: {why}" for n, facts in idle.items() for why in facts["refused"]]
    wrong += [
        f"{n}: {len(facts['cores'])} cores: two are measured on and one is for the rest"
        for n, facts in idle.items()
        if _cpus(facts, tuned) and len(facts["cores"]) < 3
    ]
    wrong += [
        f"{n}: its own kernel is not /boot/vmlinuz-{facts['kernel_release']}, or GRUB "
        "does not boot it: it cannot be the variant `host`"
        for n, facts in idle.items()
        if own and not facts["own"]
    ]
    if wrong:
        text = "\n  ".join(wrong)
        raise RetrapError(
            f"no campaign is begun:\n  {text}",
            "mend that, or take the machine out of the inventory",
            EXIT_MACHINE,
        )
    return found


def _arch(facts: dict[str, Any]) -> Arch:
    for arch in ARCHES.values():
        if facts["arch"] in (arch.name, arch.machine):
            return arch
    what = f"no kernel is built for {facts['arch']}"
    raise RetrapError(what, f"there are {', '.join(ARCHES)}", EXIT_MACHINE)


def _kernels(
    experiment: Experiment,
    variants: dict[str, Variant],
    facts: dict[str, Any],
    arch: Arch,
    progress: Progress,
) -> list[Kernel | OwnKernel]:
    found: list[Kernel | OwnKernel] = []
    for name in experiment.variants:
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
            "placements": list(experiment.placements),
            "seed": experiment.seed,
            "exact": None,
            "vm": None,
            "host": {
                "samples": blocks.sampling.samples,
                "cycles": blocks.sampling.cycles,
            },
            "machine": {"boots": blocks.boots, "tuned": list(tuned)},
            "binary_sha256": {programs.arch.name: programs.sha256()},
        }
    )
