# SPDX-License-Identifier: GPL-2.0-only
"""`retrap conform`: the rule book on every kernel and architecture.

Two boots a kernel: "smp", whose vCPUs really run side by side, for the races;
"exact", one vCPU after the other to the instruction, so that what it finds
repeats. A boot is stored as soon as it ends; an interrupted run resumes.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.campaign import boots
from retrap.executors import qemu
from retrap.kernel import kernels
from retrap.rules import rule_boot, ktap, ruletable
from retrap.base.arch import Arch
from retrap.build.programs import RULES, Programs, build_for_guests
from retrap.config.experiments import Guest, check_cpus
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Progress, say
from retrap.base.rawfile import atomic_write, read_json, read_record
from retrap.rules.rulebook import RuleBook
from retrap.campaign.stamp import finish, identified, open_stamp, unwritable
from retrap.rules.verdicts import Column, Report, judge

SCHEMA = "retrap.conform/1"
KERNELS = (
    "mainline",
    "listen-republish",
    "async-retrap",
    "please-notify",
    "combined",
)
DEADLINE_S = 1200  # of one boot; most take less than 300
SMP, EXACT = "smp", "exact"


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


@dataclass(frozen=True)
class _Job:
    """A boot to be done: the kernel, the kind, the programs that go into it."""

    kernel: Kernel
    kind: str
    programs: Programs

    @property
    def name(self) -> str:
        return f"{self.kernel.arch.name}/{self.kernel.variant.name}"

    @property
    def stem(self) -> str:
        return f"{self.name.replace('/', '-')}-{self.kind}"


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
        jobs: list[_Job] = []
        unbuilt: dict[str, str] = {}
        for arch in options.arches:
            programs = build_for_guests(progress, RULES, arch)
            for name in options.kernels:
                try:
                    kernel = kernels.ensure(variants[name], variants, progress, arch)
                except RetrapError as error:
                    unbuilt[f"{arch.name}/{name}"] = error.message
                    say(f"kernel {name} {arch.name}: failed; the others go on")
                    continue
                jobs += [_Job(kernel, kind, programs) for kind in options.boots()]
        plan = _plan(options, jobs, unbuilt)
        stamp = open_stamp(options.results, plan, fresh=False)
        say(f"{stamp.how} {stamp.path}")
        try:
            (stamp.path / "raw").mkdir(exist_ok=True)
            _boot_all(jobs, options, stamp.path, progress)
            record = _record(plan, options, variants, jobs, unbuilt, stamp.path)
            record["wall_s"] = round(time.monotonic() - start, 1)
            write(stamp.path, record, rules)
            finish(stamp)
        except OSError as error:
            raise unwritable(error, stamp.path) from None
        finally:
            stamp.close()
    return stamp.path


def _plan(
    options: Options, jobs: list[_Job], unbuilt: dict[str, str]
) -> dict[str, Any]:
    """What makes two runs the same run, so that one may go on with the other."""
    plan: dict[str, Any] = {
        "schema": "retrap.plan/1",
        "experiment": "conform",
        "kernels": {job.name: job.kernel.key for job in jobs},
        "unbuilt": unbuilt,
        "programs_sha256": {
            job.kernel.arch.name: job.programs.sha256() for job in jobs
        },
        "count": options.count,
        "cpus": options.cpus,
        "boots": {kind: words for kind, (_, words) in options.boots().items()},
    }
    return identified(plan)


def _boot_all(
    jobs: list[_Job], options: Options, path: Path, progress: Progress
) -> None:
    """Of each kind those boots first that take longest: the more patches, the more
    rules. A vCPU of a smp guest is a thread of this machine and wants a CPU of its
    own, though it does not use it all the time; an exact guest takes what is left."""
    cores = len(os.sched_getaffinity(0))
    kinds = options.boots()
    longest_first = sorted(jobs, key=lambda job: -len(job.kernel.variant.patches))

    def one(job: _Job) -> None:
        file = path / "raw" / f"{job.stem}.json"
        if file.exists():
            say(f"{job.stem}: already there")
            return
        how, arguments = kinds[job.kind]
        with progress.task(f"conform {job.name} {job.kind}") as task:
            done = rule_boot.boot(
                job.kernel, job.programs, arguments, how, file.with_suffix(".log"), task
            )
        atomic_write(file, json.dumps(done.record(), indent=1) + "\n")

    with contextlib.ExitStack() as stack:
        waiting = []
        for kind, (guest, _) in kinds.items():
            threads = max(1, cores // (options.cpus if kind == SMP else 1))
            room = boots.at_once(len(kinds) * guest.memory_mib)
            pool = stack.enter_context(ThreadPoolExecutor(min(threads, room)))
            waiting += [
                pool.submit(one, job) for job in longest_first if job.kind == kind
            ]
        try:
            for boot in waiting:
                boot.result()
        finally:
            for boot in waiting:
                boot.cancel()


def _record(
    plan: dict[str, Any],
    options: Options,
    variants: dict[str, Variant],
    jobs: list[_Job],
    unbuilt: dict[str, str],
    path: Path,
) -> dict[str, Any]:
    """conform.json, less the verdicts: what ran, on what, and what it said."""
    columns: dict[str, Any] = {}
    for name, message in unbuilt.items():
        arch, kernel = name.split("/")
        failed = rule_boot.BookBoot("not built", message, "", {}, {}, "", 0.0)
        columns[name] = {
            "arch": arch,
            "kernel": kernel,
            "offers": list(variants[kernel].offers),
            "properties": list(variants[kernel].properties),
            "boots": {"build": failed.record()},
        }
    for job in jobs:
        meta = job.kernel.meta()
        column = columns.setdefault(
            job.name,
            {
                "arch": job.kernel.arch.name,
                "kernel": job.kernel.variant.name,
                "offers": list(job.kernel.variant.offers),
                "properties": list(job.kernel.variant.properties),
                "kernel_key": job.kernel.key,
                "build_id": meta["build_id"],
                "source": meta["source"],
                "patches": [patch["name"] for patch in meta["patches"]],
                "compiler": meta["compiler"],
                "boots": {},
            },
        )
        column["boots"][job.kind] = read_json(path / "raw" / f"{job.stem}.json")
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
    return read_record(path / "conform.json", SCHEMA, "retrap conform")
