# SPDX-License-Identifier: GPL-2.0-only
"""An experiment, read and checked: what is measured, where, and how much of it.

Every complaint names file and line: these are the files users write.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from retrap.base.arch import ARCHES, Arch, native
from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.base.paths import ROOT
from retrap.base.tomlfile import TomlTable, read_checked, read_toml
from retrap.config.cmdlines import wrong
from retrap.config.fragments import most_cpus
from retrap.config.layouts import in_layout
from retrap.config.registry import complaint
from retrap.config import scenario_files
from retrap.config.variants import HOST, Variant, load_variants


DEFAULT_EXPERIMENT = ROOT / "configs/experiments/quick.toml"


PLACEMENTS = ("same-cpu", "cross-cpu")  # of an experiment that names none


MOST_SAMPLES = 1_000_000  # of a cell


MOST_CPUS = 8  # vCPUs that a guest may have


MOST_BOOTS = 1000  # of a kernel


BLOCKS = 8  # of an experiment that names none: a verdict takes six


@dataclass(frozen=True)
class Sampling:
    """How much is taken of each cell. `cycles` = 0: no counting runs."""

    samples: int
    cycles: int


@dataclass(frozen=True)
class Plugin:
    """A TCG plugin of QEMU, and what follows it in -plugin."""

    file: Path
    arguments: str


@dataclass(frozen=True)
class Guest:
    """`exact`: counted in instructions; else vCPUs run freely, side by side.
    `behind`: it takes the CPU time that nothing else wants, which an exact guest
    does not notice."""

    cpus: int
    timeout_s: int
    exact: bool = True
    behind: bool = False
    memory_mib: int = 512
    plugin: Plugin | None = None


@dataclass(frozen=True)
class Rounds:
    """Boots of guests that are not exact: `boots` of each kernel, in as many blocks
    that each hold one of every kernel."""

    sampling: Sampling
    boots: int
    guest: Guest


@dataclass(frozen=True)
class Blocks:
    """Boots of machines: `boots` of each kernel and twice as many of the baseline,
    in as many blocks."""

    sampling: Sampling
    boots: int


@dataclass(frozen=True)
class Experiment:
    name: str
    sha256: str
    variants: tuple[str, ...]
    baseline: str
    placements: tuple[str, ...]
    scenarios: tuple[str, ...]
    seed: int
    exact: Sampling | None
    guest: Guest
    host: Sampling | None
    rounds: int = 1  # of processes, in a boot of the host
    vm: Rounds | None = None
    machine: Blocks | None = None
    interface: str | None = None  # of every variant; None: each its own
    arches: tuple[Arch, ...] = field(default_factory=lambda: (native(),))
    target: float | None = None  # the change, as a share, that ends a cell's blocks
    layouts: tuple[str, ...] = ()  # in which each variant is built once more
    cmdlines: tuple[str, ...] = ()  # with which each is booted once more
    files: scenario_files.Files = ()  # whose scenarios are measured too

    @property
    def kernels(self) -> tuple[str, ...]:
        """What is booted: each variant, again in each layout, and again with each
        command line. A machine's own kernel is as it is."""
        built = [name for name in self.variants if name != HOST]
        places = (*self.layouts, *self.cmdlines)
        again = [in_layout(name, place) for place in places for name in built]
        return (*self.variants, *again)

    def on_machines(self) -> Blocks:
        """What `--on` measures: [machine], else as much a cell as elsewhere."""
        if self.machine:
            return self.machine
        sampling = self.host or self.exact or (self.vm and self.vm.sampling)
        assert sampling
        return Blocks(sampling, BLOCKS)


def _sampling(table: dict[str, int]) -> Sampling:
    return Sampling(table["samples"], table["cycles"])


def _guest(table: dict[str, int], exact: bool) -> Guest:
    return Guest(table["cpus"], table["timeout_s"], exact)


def load_experiment(
    path: Path = DEFAULT_EXPERIMENT, variants: dict[str, Variant] | None = None
) -> Experiment:
    """An experiment; its variants must exist. Errors: EXIT_CONFIG."""
    variants = load_variants() if variants is None else variants
    table = read_checked(path, "experiment", "experiment")
    data = table.data
    names = tuple(data["variants"])
    for name in names:
        if name == HOST and name not in variants:
            raise table.fail(
                "variants",
                "`host`, a machine's own kernel, is booted by ./retrap matrix --on",
            )
        if name not in variants:
            raise table.fail(
                "variants", f"no variant {name!r}; there are {', '.join(variants)}"
            )
    baseline = data.get("baseline", names[0] if names else "mainline")
    if names and baseline not in names:
        raise table.fail("baseline", f"{baseline!r} is not among the variants")
    for key in ("layouts", "cmdline"):
        if data[key] and (not names or baseline == HOST):
            raise table.fail(key, "need a baseline that is built")
    cmdlines = tuple(" ".join(words.split()) for words in data["cmdline"])
    for words in cmdlines:
        if bad := wrong(words):
            raise table.fail("cmdline", bad)
    if len(set(cmdlines)) < len(cmdlines):
        raise table.fail("cmdline", "names one twice")
    exact, vm, host = data.get("exact"), data.get("vm"), data.get("host")
    machine = data.get("machine")
    for key, guests in (("exact", exact), ("vm", vm), ("machine", machine)):
        if guests and not names:
            raise table.fail(key, "needs variants to boot")
    if names and not exact and not vm and not machine:
        raise table.fail(
            "variants", "none is booted without [exact], [vm] or [machine]"
        )
    if not exact and not vm and not host and not machine:
        raise table.fail("host", "without it or [exact] and variants nothing runs")
    if vm and host:
        raise table.fail("vm", "and [host] are two machines: make it two experiments")
    experiment = Experiment(
        name=path.stem,
        sha256=hashlib.sha256(table.text.encode()).hexdigest(),
        variants=names,
        baseline=baseline,
        placements=tuple(data["placements"]),
        scenarios=tuple(data["scenarios"]),
        seed=data["seed"],
        exact=_sampling(exact) if exact else None,
        guest=_guest(exact, exact=True) if exact else Guest(2, 300),
        vm=Rounds(_sampling(vm), vm["boots"], _guest(vm, exact=False)) if vm else None,
        host=_sampling(host) if host else None,
        rounds=host["rounds"] if host else 1,
        machine=Blocks(_sampling(machine), machine["boots"]) if machine else None,
        interface=data.get("interface"),
        arches=tuple(ARCHES[word] for word in data.get("arch", [native().name])),
        target=_target(table),
        layouts=tuple(data["layouts"]),
        cmdlines=cmdlines,
        files=scenario_files.read(
            table.place("scenario_files", word) for word in data["scenario_files"]
        ),
    )
    if not experiment.scenarios and not experiment.files:
        raise table.fail("scenarios", "is empty, and so is scenario_files")
    for key in {"exact", "vm"} & data.keys():
        _check_cpus(table.table(key), experiment, variants)
    _check_interface(table, experiment, variants)
    return experiment


def _target(table: TomlTable) -> float | None:
    word = table.data.get("target")
    if word is None:
        return None
    if table.data.get("vm"):
        raise table.fail(
            "target", "goes with [host] or [machine]; a guest ends at none"
        )
    share = float(word.removesuffix("%")) / 100
    if not 0 < share < 1:
        raise table.fail("target", "must be above 0 % and below 100 %")
    return share


def _check_cpus(
    guest: TomlTable, experiment: Experiment, variants: dict[str, Variant]
) -> None:
    cpus: int = guest.data["cpus"]
    too_many = cpus_beyond(cpus, experiment.variants, variants, experiment.arches)
    if too_many:
        raise guest.fail("cpus", too_many)


def cpus_beyond(
    cpus: int,
    names: Iterable[str],
    variants: dict[str, Variant],
    arches: Iterable[Arch],
) -> str | None:
    """What is wrong with as many vCPUs: a kernel leaves those off that are more
    than it was configured for, and says nothing."""
    for name, arch in itertools.product(names, arches):
        if cpus > (most := most_cpus(variants[name], arch)):
            return f"is {cpus}, and CONFIG_NR_CPUS of {name} is {most}"
    return None


def check_cpus(
    cpus: int,
    names: Iterable[str],
    variants: dict[str, Variant],
    arches: Iterable[Arch],
) -> None:
    """The same of `--cpus`. Errors: EXIT_USAGE."""
    if found := cpus_beyond(cpus, names, variants, arches):
        raise RetrapError(
            f"--cpus: {found}",
            "name fewer, or raise it in a config fragment (docs/kernels.md)",
            EXIT_USAGE,
        )


def _check_interface(
    table: TomlTable, experiment: Experiment, variants: dict[str, Variant]
) -> None:
    """Of a kernel that does not offer it no cell would come back."""
    asked = experiment.interface
    lacking = [n for n in experiment.variants if asked not in variants[n].offers]
    if asked and lacking:
        raise table.fail("interface", f"{', '.join(lacking)} does not offer {asked}")


def scenario_error(experiment: Path, name: str, known: Iterable[str]) -> RetrapError:
    """`name` is no scenario of the families `known` of retrap-bench."""
    table = read_toml(experiment, "experiment")
    return table.fail("scenarios", complaint(name, known))
