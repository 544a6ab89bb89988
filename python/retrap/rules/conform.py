# SPDX-License-Identifier: GPL-2.0-only
"""`retrap conform`: the rule book on every kernel and architecture.

Two boots a kernel: "smp", whose vCPUs really run side by side, for the races;
"exact", one vCPU after the other to the instruction, so that what it finds
repeats.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.campaign.directory import Campaign, identified, open_campaign, unwritable
from retrap.campaign.manifest import QEMU, QEMU_EXACT, Job
from retrap.executors import lanes, qemu
from retrap.kernel import kernels
from retrap.rules import rule_boot, ktap, ruletable
from retrap.base.arch import Arch
from retrap.build.programs import RULES, Programs, build_for_guests
from retrap.config.experiments import Guest, check_cpus
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Progress, say
from retrap.base.rawfile import atomic_write, damaged, read_record
from retrap.rules.rulebook import RuleBook
from retrap.rules.verdicts import Column, Report, judge

SCHEMA = "retrap.conform/1"
KERNELS = (
    "mainline",
    "listen-republish",
    "async-retrap",
    "please-notify",
    "combined",
)
FROM = "name a directory that `retrap conform` has filled"
DEADLINE_S = 1200  # of one boot; most take less than 300
SMP, EXACT = "smp", "exact"
EXECUTORS = {SMP: QEMU, EXACT: QEMU_EXACT}


@dataclass(frozen=True)
class Options:
    """`count`: turns of the race rules in the smp boot. `sweep`: most turns of a
    sweep in the exact boot, which ends by itself; 0 leaves the sweeps out."""

    kernels: tuple[str, ...]
    arches: tuple[Arch, ...]
    count: int
    cpus: int
    results: Path
    sweep: int = 10000

    def boots(self) -> dict[str, tuple[Guest, str]]:
        """Each kind of boot: its guest, and retrap-conform's arguments."""
        where = "both" if self.cpus > 1 else "same"
        smp = f"--count {self.count} --cpus {where} --deadline 300"
        # There a race is the same turn again and again, and who spins for the
        # other spins until the next tick; what races are about is swept.
        exact = f"--count 20 --cpus {where} --deadline 300"
        if self.sweep:
            exact += f" --sweep {self.sweep}"
        return {
            SMP: (Guest(self.cpus, DEADLINE_S, exact=False), smp),
            EXACT: (Guest(self.cpus, DEADLINE_S, behind=True), exact),
        }


def choose(names: str | None, variants: dict[str, Variant]) -> tuple[str, ...]:
    """The kernels asked for; by default those of KERNELS that there are."""
    if names is None:
        return tuple(name for name in KERNELS if name in variants) or tuple(variants)
    wanted = tuple(dict.fromkeys(word for word in names.split(",") if word))
    unknown = [name for name in wanted if name not in variants]
    if unknown or not wanted:
        raise RetrapError(
            f"--kernels: no variant {', '.join(unknown) or 'named'}; "
            f"there are {', '.join(variants)}",
            "add it to configs/variants.toml, or name another",
            EXIT_CONFIG,
        )
    return wanted


def run(options: Options, variants: dict[str, Variant], rules: RuleBook) -> Path:
    """Everything; the filled result directory. Failed kernels are verdicts."""
    start = time.monotonic()
    check_cpus(options.cpus, options.kernels, variants, options.arches)
    with Progress() as progress:
        built: dict[str, Kernel] = {}
        programs: dict[Arch, Programs] = {}
        unbuilt: dict[str, str] = {}
        for arch in options.arches:
            programs[arch] = build_for_guests(progress, RULES, arch)
            for name in options.kernels:
                column = f"{arch.name}/{name}"
                try:
                    built[column] = kernels.ensure(
                        variants[name], variants, progress, arch
                    )
                except RetrapError as error:
                    unbuilt[column] = error.message
                    say(f"kernel {name} {arch.name}: failed; the others go on")
        plan = _plan(options, built, programs, unbuilt)
        campaign = open_campaign(options.results, plan, fresh=False)
        path = campaign.path
        say(f"{campaign.how} {path}")
        try:
            _boot_all(built, programs, options, campaign, progress)
            record = _record(plan, options, variants, built, unbuilt, path)
            record["wall_s"] = round(time.monotonic() - start, 1)
            write(path, record, rules)
            campaign.finish()
        except OSError as error:
            raise unwritable(error, path) from None
        finally:
            campaign.close()
    return path


def _plan(
    options: Options,
    built: dict[str, Kernel],
    programs: dict[Arch, Programs],
    unbuilt: dict[str, str],
) -> dict[str, Any]:
    """What makes two runs the same run, so that one may go on with the other."""
    plan: dict[str, Any] = {
        "schema": "retrap.plan/1",
        "experiment": "conform",
        "kernels": {name: kernel.key for name, kernel in built.items()},
        "unbuilt": unbuilt,
        "programs_sha256": {arch.name: p.sha256() for arch, p in programs.items()},
        "count": options.count,
        "cpus": options.cpus,
        "boots": {kind: words for kind, (_, words) in options.boots().items()},
    }
    return identified(plan)


def _job(kernel: Kernel, kind: str) -> Job:
    arch = kernel.arch.name
    return Job(kernel.variant.name, f"{kind}-{arch}-1", arch, EXECUTORS[kind], kind)


def _boot_all(
    built: dict[str, Kernel],
    programs: dict[Arch, Programs],
    options: Options,
    campaign: Campaign,
    progress: Progress,
) -> None:
    """Of each kind those boots first that take longest: the more patches, the more
    rules. An exact guest takes what the smp guests leave of the CPUs."""
    kinds = options.boots()
    longest_first = sorted(built.values(), key=lambda k: -len(k.variant.patches))
    jobs = {kind: [_job(kernel, kind) for kernel in longest_first] for kind in kinds}
    campaign.plan(
        itertools.chain(*jobs.values()),
        {kind: (words,) for kind, (_, words) in kinds.items()},
    )
    do = rule_boot.RuleBook(
        lambda job: built[f"{job.arch}/{job.variant}"],
        programs,
        lambda job: kinds[job.payload][0],
        progress,
        "conform",
    )
    memory_mib = sum(guest.memory_mib for guest, _ in kinds.values())
    at_once = {
        SMP: lanes.free_at_once(options.cpus, memory_mib),
        EXACT: min(len(os.sched_getaffinity(0)), lanes.exact_at_once(memory_mib)),
    }
    failed = lanes.boot_all(campaign, do, *((jobs[k], at_once[k]) for k in kinds))
    if failed:
        raise failed[0][1]


def _record(
    plan: dict[str, Any],
    options: Options,
    variants: dict[str, Variant],
    built: dict[str, Kernel],
    unbuilt: dict[str, str],
    path: Path,
) -> dict[str, Any]:
    """conform.json, less the verdicts: what ran, on what, and what it said."""
    columns: dict[str, Any] = {}
    for name, message in unbuilt.items():
        arch, variant = name.split("/")
        failed = rule_boot.BookBoot("not built", message, "", {}, {}, "", 0.0)
        columns[name] = {
            "arch": arch,
            "kernel": variant,
            "offers": list(variants[variant].offers),
            "properties": list(variants[variant].properties),
            "boots": {"build": failed.record()},
        }
    for name, kernel in built.items():
        meta = kernel.meta()
        boots = {
            kind: rule_boot.stored(path / "raw" / _job(kernel, kind).name)
            for kind in options.boots()
        }
        columns[name] = {
            "arch": kernel.arch.name,
            "kernel": kernel.variant.name,
            "offers": list(kernel.variant.offers),
            "properties": list(kernel.variant.properties),
            "kernel_key": kernel.key,
            "build_id": meta["build_id"],
            "source": meta["source"],
            "patches": [patch["name"] for patch in meta["patches"]],
            "compiler": meta["compiler"],
            "boots": {kind: boot.record() for kind, boot in boots.items()},
        }
    return {
        "schema": SCHEMA,
        "stamp": path.name,
        **{key: plan[key] for key in ("version", "programs_sha256", "count", "cpus")},
        "qemu": {arch.name: qemu.version(arch) for arch in options.arches},
        "columns": columns,
    }


def columns_of(record: dict[str, Any]) -> list[Column]:
    return [
        Column(
            column["kernel"],
            column["arch"],
            (*column["offers"], *column.get("properties", ())),
            {
                kind: Report(boot["outcome"], boot["message"], boot["tests"])
                for kind, boot in column["boots"].items()
            },
        )
        for column in record["columns"].values()
    ]


def write(path: Path, record: dict[str, Any], rules: RuleBook) -> None:
    """conform.json with its verdicts, and what is made from it alone."""
    judged = judge(columns_of(record), rules)
    record["rules"] = judged.rules
    record["tests"] = judged.tests
    record["untested"] = rules.untested
    record["surprises"] = judged.surprises
    atomic_write(path / "conform.json", json.dumps(record, indent=1) + "\n")
    atomic_write(path / "conform.tap", ktap.render(record))
    atomic_write(path / "table.txt", ruletable.render(record))


def load(path: Path) -> dict[str, Any]:
    """conform.json of a stored run."""
    record = read_record(path / "conform.json", "conform", FROM)
    names = record["columns"].keys()
    for kind in ("rules", "tests"):
        for name, row in record[kind].items():
            if row.keys() != names:
                raise damaged(
                    path / "conform.json", f"{kind}.{name}: is not of its columns"
                )
    return record
