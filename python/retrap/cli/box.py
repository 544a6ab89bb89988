# SPDX-License-Identifier: GPL-2.0-only
"""`retrap bench --static` and `retrap run --from`: machines without Python."""

from __future__ import annotations

from itertools import chain, combinations
from pathlib import Path

from retrap.base import scratch
from retrap.base.arch import Arch
from retrap.base.process import capture
from retrap.base.progress import Progress, say
from retrap.build import static
from retrap.build.programs import MEASURING, Programs
from retrap.campaign.directory import open_campaign
from retrap.campaign.manifest import LOCAL, Job
from retrap.cli import matrix, scenarios
from retrap.cli.matrix_plan import plan_of
from retrap.config.experiments import Experiment
from retrap.config.plan import expand, interfaces_of
from retrap.config.variants import HOST, Variant
from retrap.executors import box, running
from retrap.machine import environment
from retrap.results.sealed import verify_campaign


def make(
    experiment: Experiment,
    variants: dict[str, Variant],
    path: Path,
    arch: Arch,
    archive: Path,
) -> Path:
    """The archive, with static programs and the plan of the experiment for every
    interface that a kernel may offer."""
    with Progress() as progress:
        programs = static.programs(progress, arch)
        here = programs if arch.native else None  # they know the names, too
        experiment, registry = scenarios.known(
            experiment, variants, path, progress, here
        )
        assert experiment.host
        designs = interfaces_of(registry)[1:]  # every kernel offers the first, listen
        sets = chain.from_iterable(
            combinations(designs, n) for n in range(len(designs) + 1)
        )
        plans = {}
        for chosen in (names or ("listen",) for names in sets):
            runs = expand(experiment, registry, chosen, experiment.host)
            plans["+".join(chosen)] = [run.line for run in runs]
        with scratch.directory() as place:
            box.make(place / box.BOX, programs, plans)
            _strip(place / box.BOX, arch)
            archive.parent.mkdir(parents=True, exist_ok=True)
            box.pack(place / box.BOX, archive)
    return archive


def _strip(folder: Path, arch: Arch) -> None:
    """Of debug information; the build id stays."""
    tool = f"{arch.cross}strip"
    for name in MEASURING:
        if capture([tool, "--strip-debug", str(folder / name)]) is None:
            say(f"{name}: {tool} failed: the archive is larger")


def take(
    experiment: Experiment,
    variants: dict[str, Variant],
    folder: Path,
    results: Path,
    fresh: bool,
    full: bool,
) -> Path:
    """Adds the boots that a box left to the experiment's result directory."""
    sources = box.boots(folder)
    arch = box.arch_of(folder)
    programs = Programs(folder, arch, MEASURING)
    with Progress() as progress:
        plan = plan_of(experiment, variants, {}, {arch: programs})
        campaign = open_campaign(results, plan, fresh, grows=True)
        try:
            if campaign.how == "adds to":
                verify_campaign(campaign.path)
            jobs, by_name, payloads = [], {}, {}
            for source in sources:
                lines = box.lines_of(folder, source)
                words = (source / "plan").read_text().strip().removeprefix("plans/")
                name = f"box through {words}"
                variant = _variant(source, variants, campaign.path / "raw")
                job = Job(variant, source.name, arch.name, LOCAL, name)
                jobs.append(job)
                by_name[job.name], payloads[name] = source, lines
            campaign.plan(jobs, payloads)
            failed = campaign.run(box.Box(by_name), (jobs, 1))
            if failed and not list(campaign.path.glob("raw/*/*/boot.json")):
                raise failed[0][1]
            matrix.report(campaign.path, progress)
            if not failed:
                campaign.finish()
        finally:
            campaign.close()
    matrix.show(campaign.path, full)
    if failed:
        raise failed[0][1]
    return campaign.path


def _variant(source: Path, variants: dict[str, Variant], raw: Path) -> str:
    """As of a boot of this machine: a variant that is built here, else `host`."""
    facts = environment.read(source / "env-before")
    build_id = box.build_id(source)
    if found := running.known(build_id, facts["kernel_release"] or "", variants):
        return found.name
    kernel = running.Running(HOST, (), build_id, ())
    return running.named_apart(kernel, raw).name


def default_archive(arch: Arch) -> Path:
    return Path(f"{box.BOX}-{arch.name}.tar.gz")
