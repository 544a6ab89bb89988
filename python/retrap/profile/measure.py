# SPDX-License-Identifier: GPL-2.0-only
"""Boots kernels with the profiler in QEMU, and stores what it saw.

A profiled boot is a boot of exact mode like any other, with one file more: the
samples are those that it would have had without the profiler.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.campaign.directory import Campaign, identified, open_campaign, unwritable
from retrap.campaign.manifest import QEMU_EXACT, Job
from retrap.executors import qemu
from retrap.executors.guest import Qemu
from retrap.executors.lanes import boot_all, exact_at_once
from retrap.kernel import kernels
from retrap.base.arch import Arch, native
from retrap.build import own
from retrap.build.programs import MEASURING, Programs, build, build_for_guests
from retrap.base.paths import ROOT
from retrap.config import cmdlines
from retrap.config.experiments import Guest, Plugin, check_cpus
from retrap.config.registry import complaint
from retrap.config.scenario_files import Files, told
from retrap.config.variants import Variant, named
from retrap.base.errors import (
    EXIT_CONFIG,
    EXIT_GUEST,
    EXIT_KERNEL,
    EXIT_USAGE,
    RetrapError,
)
from retrap.kernel.kernels import Kernel
from retrap.config.plan import Run, Scenario, check_interfaces
from retrap.profile import stored
from retrap.results import trace
from retrap.base.progress import Progress, say

Draw = Callable[[Path], list[Path]]  # the figures of a result directory
SWITCH = {"x86_64": "__switch_to_asm", "arm64": "cpu_switch_to"}


@dataclass(frozen=True)
class Request:
    """What to profile. `interface`: of every variant; None: each its own. `ballast`:
    each variant is booted once more with so much of it, for boot_state.py, and that
    boot is not made a profile of."""

    scenarios: tuple[str, ...]
    variants: tuple[str, ...]
    arches: tuple[Arch, ...]
    placements: tuple[str, ...]
    samples: int
    cpus: int
    seed: int
    interface: str | None = None
    timeout_s: int = 600
    files: Files = ()  # of the user, that some of the scenarios are from
    ballast: tuple[int, ...] = ()

    def states(self, variant: str) -> tuple[str, ...]:
        """The variant, and what it is called with ballast."""
        words = (f"{cmdlines.BALLAST}={count}" for count in self.ballast)
        return variant, *(cmdlines.under(variant, each) for each in words)

    @property
    def booted(self) -> tuple[str, ...]:
        return tuple(each for name in self.variants for each in self.states(name))

    def of(self, variant: Variant) -> str:
        return self.interface or variant.interface

    def cells(self, variant: Variant, registry: dict[str, Scenario]) -> list[Run]:
        """Those that exist, in order."""
        interface = self.of(variant)
        return [
            Run(name, placement, interface, self.samples, None, self.seed)
            for name in self.scenarios
            for placement in self.placements
            if placement in registry[name].placements
            and interface in registry[name].interfaces
        ]


def plugin_file(arch: Arch) -> Path:
    """The plugin for this machine's QEMU, by the version of the interface that it
    takes (exact/profile/qemu_plugin.h). Errors: EXIT_GUEST."""
    said = qemu.version(arch)
    numbers = re.search(r"version (\d+)\.(\d+)", said)
    release = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if release < (4, 2) or release == (9, 0):
        raise RetrapError(
            f"{said}: does not take the profiler",
            "use a QEMU 4.2 to 8.2, or 9.1 and later",
            EXIT_GUEST,
        )
    interface = 1 if release < (9, 0) else 3
    return Programs(ROOT / "build/release").path(f"retrap-profile-{interface}.so")


def build_plugins(request: Request, progress: Progress) -> None:
    """The profilers that the QEMUs of a request load."""
    files = {plugin_file(arch) for arch in request.arches}
    build(progress, *sorted(file.stem for file in files))


def plugin(kernel: Kernel) -> Plugin:
    """The profiler, told where this kernel switches tasks."""
    name = SWITCH[kernel.arch.name]
    rows = sorted(
        (int(words[0], 16), words[2])
        for words in map(str.split, kernel.system_map.splitlines())
        if len(words) == 3
    )
    start = next((address for address, symbol in rows if symbol == name), None)
    if start is None:
        raise RetrapError(
            f"{kernel.directory}/System.map: has no {name}: it cannot be profiled",
            "build the kernel again (./retrap kernel clean VARIANT)",
            EXIT_KERNEL,
        )
    end = next(address for address, _ in rows if address > start)
    words = f"out={trace.RAW},switch={start:x},length={end - start}"
    return Plugin(plugin_file(kernel.arch), words)


def run(
    request: Request,
    variants: dict[str, Variant],
    results: Path,
    fresh: bool,
    draw: Draw | None,
) -> Path:
    """Everything; the filled result directory. `draw` makes its figures; None: it
    holds the boots alone, no profiles."""
    check_variants(request, variants)
    with Progress() as progress:
        registry, names = own.known(request.files, progress)
        request = dataclasses.replace(request, scenarios=request.scenarios or names)
        check_cells(request, variants, registry)
        build_plugins(request, progress)
        programs = {native(): _programs(request, progress, native())}
        jobs: list[Kernel] = []
        for arch in request.arches:
            if arch not in programs:
                programs[arch] = _programs(request, progress, arch)
            for name in request.booted:
                jobs.append(kernels.ensure(variants[name], variants, progress, arch))
        plan = plan_of(request, variants, jobs, programs)
        campaign = open_campaign(results, plan, fresh)
        say(f"{campaign.how} {campaign.path}")
        try:
            fill(request, registry, jobs, programs, campaign, progress, draw)
            campaign.finish()
        except OSError as error:
            raise unwritable(error, campaign.path) from None
        finally:
            campaign.close()
    return campaign.path


def _programs(request: Request, progress: Progress, arch: Arch) -> Programs:
    shipped = build_for_guests(progress, MEASURING, arch)
    return own.add(shipped, request.files, progress)


def fill(
    request: Request,
    registry: dict[str, Scenario],
    built: list[Kernel],
    programs: dict[Arch, Programs],
    campaign: Campaign,
    progress: Progress,
    draw: Draw | None,
) -> None:
    """Boots, profiles and figures of a campaign; without `draw` its boots."""
    known = {(kernel.variant.name, kernel.arch.name): kernel for kernel in built}
    payloads = {
        kernel.variant.name: tuple(
            run.line for run in request.cells(kernel.variant, registry)
        )
        for kernel in built
    }
    jobs = [job_of(kernel, request.seed) for kernel in built]
    campaign.plan(jobs, payloads)

    def setting(job: Job, kernel: Kernel) -> Guest:
        return Guest(request.cpus, request.timeout_s, plugin=plugin(kernel))

    do = Qemu(known, programs, setting, progress, "profile")
    room = exact_at_once(Guest(request.cpus, request.timeout_s).memory_mib)
    if failed := boot_all(campaign, do, (jobs, room)):
        job, error = failed[0]
        raise _told(error, known[job.variant, job.arch].arch)
    if draw is None:
        return
    path = campaign.path
    with progress.task("profiles") as task:
        profiled = [each for each in built if each.variant.name in request.variants]
        boots = [stored.Boot(path, job_of(each).name, each) for each in profiled]
        count = stored.write(boots, programs, request.cpus)
        task.update(f"{count} cells")
    with progress.task("figures") as task:
        task.update(f"{len(draw(path))} files")


def job_of(kernel: Kernel, seed: int = 0) -> Job:
    """The profiled boot of a kernel."""
    variant, arch = kernel.variant.name, kernel.arch.name
    return Job(variant, f"exact-{arch}-1", arch, QEMU_EXACT, variant, seed=seed)


def check_variants(request: Request, variants: dict[str, Variant]) -> None:
    for variant in named(request.variants, variants):
        if request.of(variant) not in variant.offers:
            raise RetrapError(
                f"--interface {request.interface}: {variant.name} does not offer it",
                f"of {', '.join(variant.offers)}, or leave it out",
                EXIT_USAGE,
            )
    check_cpus(request.cpus, request.variants, variants, request.arches)


def check_cells(
    request: Request, variants: dict[str, Variant], registry: dict[str, Scenario]
) -> None:
    for name in request.scenarios:
        if name not in registry:
            raise RetrapError(
                complaint(name, registry),
                "build/release/retrap-bench --list describes them",
                EXIT_CONFIG,
            )
    for name in request.variants:
        check_interfaces(variants[name], registry)
        if not request.cells(variants[name], registry):
            raise RetrapError(
                f"{' '.join(request.scenarios)} does not exist at "
                f"{' or '.join(request.placements)} through "
                f"{request.of(variants[name])} ({name})",
                "name another scenario, placement, variant or --interface",
                EXIT_CONFIG,
            )


def plan_of(
    request: Request,
    variants: dict[str, Variant],
    jobs: list[Kernel],
    programs: dict[Arch, Programs],
) -> dict[str, Any]:
    """As of a matrix: whatever reads its results reads these."""
    plan: dict[str, Any] = {
        "schema": "retrap.plan/1",
        "experiment": "profile",
        "baseline": request.variants[0],
        "arch": [arch.name for arch in request.arches],
        "variants": [
            {
                "name": name,
                "interfaces": [request.of(variants[name])],
                "offers": list(variants[name].offers),
                "kernel_key": {
                    job.arch.name: job.key for job in jobs if job.variant.name == name
                },
            }
            for name in dict.fromkeys(request.booted)
        ],
        "scenarios": list(request.scenarios),
        **told(request.files),
        "placements": list(request.placements),
        "seed": request.seed,
        "exact": {"samples": request.samples, "cycles": 0},
        "host": None,
        "cpus": request.cpus,
        "binary_sha256": {arch.name: programs[arch].sha256() for arch in programs},
        "profiler_sha256": {
            arch.name: hashlib.sha256(plugin_file(arch).read_bytes()).hexdigest()
            for arch in request.arches
        },
    }
    return identified(plan)


def _told(error: RetrapError, arch: Arch) -> RetrapError:
    """QEMU says in its own words that it cannot load a plugin."""
    if match := re.search(r"exit status \d+: (.*plugin.*)", error.message, re.I):
        return RetrapError(
            f"{qemu.version(arch)} does not take the profiler: {match.group(1)}",
            "use a QEMU that was built with plugins, as Debian's are",
            EXIT_GUEST,
        )
    return error
