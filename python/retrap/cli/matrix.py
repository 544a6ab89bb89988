# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix` and `retrap run`: programs, kernels, boots, report."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from retrap.campaign.directory import Campaign, nested, open_campaign
from retrap.campaign.directory import unwritable
from retrap.cli import scenarios
from retrap.cli.matrix_jobs import Jobs
from retrap.cli.matrix_plan import Built, plan_of
from retrap.executors import host, precision, running
from retrap.executors.guest import Qemu
from retrap.executors.lanes import boot_all
from retrap.kernel import kernels
from retrap.base.arch import Arch, native
from retrap.build import own
from retrap.build.programs import MEASURING, Programs, build, build_for_guests
from retrap.base.paths import ROOT
from retrap.config.experiments import Experiment
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, EXIT_UNSUPPORTED, EXIT_USAGE, RetrapError
from retrap.base.progress import Progress, say
from retrap.results.sealed import verify_campaign

if TYPE_CHECKING:
    from retrap.profile.measure import Request

RESULTS = ROOT / "results"
PROFILED_SAMPLES = 200


def run(
    experiment: Experiment,
    variants: dict[str, Variant],
    path: Path,
    results: Path,
    fresh: bool,
    profile: bool = False,
    full: bool = False,
    screen: Callable[[Path], None] | None = None,
) -> Path:
    """Everything; the filled result directory. The first guest error is
    raised at the end, when all else that could be measured is reported. `screen`
    prints the answer; without it `show` does."""
    errors: list[RetrapError] = []
    with Progress() as progress:
        experiment, registry = scenarios.known(experiment, variants, path, progress)
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
        built: Built = {}
        for arch in experiment.arches:
            for name in experiment.kernels if arch in programs else ():
                try:
                    kernel = kernels.ensure(variants[name], variants, progress, arch)
                    built[name, arch] = kernel
                except RetrapError as error:
                    errors.append(error)
                    say(f"kernel {name} {arch.name}: failed; the others go on")
        plan = plan_of(experiment, variants, built, programs)
        grows = not experiment.variants
        campaign = open_campaign(results, plan, fresh, grows)
        path = campaign.path
        say(f"{campaign.how} {short(path)}")
        try:
            if campaign.how == "adds to":
                verify_campaign(path)  # nothing is added to what was changed
            jobs = Jobs(experiment, built.values(), registry)
            failed = _guests(jobs, built, programs, campaign, progress)
            # A kernel that has none of the cells is no error where others have some.
            void = [e for e in failed if e.exit_code == EXIT_UNSUPPORTED]
            errors += [e for e in failed if e not in void]
            if experiment.host:
                try:
                    errors += _host(
                        jobs, experiment, variants, programs, campaign, progress
                    )
                except RetrapError as error:
                    errors.append(error)
            if (errors or void) and not list(path.glob("raw/*/*/boot.json")):
                raise (errors or void)[0]  # nothing to report
            if profile:
                try:
                    _profile(experiment, variants, built, programs, path, progress)
                except RetrapError as error:
                    errors.append(error)
                    profile = False  # the mail goes without
            report(path, progress, profile)
            if not errors:
                campaign.finish()
        except OSError as error:
            raise unwritable(error, path) from None
        finally:
            campaign.close()
    if screen:
        screen(path)
    else:
        show(path, full)
    if errors:
        for other in errors[1:]:
            say(f"also: {other.message.splitlines()[0]}")
        raise errors[0]
    return path


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
        experiment.files,
    )


def _profile(
    experiment: Experiment,
    variants: dict[str, Variant],
    built: Built,
    programs: dict[Arch, Programs],
    path: Path,
    progress: Progress,
) -> None:
    """The notification scenarios again, in boots with the profiler."""
    from plots import profiles
    from retrap.profile import measure, stored

    request = _request(experiment)
    registry = programs[native()].registry()
    chosen = [
        kernel
        for kernel in built.values()
        if kernel.variant.name in request.variants
        and request.cells(kernel.variant, registry)
    ]
    plan = measure.plan_of(request, variants, chosen, programs)
    campaign = nested(path / stored.NESTED, plan)
    try:
        draw = profiles.draw_profiles
        measure.fill(request, registry, chosen, programs, campaign, progress, draw)
        campaign.finish()
    finally:
        campaign.close()


def _build_native(experiment: Experiment, progress: Progress) -> Programs:
    """Guests of whichever architecture need what QEMU loads."""
    if experiment.variants:
        programs = build_for_guests(progress, MEASURING, native())
    else:
        programs = build(progress, *MEASURING)
    return own.add(programs, experiment.files, progress)


def _build_foreign(
    experiment: Experiment, programs: dict[Arch, Programs], progress: Progress
) -> list[RetrapError]:
    """Programs for the guests of other architectures; one without has no guest."""
    errors = []
    for arch in experiment.arches if experiment.variants else ():
        try:
            if arch not in programs:
                shipped = build_for_guests(progress, MEASURING, arch)
                programs[arch] = own.add(shipped, experiment.files, progress)
        except RetrapError as error:
            errors.append(error)
            say(f"build {arch.name}: failed; the others go on")
    return errors


def report(directory: Path, progress: Progress, profile: bool = False) -> None:
    """Step 5, from stored files alone."""
    import plots
    from retrap.analysis import summarize, written
    from retrap.report import lkml, table
    from retrap.report.html import page
    from retrap.results import store

    with progress.task("report") as task:
        task.update("summarizes")
        results = store.load(directory)
        summarize.summarize(results)
        written.write(results)
        table.write(results)
        task.update("draws")
        figures = plots.draw_all(directory)
        lkml.write(directory, profile)
        page.write(directory)
        task.update(f"{len(figures)} figures")


def show(directory: Path, full: bool = False) -> None:
    """The answer on one screen, or every table; then where all is (stdout)."""
    from retrap.report import brief, table
    from retrap.results import store

    results = store.load(directory)
    text = table.tables(results) + "\n" if full else brief.render(results)
    print(text + brief.paths(directory, short(directory)))


def short(path: Path) -> str:
    """Relative to here when below here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _guests(
    jobs: Jobs,
    built: Built,
    programs: dict[Arch, Programs],
    campaign: Campaign,
    progress: Progress,
) -> list[RetrapError]:
    """What became of those that failed."""
    kernels_by_name = {(name, arch.name): k for (name, arch), k in built.items()}
    do = Qemu(kernels_by_name, programs, jobs.guest, progress)
    failed = []
    lanes = jobs.lanes()
    for boots, _ in lanes:
        campaign.plan(boots, jobs.payloads)
    for lane in lanes:  # what is timed has the machine to itself
        failed += boot_all(campaign, do, lane)
    return [error for _, error in failed]


def _host(
    jobs: Jobs,
    experiment: Experiment,
    variants: dict[str, Variant],
    programs: dict[Arch, Programs],
    campaign: Campaign,
    progress: Progress,
) -> list[RetrapError]:
    """The boot that this machine is in."""
    bench, raw = programs[native()], campaign.path / "raw"
    kernel = running.named_apart(running.running(bench, variants), raw)
    if experiment.interface not in (None, *kernel.offers):
        raise RetrapError(
            f"the running kernel does not offer {experiment.interface}, which the "
            "experiment asks for",
            f"it offers {', '.join(kernel.offers)}; boot one that does",
            EXIT_UNSUPPORTED,
        )
    rounds = list(jobs.local(kernel.name, host.boot_name(), kernel.interfaces))
    if all(campaign.knows(job) and campaign.is_done(job) for job in rounds):
        say("host: this boot is already there; a reboot makes another")
        return []
    campaign.plan(rounds, jobs.payloads)
    do = host.Local(kernel, bench, progress, experiment.rounds)
    enough = functools.partial(precision.enough, raw)
    return [error for _, error in campaign.run(do, (rounds, 1), enough=enough)]


def guests_alone(experiment: Experiment, path: Path) -> Experiment:
    """`--guests`: the experiment without this machine. Errors: EXIT_USAGE, where
    nothing is left."""
    if not experiment.exact and not experiment.vm:
        raise RetrapError(
            f"{path}: --guests: it boots no guest", "./retrap run", EXIT_USAGE
        )
    return dataclasses.replace(experiment, host=None)


def host_alone(experiment: Experiment) -> Experiment:
    """`retrap run`: the experiment without its guests, under its own name."""
    return dataclasses.replace(
        experiment,
        name=f"{experiment.name}-host",
        variants=(),
        exact=None,
        vm=None,
        host=experiment.host
        or experiment.exact
        or (experiment.vm and experiment.vm.sampling),
    )
