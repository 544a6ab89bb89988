# SPDX-License-Identifier: GPL-2.0-only
"""`retrap matrix`: build, kernels, guests, host, report; each step resumable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from retrap import guest, host, kernels
from retrap.arch import native
from retrap.build import Programs, build
from retrap.config import ROOT, Experiment, Variant, scenario_error
from retrap.kernels import Kernel
from retrap.errors import RetrapError
from retrap.plan import Cell, Scenario, expand
from retrap.process import Interrupted
from retrap.progress import Progress, say
from retrap.stamp import Stamp, finish, open_stamp, unwritable

RESULTS = ROOT / "results"


def run(
    experiment: Experiment,
    variants: dict[str, Variant],
    path: Path,
    results: Path,
    fresh: bool,
) -> Path:
    """Everything; the filled result directory. The first guest error is
    raised at the end, when all else that could be measured is reported."""
    errors: list[RetrapError] = []
    with Progress() as progress:
        programs = build(progress)
        registry = programs.registry()
        check_scenarios(experiment, registry, path)
        built: dict[str, Kernel] = {}
        for name in experiment.variants:
            try:
                built[name] = kernels.ensure(variants[name], variants, progress)
            except RetrapError as error:
                errors.append(error)
                say(f"kernel {name}: failed; the others go on")
        plan = _plan(experiment, variants, built, programs)
        stamp = open_stamp(results, plan, fresh)
        say(f"{'resumes' if stamp.resumed else 'fills'} {_short(stamp.path)}")
        try:
            errors += _boot_all(experiment, built, programs, registry, stamp, progress)
            if experiment.host:
                try:
                    _host(experiment, programs, registry, stamp, progress)
                except RetrapError as error:
                    errors.append(error)
            if errors and not list(stamp.path.glob("raw/*/*/boot.json")):
                raise errors[0]  # nothing to report
            report(stamp.path, progress)
            if not errors:
                finish(stamp)
        except OSError as error:
            raise unwritable(error, stamp.path) from None
        finally:
            stamp.close()
    show(stamp.path)
    if errors:
        for other in errors[1:]:
            say(f"also: {other.message.splitlines()[0]}")
        raise errors[0]
    return stamp.path


def check_scenarios(
    experiment: Experiment, registry: dict[str, Scenario], path: Path
) -> None:
    for name in experiment.scenarios:
        if name not in registry:
            raise scenario_error(path, name, list(registry))


def report(directory: Path, progress: Progress) -> None:
    """Step 5, from stored files alone."""
    import plots
    from retrap import compare, lkml, summarize

    with progress.task("report") as task:
        task.update("summarizes")
        summarize.summarize(directory)
        compare.compare(directory)
        task.update("draws")
        figures = plots.draw_all(directory)
        lkml.write(directory)
        task.update(f"{len(figures)} figures")


def show(directory: Path) -> None:
    """The table, then where everything is (stdout)."""
    from retrap import table

    print(table.render(directory))
    here = _short(directory)
    print(f"samples   {here}/raw/")
    print(f"tables    {here}/{{summary,counters,comparison}}.csv")
    print(f"figures   {here}/figures/")
    print(f"mail      {here}/lkml.txt")


def _short(path: Path) -> str:
    """Relative to here when below here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _plan(
    experiment: Experiment,
    variants: dict[str, Variant],
    built: dict[str, Kernel],
    programs: Programs,
) -> dict[str, Any]:
    """A variant whose kernel failed has no key: built later, it is another plan."""
    plan: dict[str, Any] = {
        "schema": "retrap.plan/1",
        "experiment": experiment.name,
        "experiment_sha256": experiment.sha256,
        "baseline": experiment.baseline,
        "variants": [
            {
                "name": name,
                "interface": variants[name].interface,
                "offers": list(variants[name].offers),
                "kernel_key": built[name].key if name in built else None,
            }
            for name in experiment.variants
        ],
        "scenarios": list(experiment.scenarios),
        "placements": list(experiment.placements),
        "seed": experiment.seed,
        "exact": experiment.exact and dataclasses.asdict(experiment.exact),
        "host": experiment.host and dataclasses.asdict(experiment.host),
        "binary_sha256": programs.sha256(),
    }
    text = json.dumps(plan, sort_keys=True)
    plan["plan_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return plan


def _boot_all(
    experiment: Experiment,
    built: dict[str, Kernel],
    programs: Programs,
    registry: dict[str, Scenario],
    stamp: Stamp,
    progress: Progress,
) -> list[RetrapError]:
    """Step 3. Boots run side by side: exact results do not depend on load."""

    def one(kernel: Kernel) -> RetrapError | None:
        assert experiment.exact
        name = kernel.variant.name
        directory = stamp.path / "raw" / name / "exact-1"
        if (directory / "boot.json").exists():
            say(f"guest {name}: already there")
            return None
        cells = expand(experiment, registry, kernel.variant.interface, experiment.exact)
        try:
            with progress.task(f"guest {name}") as task:
                guest.measure(
                    kernel, programs, cells, directory, experiment.guest, task
                )
        except RetrapError as error:
            return error
        except Interrupted:
            pass
        return None

    with ThreadPoolExecutor(max_workers=max(1, len(built))) as pool:
        futures = [pool.submit(one, kernel) for kernel in built.values()]
        return [error for future in futures if (error := future.result())]


def _host(
    experiment: Experiment,
    programs: Programs,
    registry: dict[str, Scenario],
    stamp: Stamp,
    progress: Progress,
) -> None:
    """Step 4."""
    assert experiment.host
    cells = runnable_here(expand(experiment, registry, "listen", experiment.host))
    directory = stamp.path / "raw" / "host" / host.boot_name()
    if (directory / "boot.json").exists():
        say("host: already there")
        return
    with progress.task("host") as task:
        host.measure(programs, cells, directory, task)


def runnable_here(cells: list[Cell]) -> list[Cell]:
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


def dry_run(
    experiment: Experiment, variants: dict[str, Variant], path: Path, results: Path
) -> str:
    """What would be done, with nothing done (no package, no build)."""
    lines = [f"experiment {experiment.name} ({path})", "1 build     build/release"]
    for name in experiment.variants:
        lines.append(f"2 kernel    {name}: {_kernel_state(variants[name])}")
    bench = Programs(ROOT / "build/release")
    registry = bench.registry() if bench.bench.exists() else {}
    if registry:
        check_scenarios(experiment, registry, path)
    for name in experiment.variants:
        what = _cells_state(
            experiment, registry, variants[name].interface, experiment.exact
        )
        lines.append(f"3 guest     {name}: {what}, {experiment.guest.cpus} vCPUs")
    if experiment.host:
        what = _cells_state(experiment, registry, "listen", experiment.host)
        lines.append(f"4 host      this machine: {what}")
    lines.append(f"5 report    {results / experiment.name}/<stamp>/")
    return "\n".join(lines)


def _kernel_state(variant: Variant) -> str:
    patches = f"{len(variant.patches)} patches"
    try:
        kernel = kernels.find(variant)
        key = kernels.kernel_key(variant, native())
    except RetrapError:
        return f"{patches}, source not installed yet"
    return f"{patches}, {'in the cache' if kernel else 'to build'} ({key})"


def _cells_state(
    experiment: Experiment, registry: dict[str, Scenario], interface: str, sampling: Any
) -> str:
    if not registry:
        return f"{len(experiment.scenarios)} scenarios"
    cells = expand(experiment, registry, interface, sampling)
    timed = sum(cell.cycles is None for cell in cells)
    return (
        f"{timed} timed runs of {sampling.samples} samples, "
        f"{len(cells) - timed} counting runs"
    )
