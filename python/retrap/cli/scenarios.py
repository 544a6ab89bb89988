# SPDX-License-Identifier: GPL-2.0-only
"""Which scenarios an experiment measures: those that it names, and all of its files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.base.paths import ROOT
from retrap.base.progress import Progress
from retrap.base.tomlfile import read_toml
from retrap.build import own
from retrap.build.programs import Programs
from retrap.config import scenario_files
from retrap.config.experiments import Experiment, scenario_error
from retrap.config.plan import nothing_to_run
from retrap.config.registry import Registry
from retrap.config.variants import Variant

Known = tuple[Experiment, Registry]


def known(
    experiment: Experiment,
    variants: dict[str, Variant],
    path: Path,
    progress: Progress,
    programs: Programs | None = None,
) -> Known:
    """The experiment with the scenarios of its files, and all that can be measured, of
    `programs`, or of those that this builds. Errors: EXIT_BUILD, EXIT_CONFIG."""
    registry, names = own.known(experiment.files, progress, programs)
    return _checked(experiment, names, variants, registry, path)


def known_unbuilt(
    experiment: Experiment, variants: dict[str, Variant], path: Path
) -> Known | None:
    """The same, of programs that are there; None: they are not. Errors: EXIT_CONFIG."""
    shipped = Programs(ROOT / "build/release")
    mine = own.place(shipped, experiment.files)
    if not mine.bench.exists():
        return None
    names = own.usual(own.families(shipped, mine, experiment.files))
    return _checked(experiment, names, variants, mine.registry(), path)


def _checked(
    experiment: Experiment,
    names: tuple[str, ...],
    variants: dict[str, Variant],
    registry: Registry,
    path: Path,
) -> Known:
    all_names = tuple(dict.fromkeys((*experiment.scenarios, *names)))
    experiment = dataclasses.replace(experiment, scenarios=all_names)
    for name in all_names:
        if name not in registry:
            raise scenario_error(path, name, list(registry))
    if found := nothing_to_run(experiment, registry, variants):
        raise read_toml(path, "experiment").fail(*found)
    return experiment, registry


def refuse_files(experiment: Experiment) -> None:
    """The programs of a box are retrap's alone. Errors: EXIT_USAGE."""
    for file in experiment.files:
        raise RetrapError(
            f"{file.path}: a box does not take scenarios of yours",
            "leave out --scenario and `scenario_files`, or measure by ./retrap run",
            EXIT_USAGE,
        )


def of_files(experiment: Experiment, paths: list[Path]) -> Experiment:
    """`--scenario`: the scenarios of these files in place of the experiment's, under a
    name of their own. Errors: EXIT_CONFIG."""
    files = scenario_files.read(paths)
    name = "+".join((experiment.name, *(file.path.stem for file in files)))
    return dataclasses.replace(experiment, name=name, scenarios=(), files=files)
