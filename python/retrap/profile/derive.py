# SPDX-License-Identifier: GPL-2.0-only
"""From a profiled boot to a profile a cell.

Nothing is believed: a cell has as many windows as samples, and in each the
instructions recorded are the difference of its two clock reads. The clock may
be ahead where it jumped, and it jumps only while every vCPU sleeps.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrap.results import stats
from retrap.build import sysroot
from retrap.build.programs import Programs
from retrap.results.measured import Boot, Cell
from retrap.base.errors import EXIT_KERNEL, EXIT_RESULTS, RetrapError
from retrap.executors.initramfs import library_dirs
from retrap.kernel.kernels import Kernel
from retrap.profile import symbols
from retrap.results import trace
from retrap.profile.callgraph import Calls, Reader
from retrap.profile.lines import address_counts
from retrap.profile.summary import ALL, CLASSES, Profile, Tree
from retrap.base.rawfile import damaged, read_json
from retrap.results.store import load


@dataclass(frozen=True)
class Source:
    """Where names come from: the kernel that ran, the programs in the guest."""

    kernel: Kernel
    programs: Programs

    def names(self, run: dict[str, Any]) -> symbols.Symbols:
        table = symbols.kernel_table(
            self.kernel.system_map, self.kernel.directory / "System.map"
        )
        mappings = [_mapping(line) for line in run.get("code", [])]
        return symbols.Symbols(table, mappings, self._images(mappings))

    def _images(self, mappings: list[symbols.Mapping]) -> dict[str, Path]:
        arch = self.kernel.arch
        dirs = [self.programs.directory, *library_dirs(sysroot.root(arch), arch)]
        found = {}
        for mapping in mappings:
            name = Path(mapping.path).name
            file = next((d / name for d in dirs if (d / name).is_file()), None)
            if file and mapping.path.startswith("/"):
                found[name] = file.resolve()
        return found


def _mapping(line: str) -> symbols.Mapping:
    """A line of run.json's `code`."""
    match = re.fullmatch(r"([0-9a-f]+)-([0-9a-f]+) ([0-9a-f]+) (.*)", line)
    if match is None:
        raise RetrapError(
            f"run.json: code: {line!r} is no mapping",
            "take it again with this retrap",
            EXIT_RESULTS,
        )
    start, end, offset = (int(word, 16) for word in match.groups()[:3])
    return symbols.Mapping(start, end, offset, match.group(4))


def recorded(
    boot: Boot, kernel: Kernel
) -> tuple[trace.Trace, list[tuple[Cell, trace.Run]]]:
    """What the profiler saw of a boot of `kernel`, by its timed cells, in their
    order. Errors: EXIT_KERNEL, for another build; EXIT_RESULTS, for windows that do not
    pair with the samples, or samples that failed."""
    if boot.record["kernel_build_id"] != kernel.meta()["build_id"]:
        raise RetrapError(
            f"{boot.path}: ran a kernel of another build id than the cache has",
            "take it again with --fresh",
            EXIT_KERNEL,
        )
    path = boot.path / trace.PACKED
    seen = trace.read(path)
    by_name = {cell.path.name: cell for cell in boot.cells}
    timed = [
        by_name[name] for name in boot.record["cells"] if name.endswith(".run.json")
    ]
    if len(seen.runs) != len(timed):
        what = f"{len(seen.runs)} runs recorded of {len(timed)}: markers missing"
        raise damaged(path, what)
    runs = list(zip(timed, seen.runs, strict=True))
    for cell, run in runs:
        if not cell.ok.all():
            raise damaged(
                cell.path, "samples failed: there is no profile of what did not happen"
            )
        if len(run.windows) != len(cell.latencies) or not run.windows:
            what = f"{len(run.windows)} windows of {len(cell.latencies)} samples"
            raise damaged(path, f"{cell.path.name}: {what}")
    return seen, runs


def profiles(boot: Boot, source: Source, cpus: int) -> list[Profile]:
    """The profile of each timed cell, in the order they ran.

    Errors: EXIT_RESULTS; windows that do not pair with the samples, or do not
    add up to them.
    """
    path = boot.path / trace.PACKED
    seen, runs = recorded(boot, source.kernel)
    return [
        _Cell(path, cell, run, seen, source, cpus).profile(boot) for cell, run in runs
    ]


def addresses(
    path: Path, found: Profile, kernel: Kernel, function: str, kind: str
) -> tuple[Counter[int], int]:
    """Instructions of a kernel function by address, in the windows of a class;
    and how many windows that are."""
    facts = found.facts
    place = path / "raw" / facts["variant"] / f"exact-{facts['arch']}-1"
    boot = next((boot for boot in load(path).boots if boot.path == place), None)
    if boot is None:
        raise damaged(place, "is not there, and with it the windows")
    seen, runs = recorded(boot, kernel)
    run = next(
        run
        for cell, run in runs
        if (cell.scenario, cell.placement) == (facts["scenario"], facts["placement"])
    )
    among = membership(kind, list(found.windows))
    chosen = [w for w, is_in in zip(run.windows, among, strict=True) if is_in]
    known = kernel_names(kernel)
    return address_counts(seen.blocks, chosen, known, function), len(chosen)


def kernel_names(kernel: Kernel) -> symbols.Symbols:
    """Of the kernel alone. Errors: EXIT_KERNEL."""
    path = kernel.directory / "System.map"
    return symbols.Symbols(symbols.kernel_table(kernel.system_map, path), [], {})


def membership(kind: str, counts: list[int]) -> list[bool]:
    """Which of the samples are of a class."""
    found = stats.cheapest_class(np.array(counts, dtype=np.int64))
    if kind == ALL or found is None:
        return [True] * len(counts)
    return [found.value <= count <= found.top for count in counts]


class _Cell:
    def __init__(
        self,
        path: Path,
        cell: Cell,
        run: trace.Run,
        recorded: trace.Trace,
        source: Source,
        cpus: int,
    ) -> None:
        self.path, self.cell, self.run, self.cpus = path, cell, run, cpus
        self.source = source
        reader = Reader(recorded.blocks, source.names(read_json(cell.path)), cpus)
        known: dict[bytes, Calls] = {}
        self.calls: list[Calls] = []
        for window in run.windows:
            key = window.words.tobytes()
            if key not in known:
                known[key] = reader.calls(window, run.tracees)
            self.calls.append(known[key])

    def profile(self, boot: Boot) -> Profile:
        cell, calls = self.cell, self.calls
        jumps = self._check()
        counts = [w.executed - c.faults for w, c in zip(self.run.windows, calls)]
        members = {
            kind: [c for c, is_in in zip(calls, among, strict=True) if is_in]
            for kind, among in ((kind, membership(kind, counts)) for kind in CLASSES)
        }
        kernel = self.source.kernel
        facts = {
            "scenario": cell.scenario,
            "placement": cell.placement,
            "interface": cell.interface,
            "variant": cell.variant,
            "arch": kernel.arch.name,
            "substrate": "exact",
            "cpus": self.cpus,
            "seed": cell.run["seed"],
            "kernel": {
                "key": kernel.key,
                "build_id": kernel.meta()["build_id"],
                "source": kernel.meta()["source"],
                "compiler": kernel.meta()["compiler"],
                "config_sha256": kernel.meta()["config_sha256"],
            },
            "program": cell.run["binary"]["build_id"],
            "qemu": boot.record["qemu_version"],
            "jumps": jumps,
            "faults": sum(c.faults for c in calls),
            "lost_returns": sum(c.lost for c in calls),
        }
        trees = {name: _tree(each) for name, each in members.items()}
        return Profile(facts, tuple(counts), trees)

    def _check(self) -> int:
        """In how many windows the clock jumped."""
        cell, windows, jumps = self.cell, self.run.windows, 0
        rows = zip(windows, self.calls, cell.latencies.tolist(), strict=True)
        for number, (window, calls, clock) in enumerate(rows):
            counted = window.executed - calls.faults
            assert calls.counted() == counted, (cell.path, number)
            if counted == clock:
                continue
            if counted < clock and calls.halted:
                jumps += 1
                continue
            what = f"clock {clock}, instructions {counted}"
            raise damaged(self.path, f"{cell.path.name}: window {number}: {what}")
        return jumps


def _tree(members: list[Calls]) -> Tree:
    tree, times = Tree(), {id(calls): 0 for calls in members}
    for calls in members:
        times[id(calls)] += 1
    for calls in {id(calls): calls for calls in members}.values():
        tree.add(calls, times[id(calls)])
    return tree
