# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try`: what a patch costs, from its file to the answer.

It writes what a user would write by hand, two TOML files, and runs the matrix of them.
So every other command takes them too.
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from retrap.base import scratch
from retrap.base.arch import ARCHES, asked
from retrap.base.cache import subdirectory
from retrap.base.errors import EXIT_OK
from retrap.base.progress import say
from retrap.base.rawfile import atomic_write, read_text
from retrap.build.packages import ensure, guests
from retrap.config import experiments, scenario_files
from retrap.config.variants import Variant, Variants, load_variants, named
from retrap.kernel import given

if TYPE_CHECKING:
    from retrap.profile.difference import Difference
    from retrap.results.store import Results

SCENARIOS = (
    "floor/syscall",
    "floor/futex",
    "trap/trigger:sigstop",
    "trap/trigger:interrupt",
    "retrap/trigger:sigcont",
    "retrap/trigger:interrupt",
    "cycle/notification",
    "uncaring/sigcont",
    "elsewhere/fork-exit-wait",
    "elsewhere/signal:sigusr1",
)
SAMPLES, CYCLES, CPUS, SEED = 500, 8, 2, 20110526
PROFILED = 2  # scenarios: a boot with the profiler takes seconds a scenario
CLASS = "cheapest"  # of samples: those without load-tracking updates


def run(args: Namespace) -> int:
    from retrap.cli import matrix
    from retrap.report import tried
    from retrap.results.store import load

    ensure("config")
    (base,) = named([args.base], load_variants(args.variants))
    with scratch.directory(subdirectory("work")) as place:
        patches = given.read(args.patches, place)
    files = given.write(patches, args.results / "given")
    for number, patch in enumerate(patches, 1):
        say(f"patch {number}: {patch.title}")
    variants_file = files[0].with_name("variants.toml")
    atomic_write(variants_file, _variants(read_text(args.variants), base, files))
    variants = load_variants(variants_file)
    path = files[0].with_name("try.toml")
    usual = [] if args.files else list(SCENARIOS)
    scenarios = args.scenarios.split(",") if args.scenarios else usual
    own = [str(file.path) for file in scenario_files.read(args.files)]
    atomic_write(path, _experiment(base, len(files), args.arch, scenarios, own))
    experiment = experiments.load_experiment(path, variants)
    booted = named(experiment.kernels, variants)
    ensure("report", "figures", "terminal", *guests(experiment.arches, booted))
    titles = [patch.title for patch in patches]

    def screen(directory: Path) -> None:
        results = load(directory)
        functions = _functions(results, variants, args.results, experiment.files)
        print(tried.render(results, titles, functions), end="")
        print(f"{matrix.short(directory)}: table.txt, report.html, lkml.eml")
        print(f"again: {matrix.short(path)}, {variants_file.name}")

    matrix.run(experiment, variants, path, args.results, args.fresh, screen=screen)
    return EXIT_OK


def _functions(
    results: Results, variants: Variants, into: Path, files: scenario_files.Files
) -> list[Difference]:
    """Of the scenarios that change most, by function: the base beside all patches."""
    from retrap.profile import difference, measure
    from retrap.report import tried

    scenarios = tried.changed_scenarios(results)[:PROFILED]
    if not scenarios:
        return []
    names = [each["name"] for each in results.plan["variants"]]
    arches = (ARCHES[results.machines[0].arch],)
    request = measure.Request(
        scenarios=tuple(scenarios),
        variants=(names[0], names[-1]),
        arches=arches,
        placements=experiments.PLACEMENTS,
        samples=SAMPLES,
        cpus=CPUS,
        seed=SEED,
        files=files,
    )
    stored = measure.stored(measure.run(request, variants, into, False, lambda _: []))
    before, after = (
        {each.cell: each for each in stored if each.facts["variant"] == name}
        for name in (names[0], names[-1])
    )
    return [
        difference.compare(before[cell], after[cell], CLASS)
        for cell in after
        if cell in before
    ]


def name_of(number: int) -> str:
    """The variant with the first `number` patches."""
    return f"patched-{number}"


def _variants(text: str, base: Variant, files: list[Path]) -> str:
    """The variants file, and a table for each patch, on top of the one before."""
    below, tables = base.name, [text]
    for number, file in enumerate(files, 1):
        tables.append(
            f"[{name_of(number)}]\n"
            f"base = {json.dumps(below)}\n"
            f"patches = [{json.dumps(str(file.resolve()))}]\n"
            f"interface = {json.dumps(list(base.interfaces))}\n"
        )
        below = name_of(number)
    return "\n".join(tables)


def _experiment(
    base: Variant, count: int, arch: str, scenarios: list[str], files: list[str]
) -> str:
    names = [base.name, *(name_of(number) for number in range(1, count + 1))]
    arches = [each.name for each in asked(arch)]
    return (
        f"variants = {json.dumps(names)}\n"
        f"baseline = {json.dumps(base.name)}\n"
        f"arch = {json.dumps(arches)}\n"
        'placements = ["same-cpu", "cross-cpu"]\n'
        f"scenarios = {json.dumps(scenarios)}\n"
        f"scenario_files = {json.dumps(files)}\n"
        f"seed = {SEED}\n\n"
        f"[exact]\nsamples = {SAMPLES}\ncycles = {CYCLES}\n"
        f"cpus = {CPUS}\ntimeout_s = 600\n"
    )
