# SPDX-License-Identifier: GPL-2.0-only
"""`retrap mutate`: does the rule book notice when a kernel patch is broken?

Each mutant is built, booted with the tests of the rules that it was made to
break, and dropped from the cache: it takes seconds to build again. One that
they do not kill is booted once more, with the whole book. First the unbroken
kernel has to pass the book, or a failing test would say nothing about the
mutation.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrap.base import scratch
from retrap.campaign.directory import Campaign, identified, open_campaign, unwritable
from retrap.campaign.manifest import QEMU, QEMU_EXACT, Job
from retrap.base.process import check_interrupted
from retrap.executors import qemu
from retrap.kernel import kernels, patched_files
from retrap.rules import mutations, rule_boot, rulebook
from retrap.rules.mutant import Mutant, NotBuilt, Target
from retrap.base.arch import Arch
from retrap.build.programs import RULES, Programs, build_for_guests
from retrap.base.cache import subdirectory
from retrap.config.experiments import Guest
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, EXIT_FAILURE, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.rules.mutanttable import (
    BY_HANG,
    BY_SPLAT,
    ELSEWHERE,
    KILLED,
    NOT_BUILT,
    SURVIVED,
    TESTS,
    render,
)
from retrap.rules.mutations import Mutation
from retrap.base.progress import Progress, say
from retrap.base.rawfile import atomic_write, read_json
from retrap.rules.verdicts import rule_of

SCHEMA = "retrap.mutate/1"
GUEST = Guest(cpus=2, timeout_s=400, exact=False)
ARGUMENTS = "--count 100 --deadline 120"
SWEEPER = Guest(cpus=2, timeout_s=400)
SWEEPS = "--count 20 --deadline 120 --sweep 10000"
# Of the plan, what mutate.json has too.
CONDITIONS = "version arch programs_sha256 qemu arguments sweeps cpus kernels".split()


@dataclass(frozen=True)
class Try:
    """A boot, and what retrap-conform is told in it."""

    guest: Guest
    arguments: str

    @property
    def executor(self) -> str:
        return QEMU_EXACT if self.guest.exact else QEMU


def _of_rules(rules: Iterable[str], kind: str = "") -> str:
    return "--gtest_filter=" + ":".join(f"*{rule}_{kind}*" for rule in sorted(rules))


def _swept(mutations: Iterable[Mutation]) -> Try:
    rules = {rule for each in mutations for rule in each.rules}
    return Try(SWEEPER, f"{SWEEPS} {_of_rules(rules, 'Sweep')}")


def tries(mutation: Mutation) -> list[Try]:
    """What a mutant is put through, until one kills it."""
    if mutation.swept:
        return [_swept([mutation])]
    own_rules = f"{ARGUMENTS} {_of_rules(mutation.rules)}"
    return [Try(GUEST, own_rules), Try(GUEST, ARGUMENTS)]


def _unbroken(chosen: list[Mutation]) -> dict[str, Try]:
    """What the unbroken kernel has to pass for them, by the name of its boot."""
    swept = [mutation for mutation in chosen if mutation.swept]
    boots = {"unbroken": Try(GUEST, ARGUMENTS)} if len(swept) < len(chosen) else {}
    return {**boots, "unbroken-swept": _swept(swept)} if swept else boots


def verdict(mutation: Mutation, found: rule_boot.BookBoot) -> tuple[str, list[str]]:
    """How the mutant ended, and the tests that failed, placements dropped.

    One of each rule that is named has to fail: another one that fails, or one
    that does not, was not thought through. That is ELSEWHERE, and the list of
    rules wants correcting, or the tests.
    """
    killers = sorted({test.split("/")[0] for test in found.failures})
    if found.outcome in (rule_boot.HANG, rule_boot.SPLATTED):
        return (BY_HANG if found.outcome == rule_boot.HANG else BY_SPLAT), killers
    if found.outcome != rule_boot.OK:
        return found.outcome, killers
    if not killers:
        return SURVIVED, []
    hit = set(mutation.rules) <= {rule_of(test) for test in killers}
    return (TESTS if hit else ELSEWHERE), killers


def run(
    chosen: list[Mutation], variants: dict[str, Variant], arch: Arch, results: Path
) -> Path:
    """Builds and boots each; the directory with mutate.json and table.txt."""
    start = time.monotonic()
    for mutation in chosen:
        kernel_name(mutation, variants)  # before anything is built
    with (
        Progress() as progress,
        scratch.directory(subdirectory("work")) as place,
    ):
        programs = build_for_guests(progress, RULES, arch)
        targets = _targets(chosen, variants, arch, place, progress)
        plan = _plan(chosen, targets, arch, programs)
        campaign = open_campaign(results, plan, fresh=False)
        path = campaign.path
        say(f"{campaign.how} {path}")
        here = Boots(campaign, targets, {arch: programs}, variants, progress)
        try:
            here.check_unbroken(chosen)
            # One builds while another boots.
            with ThreadPoolExecutor(max_workers=2) as pool:
                rows = list(pool.map(here.row, chosen))
            record = {
                "schema": SCHEMA,
                "stamp": path.name,
                **{key: plan[key] for key in CONDITIONS},
                "mutants": rows,
                "wall_s": round(time.monotonic() - start, 1),
            }
            atomic_write(path / "table.txt", render(record, rulebook.load().rules))
            atomic_write(path / "mutate.json", json.dumps(record, indent=1) + "\n")
            campaign.finish()
        except OSError as error:
            raise unwritable(error, path) from None
        finally:
            campaign.close()
    return path


def _plan(
    chosen: list[Mutation], targets: dict[str, Target], arch: Arch, programs: Programs
) -> dict[str, Any]:
    """What makes two runs the same run, so that one may go on with the other."""
    plan = {
        "schema": "retrap.plan/1",
        "experiment": "mutate",
        "arch": arch.name,
        "programs_sha256": programs.sha256(),
        "qemu": qemu.version(arch),
        "arguments": ARGUMENTS,
        "sweeps": SWEEPS,
        "cpus": GUEST.cpus,
        "timeout_s": GUEST.timeout_s,
        "kernels": {t.variant.name: t.kernel.key for t in targets.values()},
        "mutations": [asdict(mutation) for mutation in chosen],
    }
    return identified(plan)


def kernel_name(mutation: Mutation, variants: dict[str, Variant]) -> str:
    """combined is each design, but none with a config of its own."""
    own = variants.get(mutation.design)
    alone = "combined" not in variants or (own and own.fragments)
    name = mutation.design if alone else "combined"
    if name not in variants:
        raise RetrapError(
            f"mutation {mutation.name}: no variant combined, and no {name}",
            "name mutations of a design that is there: retrap mutate --list",
            EXIT_CONFIG,
        )
    return name


def _targets(
    chosen: list[Mutation],
    variants: dict[str, Variant],
    arch: Arch,
    trees: Path,
    progress: Progress,
) -> dict[str, Target]:
    """By design: `combined`, where that exists, else the design's own kernel.
    Every mutation is tried on the source before anything is built."""
    targets: dict[str, Target] = {}
    by_name: dict[str, Target] = {}
    for mutation in chosen:
        name = kernel_name(mutation, variants)
        if name not in by_name:
            tree = trees / name
            kernel = kernels.ensure(
                variants[name], variants, progress, arch, keep_tree=True
            )
            tree.mkdir()
            files = {each.file for each in chosen}
            patched_files.lay_source(variants[name], variants, arch, files, tree)
            by_name[name] = Target(variants[name], tree, kernel)
        targets[mutation.design] = by_name[name]
        mutations.patch_of(mutation, by_name[name].source)
    return targets


@dataclass(frozen=True)
class Boots:
    """The boots of a run. A mutant's are planned one by one, as each says whether
    there is to be another."""

    campaign: Campaign
    targets: dict[str, Target]
    programs: dict[Arch, Programs]
    variants: dict[str, Variant]
    progress: Progress

    def check_unbroken(self, chosen: list[Mutation]) -> None:
        """Errors: EXIT_FAILURE."""
        known = {t.variant.name: t.kernel for t in self.targets.values()}
        mine: dict[str, list[Mutation]] = {name: [] for name in known}
        for mutation in chosen:
            mine[self.targets[mutation.design].variant.name].append(mutation)
        boots = [
            (name, *boot) for name in known for boot in _unbroken(mine[name]).items()
        ]
        for name, kind, how in boots:
            kernel = known[name]
            job = Job(name, kind, kernel.arch.name, how.executor, f"{name} {kind}")
            found = self._boot(job, how, lambda: kernel, _passed)
            if not _passed(found):
                failed = ", ".join(found.failures) or found.message
                raise RetrapError(
                    f"{name} itself fails: {failed}",
                    f"see {self.campaign.directory(job)}; mutants tell nothing "
                    "until it passes",
                    EXIT_FAILURE,
                )

    def row(self, mutation: Mutation) -> dict[str, Any]:
        """A mutant's. One that does not build is a verdict as well."""
        target = self.targets[mutation.design]
        row: dict[str, Any] = {
            "name": mutation.name,
            "design": mutation.design,
            "breaks": mutation.breaks,
            "rules": list(mutation.rules),
            "file": mutation.file,
            "kernel": target.variant.name,
        }
        mutant = Mutant(mutation, target, self.variants, self.progress)
        arch = target.kernel.arch.name
        try:
            for number, how in enumerate(tries(mutation), 1):
                name = f"try-{number}"
                payload = f"{mutation.name} {name}"
                job = Job(mutation.name, name, arch, how.executor, payload)
                found = self._boot(job, how, mutant.kernel, _reported)
                ending, killers = verdict(mutation, found)
                if ending in KILLED:
                    break
        except NotBuilt as error:
            return {
                **row,
                "verdict": NOT_BUILT,
                "killers": [],
                "message": error.message,
            }
        finally:
            mutant.drop()
        record = read_json(self.campaign.directory(job) / "boot.json")
        return {
            **row,
            "verdict": ending,
            "killers": killers,
            "message": found.message,
            "arguments": how.arguments,
            "kernel_key": record["kernel_key"],
            "boot_s": found.wall_s,
        }

    def _boot(
        self,
        job: Job,
        how: Try,
        kernel: Callable[[], Kernel],
        kept: Callable[[rule_boot.BookBoot], bool],
    ) -> rule_boot.BookBoot:
        """One of an earlier run that is not `kept` is done again."""
        self.campaign.plan([job], {job.payload: (how.arguments,)})
        directory = self.campaign.directory(job)
        if self.campaign.is_done(job) and not kept(rule_boot.stored(directory)):
            shutil.rmtree(directory)
        if self.campaign.is_done(job):
            say(f"{job.name}: already there")
        else:
            booted = kernel()
            do = rule_boot.RuleBook(
                lambda job: booted,
                self.programs,
                lambda job: how.guest,
                self.progress,
                "mutant",
            )
            if failed := self.campaign.run(do, ([job], 1)):
                raise failed[0][1]
            check_interrupted()
        return rule_boot.stored(directory)


def _passed(found: rule_boot.BookBoot) -> bool:
    return found.outcome == rule_boot.OK and not found.failures


def _reported(found: rule_boot.BookBoot) -> bool:
    """A boot that did not says nothing of the mutant."""
    return found.outcome != rule_boot.NO_REPORT
