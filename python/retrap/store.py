# SPDX-License-Identifier: GPL-2.0-only
"""A result directory, read and checked (docs/data-format.md); safe writing.

Nothing damaged passes: every reader of results goes through `load`, and what
it returns has the dtype, the schema and the lengths the format promises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrap.rawfile import OUTCOMES, SAMPLE, atomic_write, check_fields, damaged
from retrap.rawfile import read_json, read_samples, seal

__all__ = [
    "OUTCOMES",
    "SAMPLE",
    "Boot",
    "Cell",
    "Results",
    "atomic_write",
    "damaged",
    "load",
    "read_json",
    "read_samples",
    "seal",
]

RUN_SCHEMA = "retrap.run/1"
SUBSTRATES = {"exact": "instructions", "vm": "ns", "bare-metal": "ns"}
RUN_FIELDS: dict[str, tuple[type, ...]] = {
    "scenario": (str,),
    "placement": (str,),
    "interface": (str,),
    "substrate": (str,),
    "unit": (str,),
    "tracer_cpu": (int, type(None)),
    "samples_requested": (int,),
    "samples_taken": (int,),
    "samples_failed": (int,),
    "stop_reason": (str,),
    "seed": (int,),
    "shift": (int,),
    "floors": (dict,),
    "kernel": (dict,),
    "binary": (dict,),
    "counted": (bool,),
    "warnings": (list,),
}
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cell:
    """One scenario at one placement in one boot. `samples` is None if counted."""

    path: Path
    variant: str
    boot: str
    run: dict[str, Any]
    samples: npt.NDArray[np.void] | None
    counters: dict[int, Path]

    @property
    def scenario(self) -> str:
        return str(self.run["scenario"])

    @property
    def placement(self) -> str:
        return str(self.run["placement"])

    @property
    def interface(self) -> str:
        return str(self.run["interface"])

    @property
    def substrate(self) -> str:
        return str(self.run["substrate"])

    @property
    def unit(self) -> str:
        return str(self.run["unit"])

    @cached_property
    def ok(self) -> Bools:
        """Which samples ended as they should."""
        if self.samples is None:
            return np.zeros(0, dtype=np.bool_)
        return np.asarray(self.samples["outcome"] == 0)

    @cached_property
    def latencies(self) -> Ints:
        """Of every sample in order; meaningful only where `ok`."""
        if self.samples is None:
            return np.zeros(0, dtype=np.int64)
        spans = self.samples["t_return_ns"] - self.samples["t_trigger_ns"]
        return np.asarray(np.where(self.ok, spans, 0), dtype=np.int64)

    @property
    def failures(self) -> dict[str, int]:
        """How many samples of each outcome but ok; empty when none failed."""
        if self.samples is None:
            return {}
        counts = np.bincount(self.samples["outcome"], minlength=len(OUTCOMES))
        return {OUTCOMES[i]: int(n) for i, n in enumerate(counts) if i and n}


@dataclass(frozen=True)
class Boot:
    """One kernel boot with its cells."""

    path: Path
    variant: str
    name: str
    record: dict[str, Any]
    facts: dict[str, Any]
    cells: tuple[Cell, ...]

    @property
    def substrate(self) -> str:
        return str(self.record["substrate"])


@dataclass(frozen=True)
class Results:
    """A result directory. `unfinished` are boots that have no boot.json."""

    path: Path
    plan: dict[str, Any]
    boots: tuple[Boot, ...]
    unfinished: tuple[str, ...]

    def cells(self) -> Iterator[Cell]:
        for boot in self.boots:
            yield from boot.cells

    @property
    def substrates(self) -> tuple[str, ...]:
        """Those present; exact first, as it leads every report."""
        present = {boot.substrate for boot in self.boots}
        return tuple(name for name in SUBSTRATES if name in present)

    def variants(self, substrate: str) -> tuple[str, ...]:
        """Those with a boot on it, baseline first, then as planned."""
        present = {b.variant for b in self.boots if b.substrate == substrate}
        planned = [self.plan["baseline"], *(v["name"] for v in self.plan["variants"])]
        return _ordered(present, planned)

    def scenarios(self, substrate: str) -> tuple[str, ...]:
        present = {c.scenario for c in self.cells() if c.substrate == substrate}
        return _ordered(present, self.plan["scenarios"])

    def placements(self, substrate: str) -> tuple[str, ...]:
        present = {c.placement for c in self.cells() if c.substrate == substrate}
        return _ordered(present, self.plan["placements"])

    def of(self, substrate: str, variant: str, where: tuple[str, str]) -> list[Cell]:
        """The cell `where` = (scenario, placement) in each boot of a variant."""
        return [
            cell
            for boot in self.boots
            if (boot.substrate, boot.variant) == (substrate, variant)
            for cell in boot.cells
            if (cell.scenario, cell.placement) == where
        ]


def _ordered(present: set[str], planned: list[str]) -> tuple[str, ...]:
    known = [name for name in dict.fromkeys(planned) if name in present]
    return tuple(known + sorted(present - set(known)))


def _read_cell(path: Path, variant: str, boot: str) -> Cell:
    run = read_json(path)
    if run.get("schema") != RUN_SCHEMA:
        remedy = f"read it with the retrap that wrote it; this one knows {RUN_SCHEMA}"
        raise damaged(path, f"schema is {run.get('schema')!r}", remedy)
    check_fields(path, run, RUN_FIELDS)
    if SUBSTRATES.get(run["substrate"]) != run["unit"]:
        what = f"unit {run['unit']!r} does not go with {run['substrate']!r}"
        raise damaged(path, what)
    stem = path.name.removesuffix(".run.json")
    slug = run["scenario"].replace("/", ".").replace(":", "-")
    if stem != f"{slug}@{run['placement']}":
        raise damaged(path, f"is about {run['scenario']}@{run['placement']}")
    samples = None
    if not run["counted"]:
        file = path.with_name(f"{stem}.npy")
        samples = read_samples(file)
        failed = int((samples["outcome"] != 0).sum())
        told = (run["samples_taken"], run["samples_failed"])
        if (samples.size, failed) != told:
            what = f"{samples.size} samples, {failed} failed; {path.name} says %d, %d"
            raise damaged(file, what % told)
    counters = {}
    for file in path.parent.glob(f"{stem}.perf-*.jsonl"):
        if match := re.fullmatch(r".*\.perf-([0-9]+)\.jsonl", file.name):
            counters[int(match.group(1))] = file
    return Cell(path, variant, boot, run, samples, counters)


def _read_boot(path: Path) -> Boot:
    variant, name = path.parent.name, path.name
    record = read_json(path / "boot.json")
    check_fields(path / "boot.json", record, {"substrate": (str,)})
    for file in record.get("cells") or []:
        if not isinstance(file, str) or not (path / file).is_file():
            raise damaged(path / "boot.json", f"names {file!r}, which is not there")
    if not isinstance(record.get("patches") or [], list):
        raise damaged(path / "boot.json", "field 'patches' is not a list")
    env = path / "env-before.json"
    facts = read_json(env).get("facts") if env.exists() else {}
    if not isinstance(facts, dict):
        raise damaged(env, "has no object 'facts'")
    runs = sorted(path.glob("*.run.json"))
    cells = tuple(_read_cell(run, variant, name) for run in runs)
    for cell in cells:
        if cell.substrate != record["substrate"]:
            what = f"substrate {cell.substrate!r} in a boot of {record['substrate']!r}"
            raise damaged(cell.path, what)
    return Boot(path, variant, name, record, facts, cells)


def load(path: Path) -> Results:
    """Every finished boot of a result directory. Errors: EXIT_RESULTS."""
    if not (path / "plan.json").is_file():
        remedy = "name a directory that holds plan.json, as below results/"
        raise damaged(path, "is not a result directory", remedy)
    plan = read_json(path / "plan.json")
    lists = {name: (list,) for name in ("variants", "scenarios", "placements")}
    check_fields(path / "plan.json", plan, {"baseline": (str,), **lists})
    for name in ("scenarios", "placements"):
        if not all(isinstance(word, str) for word in plan[name]):
            raise damaged(path / "plan.json", f"field {name!r} is not all strings")
    for variant in plan["variants"]:
        if not isinstance(variant, dict) or not isinstance(variant.get("name"), str):
            raise damaged(path / "plan.json", f"variant {variant!r} has no name")
    found = sorted(p for p in path.glob("raw/*/*") if p.is_dir())
    whole = [p for p in found if not p.name.endswith(".partial")]
    done = [p for p in whole if (p / "boot.json").exists()]
    if not done:
        remedy = "finish the experiment: the command that began it resumes it"
        raise damaged(path, "holds no finished boot", remedy)
    missing = tuple(f"{p.parent.name}/{p.name}" for p in found if p not in done)
    return Results(path, plan, tuple(_read_boot(p) for p in done), missing)
