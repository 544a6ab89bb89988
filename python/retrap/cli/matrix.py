# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix`: build, kernels, guests, host, report; each step resumable."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrap.campaign import boots
from retrap.executors import host, running
from retrap.kernel import kernels
from retrap.base.arch import Arch, native
from retrap.build.programs import BENCH, MEASURING, Programs, build, build_for_guests
from retrap.base.paths import ROOT
from retrap.config.experiments import Experiment, scenario_error
from retrap.config.variants import Variant
from retrap.kernel.kernels import Kernel
from retrap.base.errors import EXIT_CONFIG, EXIT_UNSUPPORTED, RetrapError
from retrap.config.plan import Run, Scenario, expand, nothing_to_run
from retrap.base.progress import Progress, say
from retrap.base.rawfile import atomic_write
from retrap.campaign.stamp import Stamp, finish, identified, open_stamp, unwritable
from retrap.base.tomlfile import read_toml

if TYPE_CHECKING:
    from retrap.profile.measure import Request

RESULTS = ROOT / "results"
PROFILED_SAMPLES = 200
Job = tuple[str, Arch]  # a variant on an architecture


def run(
    experiment: Experiment,
    variants: dict[str, Variant],
    path: Path,
    results: Path,
    fresh: bool,
    profile: bool = False,
    full: bool = False,
) -> Path:
    """Everything; the filled result directory. The first guest error is
    raised at the end, when all else that could be measured is reported."""
    errors: list[RetrapError] = []
    with Progress() as progress:
        registry = build(progress, BENCH).registry()
        check_scenarios(experiment, variants, registry, path)
        if profile and not _profiled(experiment):
            raise RetrapError(
                f"{path}: --profile: none of its scenarios is a notification",
                "add retrap/trigger:sigcont, or use ./retrap profile SCENARIO",
                EXIT_CONFIG,
            )
        if profile:
            from retrap.profile import measure

            try:
                measure.build_plugins(_request(experiment), progress)
            except RetrapError as error:
                errors.append(error)
                profile = False  # it is the profile alone that cannot be
        programs = {native(): _build_native(experiment, progress)}
        errors += _build_foreign(experiment, programs, progress)
        built: dict[Job, Kernel] = {}
        for arch in experiment.arches:
            for name in experiment.variants if arch in programs else ():
                try:
                    kernel = kernels.ensure(variants[name], variants, progress, arch)
                    built[name, arch] = kernel
                except RetrapError as error:
                    errors.append(error)
                    say(f"kernel {name} {arch.name}: failed; the others go on")
        plan = _plan(experiment, variants, built, programs)
        stamp = open_stamp(results, plan, fresh, grows=not experiment.variants)
        say(f"{stamp.how} {_short(stamp.path)}")
        try:
            errors += _boot_all(experiment, built, programs, registry, stamp, progress)
            if experiment.host:
                try:
                    _host(
                        experiment,
                        variants,
                        programs[native()],
                        registry,
                        stamp,
                        progress,
                    )
                except RetrapError as error:
                    errors.append(error)
            if errors and not list(stamp.path.glob("raw/*/*/boot.json")):
                raise errors[0]  # nothing to report
            if profile:
                try:
                    _profile(experiment, variants, built, programs, stamp, progress)
                except RetrapError as error:
                    errors.append(error)
                    profile = False  # the mail goes without
            report(stamp.path, progress, profile)
            if not errors:
                finish(stamp)
        except OSError as error:
            raise unwritable(error, stamp.path) from None
        finally:
            stamp.close()
    show(stamp.path, full)
    if errors:
        for other in errors[1:]:
            say(f"also: {other.message.splitlines()[0]}")
        raise errors[0]
    return stamp.path


def _profiled(experiment: Experiment) -> tuple[str, ...]:
    """The notification scenarios."""
    return tuple(name for name in experiment.scenarios if name.startswith("retrap/"))


def _request(experiment: Experiment) -> Request:
    from retrap.profile import measure

    return measure.Request(
        _profiled(experiment),
        experiment.variants,
        experiment.arches,
        experiment.placements,
        PROFILED_SAMPLES,
        experiment.guest.cpus,
        experiment.seed,
        experiment.interface,
        experiment.guest.timeout_s,
    )


def _profile(
    experiment: Experiment,
    variants: dict[str, Variant],
    built: dict[Job, Kernel],
    programs: dict[Arch, Programs],
    stamp: Stamp,
    progress: Progress,
) -> None:
    """The notification scenarios again, in boots with the profiler."""
    from plots import profiles
    from retrap.profile import measure

    request = _request(experiment)
    registry = programs[native()].registry()
    jobs = [
        kernel for kernel in built.values() if request.cells(kernel.variant, registry)
    ]
    path = stamp.path / measure.NESTED
    plan = measure.plan_of(request, variants, jobs, programs)
    if not (path / "plan.json").exists():
        atomic_write(path / "plan.json", json.dumps(plan, indent=1) + "\n")
    measure.fill(
        request, registry, jobs, programs, path, progress, profiles.draw_profiles
    )


def _build_native(experiment: Experiment, progress: Progress) -> Programs:
    """Guests of whichever architecture need what QEMU loads."""
    if experiment.variants:
        return build_for_guests(progress, MEASURING, native())
    return build(progress, *MEASURING)


def _build_foreign(
    experiment: Experiment, programs: dict[Arch, Programs], progress: Progress
) -> list[RetrapError]:
    """Programs for the guests of other architectures; one without has no guest."""
    errors = []
    for arch in experiment.arches if experiment.variants else ():
        try:
            if arch not in programs:
                programs[arch] = build_for_guests(progress, MEASURING, arch)
        except RetrapError as error:
            errors.append(error)
            say(f"build {arch.name}: failed; the others go on")
    return errors


def check_scenarios(
    experiment: Experiment,
    variants: dict[str, Variant],
    registry: dict[str, Scenario],
    path: Path,
) -> None:
    for name in experiment.scenarios:
        if name not in registry:
            raise scenario_error(path, name, list(registry))
    if found := nothing_to_run(experiment, registry, variants):
        raise read_toml(path, "experiment").fail(*found)


def report(directory: Path, progress: Progress, profile: bool = False) -> None:
    """Step 5, from stored files alone."""
    import plots
    from retrap.analysis import compare, summarize
    from retrap.report import lkml, table

    with progress.task("report") as task:
        task.update("summarizes")
        summarize.summarize(directory)
        compare.compare(directory)
        table.write(directory)
        task.update("draws")
        figures = plots.draw_all(directory)
        lkml.write(directory, profile)
        task.update(f"{len(figures)} figures")


def show(directory: Path, full: bool = False) -> None:
    """The answer on one screen, or every table; then where all is (stdout)."""
    from retrap.report import brief, table
    from retrap.results import store

    results = store.load(directory)
    text = table.tables(results) + "\n" if full else brief.render(results)
    print(text + brief.paths(directory, _short(directory)))


def _short(path: Path) -> str:
    """Relative to here when below here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _plan(
    experiment: Experiment,
    variants: dict[str, Variant],
    built: dict[Job, Kernel],
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
                "interfaces": [chosen] if chosen else list(variants[name].interfaces),
                "offers": list(variants[name].offers),
                "properties": list(variants[name].properties),
                "kernel_key": {
                    arch.name: built[name, arch].key if (name, arch) in built else None
                    for arch in arches
                },
            }
            for name in experiment.variants
        ],
        "scenarios": list(experiment.scenarios),
        "placements": list(experiment.placements),
        "seed": experiment.seed,
        "exact": experiment.exact and dataclasses.asdict(experiment.exact),
        "host": experiment.host and dataclasses.asdict(experiment.host),
        "binary_sha256": {arch.name: programs[arch].sha256() for arch in programs},
    }
    return identified(plan)


def _boot_all(
    experiment: Experiment,
    built: dict[Job, Kernel],
    programs: dict[Arch, Programs],
    registry: dict[str, Scenario],
    stamp: Stamp,
    progress: Progress,
) -> list[RetrapError]:
    """Step 3."""

    def cells(kernel: Kernel) -> list[Run]:
        assert experiment.exact
        interfaces = kernel.variant.interfaces
        return expand(experiment, registry, interfaces, experiment.exact)

    failed = boots.boot_all(
        "guest",
        built.values(),
        programs,
        cells,
        lambda kernel: experiment.guest,
        stamp.path,
        progress,
    )
    return [error for _, error in failed]


def _host(
    experiment: Experiment,
    variants: dict[str, Variant],
    programs: Programs,
    registry: dict[str, Scenario],
    stamp: Stamp,
    progress: Progress,
) -> None:
    """Step 4."""
    assert experiment.host
    raw = stamp.path / "raw"
    kernel = running.named_apart(running.running(programs, variants), raw)
    if experiment.interface not in (None, *kernel.offers):
        raise RetrapError(
            f"the running kernel does not offer {experiment.interface}, which the "
            "experiment asks for",
            f"it offers {', '.join(kernel.offers)}; boot one that does",
            EXIT_UNSUPPORTED,
        )
    cells = expand(experiment, registry, kernel.interfaces, experiment.host)
    directory = raw / kernel.name / host.boot_name()
    if (directory / "boot.json").exists():
        say("host: this boot is already there; a reboot makes another")
        return
    with progress.task("host") as task:
        host.measure(programs, runnable_here(cells), kernel, directory, task)


def runnable_here(cells: list[Run]) -> list[Run]:
    """Without the cells that need a second CPU, where there is one."""
    if len(os.sched_getaffinity(0)) > 1:
        return cells
    say("host: one CPU: cross-cpu cells are left out")
    return [cell for cell in cells if cell.placement != "cross-cpu"]


def host_alone(experiment: Experiment) -> Experiment:
    """`retrap run`: the experiment without its guests, under its own name."""
    return dataclasses.replace(
        experiment,
        name=f"{experiment.name}-host",
        variants=(),
        exact=None,
        host=experiment.host or experiment.exact,
    )
