# SPDX-License-Identifier: GPL-2.0-only
"""Which scenarios run through which functions of a kernel.

A map is kept for a base and an architecture, in configs/reach/. It is made by a
profiled boot that runs every scenario of the registry, a family at its least numbers.
Inlined functions are in it, by the debug information of the addresses that ran.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrap.base import schema
from retrap.base.arch import Arch
from retrap.base.paths import ROOT
from retrap.base.progress import Progress
from retrap.base.rawfile import atomic_write, damaged, read_record
from retrap.build.programs import BENCH, build
from retrap.config.experiments import PLACEMENTS
from retrap.config.fragments import lineage
from retrap.config.registry import Scenario, least
from retrap.config.variants import Variant, Variants, load_variants
from retrap.kernel import kernels, source
from retrap.kernel.kernels import Kernel
from retrap.profile import derive, lines, measure, symbols
from retrap.profile.symbols import KERNEL
from retrap.results import trace
from retrap.results.measured import Boot
from retrap.results.store import load

MAPS = ROOT / "configs/reach"
SAMPLES, CPUS, SEED = 8, 2, 20110526
LATEST = (99, 0)  # a release that nothing tells
MADE_BY = "./retrap try --make-map makes it again"


@dataclass(frozen=True)
class Reach:
    """`functions`: the scenarios that run each; one that is not there is run by none
    of `scenarios`."""

    variant: str
    arch: str
    source: str
    scenarios: tuple[str, ...]
    functions: dict[str, frozenset[str]]

    def of(self, function: str) -> frozenset[str]:
        return self.functions.get(function, frozenset())

    def record(self) -> dict[str, object]:
        number = {name: index for index, name in enumerate(self.scenarios)}
        return {
            "schema": schema.identity("reach"),
            "variant": self.variant,
            "arch": self.arch,
            "source": self.source,
            "scenarios": list(self.scenarios),
            "functions": {
                name: sorted(number[each] for each in found)
                for name, found in sorted(self.functions.items())
            },
        }


def file_of(variant: str, arch: Arch) -> Path:
    return MAPS / f"{variant}-{arch.name}.json"


def nearest(variant: Variant, variants: Variants, arch: Arch) -> Reach | None:
    """The map of the variant, or of the nearest that it is based on; else that of the
    newest shipped release which is not newer, or of the oldest."""
    for each in lineage(variant, variants):
        if (path := file_of(each.name, arch)).is_file():
            return read(path)
    shipped = load_variants().values()
    mapped = [each for each in shipped if file_of(each.name, arch).is_file()]
    releases = {
        source.version(each) or LATEST: each for each in mapped if not each.base
    }
    wanted = source.version(variant) or LATEST
    if not releases:
        return None
    before = [release for release in releases if release <= wanted]
    taken = max(before) if before else min(releases)
    return read(file_of(releases[taken].name, arch))


def read(path: Path) -> Reach:
    """Errors: EXIT_RESULTS, naming the file."""
    record = read_record(path, "reach", MADE_BY)
    names = record["scenarios"]
    try:
        functions = {
            name: frozenset(names[index] for index in found)
            for name, found in record["functions"].items()
        }
    except IndexError:
        raise damaged(path, "names a scenario that it does not list", MADE_BY) from None
    return Reach(
        record["variant"], record["arch"], record["source"], tuple(names), functions
    )


def make(variant: Variant, variants: Variants, arch: Arch, results: Path) -> Path:
    """Boots the kernel with the profiler, and writes its map. Result directories of
    the boot go into `results`."""
    with Progress() as progress:
        registry = build(progress, BENCH).registry()
        kernel = kernels.ensure(variant, variants, progress, arch)
        vmlinux = lines.kernel_with_lines(kernel, variants, progress)
    request = measure.Request(
        scenarios=tuple(_runnable(registry.values(), variant.interface)),
        variants=(variant.name,),
        arches=(arch,),
        placements=PLACEMENTS,
        samples=SAMPLES,
        cpus=CPUS,
        seed=SEED,
        timeout_s=3600,
    )
    directory = measure.run(request, variants, results, False, None)
    (boot,) = load(directory).boots
    ran = _ran(boot, kernel)
    names = _functions(sorted(set().union(*ran.values())), vmlinux)
    functions: dict[str, set[str]] = {}
    for scenario, addresses in ran.items():
        for address in addresses:
            for name in names[address]:
                functions.setdefault(name, set()).add(scenario)
    found = Reach(
        variant.name,
        arch.name,
        str(kernel.meta()["source"]),
        tuple(ran),
        {name: frozenset(each) for name, each in functions.items()},
    )
    path = file_of(variant.name, arch)
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(found.record(), separators=(",", ":"))
    atomic_write(path, text.replace("],", "],\n") + "\n")
    return path


def _runnable(families: Iterable[Scenario], interface: str) -> Iterable[str]:
    return (least(each.name) for each in families if interface in each.interfaces)


def _ran(boot: Boot, kernel: Kernel) -> dict[str, set[int]]:
    """Of each scenario: the kernel addresses that half of its samples run, at any
    placement."""
    seen, runs = derive.recorded(boot, kernel)
    found: dict[str, set[int]] = {}
    for cell, run in runs:
        counts: Counter[int] = Counter()
        for window in run.windows:
            ran = (addresses for _, addresses in trace.ran(seen.blocks, window))
            counts.update({at for block in ran for at in block if at >= KERNEL})
        often = {at for at, n in counts.items() if 2 * n >= len(run.windows)}
        found.setdefault(cell.scenario, set()).update(often)
    return found


def _functions(addresses: list[int], vmlinux: Path) -> dict[int, set[str]]:
    """Of each address the function, and those that are inlined there."""
    chains = lines.chains(addresses, vmlinux)
    return {
        address: {symbols.fold(place.function) for place in chain}
        for address, chain in zip(addresses, chains, strict=True)
    }
