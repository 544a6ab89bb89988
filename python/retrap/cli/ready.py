# SPDX-License-Identifier: GPL-2.0-only
"""Which machines can begin a campaign, which have one, and which are done with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retrap.base.arch import ARCHES, Arch
from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.cli.follow import campaign_of, closed
from retrap.config.experiments import Experiment
from retrap.fleet.site import Answers, Site


def running_on(
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


def ended(results: Path, experiment: Experiment, facts: Answers) -> dict[str, Path]:
    """The result directories of machines that are done with a campaign that is still
    under way on others: whoever watched it is gone, and its command is given again."""
    under_way = {word for found in facts.values() for word in found["campaigns"]}
    done = {}
    for name, found in facts.items():
        for path in sorted(results.glob(f"{experiment.name}@{name}/*")):
            if not found["campaigns"] and campaign_of(path) in under_way:
                if closed(path):
                    done[name] = path
    return done


def measured_cpus(facts: dict[str, Any], tuned: tuple[str, ...]) -> tuple[int, ...]:
    """Those that are measured on: of two cores, where something is kept from them;
    else any."""
    return tuple(facts["cores"][-2:]) if {"isolate", "irqs"} & set(tuned) else ()


def known(
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


def facts_of(
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
        if measured_cpus(facts, tuned) and len(facts["cores"]) < 3
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


def arch_of(facts: dict[str, Any]) -> Arch:
    for arch in ARCHES.values():
        if facts["arch"] in (arch.name, arch.machine):
            return arch
    what = f"no kernel is built for {facts['arch']}"
    raise RetrapError(what, f"there are {', '.join(ARCHES)}", EXIT_MACHINE)
