# SPDX-License-Identifier: GPL-2.0-only
"""A boot of a result directory, read and checked; or as it is remembered.

What it returns has the dtype, the schema and the lengths that docs/data-format.md
promises.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrap.base.rawfile import damaged, read_record
from retrap.machine.machine import SUBSTRATES, Machine, machine
from retrap.results import perf_stat, remembered, sealed
from retrap.results.measured import Boot, Cell
from retrap.results.samples import layout, read_samples
from retrap.results.summary import Counts, Summary, of_record, summarized

OF_THE_PROGRAM = ("argv", "code")  # of run.json: long, and for the profile alone


def cell_stem(scenario: str, placement: str) -> str:
    """How the names of a cell's files begin."""
    return f"{scenario.replace('/', '.').replace(':', '-')}@{placement}"


def read_boot(path: Path) -> Boot:
    """As it was closed, with what is in it; or as it is remembered to be."""
    files = remembered.signature(path)
    closed = sealed.sha256(path / sealed.RECORD)
    content = remembered.recall(closed, files)
    if content:
        sealed.placed(path, content["record"])
    else:
        content = _verified(path)
        if "sha256" in content["record"]:
            remembered.remember(closed, files, content)
    record = content["record"]
    here = machine(record["substrate"], record["arch"])
    variant, name = path.parent.name, path.name
    boot = Boot(path, variant, name, record, content["facts"], ())
    order = {file: place for place, file in enumerate(record.get("cells") or ())}
    cells = []
    for each in content["cells"]:
        side = f"{variant}/{each['through']}" if each["through"] else variant
        summary = of_record(each["summary"]) if each["summary"] else None
        counts = {int(n): events for n, events in each["counts"].items()}
        run, of = {**content["alike"], **each["run"]}, (variant, name, here, side)
        told = (run, summary, counts, order.get(each["file"]))
        cells.append(Cell(path / each["file"], *of, *told, booted=boot.booted))
    return replace(boot, cells=tuple(cells))


def _verified(path: Path) -> dict[str, Any]:
    """What a boot's files hold, all of them checked."""
    record = read_record(path / sealed.RECORD, "boot")
    sealed.verify(path, record)
    for file in record.get("cells") or []:
        if not (path / file).is_file():
            raise damaged(path / sealed.RECORD, f"names {file!r}, which is not there")
    env = path / "env-before.json"
    facts = read_record(env, "env")["facts"] if env.exists() else {}
    here = machine(record["substrate"], record["arch"])
    runs = sorted(path.glob("*.run.json"))
    cells = [_read_cell(run, path.parent.name, here) for run in runs]
    alike = _alike([cell["run"] for cell in cells])
    return {"record": record, "facts": facts, "alike": alike, "cells": cells}


def _alike(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that are alike in all of them, which are taken out of each: most are,
    and there may be a hundred thousand."""
    first = runs[0] if runs else {}
    keys = [
        key for key in first if all(run.get(key, run) == first[key] for run in runs)
    ]
    for key in keys:
        for run in runs[1:]:
            del run[key]
    return {key: runs[0].pop(key) for key in keys}


def _read_cell(path: Path, variant: str, machine: Machine) -> dict[str, Any]:
    run = read_record(path, "run")
    if run.get("variant") not in (None, variant):
        raise damaged(path, f"is of {run['variant']!r}, in a boot of {variant!r}")
    if SUBSTRATES[run["substrate"]] != run["unit"]:
        what = f"unit {run['unit']!r} does not go with {run['substrate']!r}"
        raise damaged(path, what)
    if run["interface"] not in (*run["kernel_offers"], "none"):
        raise damaged(path, f"interface {run['interface']!r} is none of its kernel's")
    if run["substrate"] != machine.substrate:
        what = f"substrate {run['substrate']!r} in a boot of {machine.substrate!r}"
        raise damaged(path, what)
    stem = path.name.removesuffix(".run.json")
    cell, _, interface = stem.partition("+")
    if cell != cell_stem(run["scenario"], run["placement"]) or interface not in (
        "",
        run["interface"],
    ):
        where = f"{run['scenario']}@{run['placement']}"
        raise damaged(path, f"is about {where} through {run['interface']}")
    summary = _read_samples(path, stem, run)
    return {
        "file": path.name,
        "through": interface,
        "run": {key: run[key] for key in run if key not in OF_THE_PROGRAM},
        "summary": summary.record() if summary else None,
        "counts": {str(n): counts for n, counts in _counts(path, stem).items()},
    }


def _read_samples(path: Path, stem: str, run: dict[str, Any]) -> Summary | None:
    if run["counted"]:
        return None
    kind = layout(path, run)
    file = path.with_name(f"{stem}.npy")
    samples = read_samples(file, kind)
    exact = run["substrate"] == "exact"
    found = summarized(samples, kind.outcomes, run["tracer_cpu"], exact)
    told = (run["samples_taken"], run["samples_failed"])
    if (found.taken, found.failed) != told:
        what = f"{found.taken} samples, {found.failed} failed; {path.name} says %d, %d"
        raise damaged(file, what % told)
    return found


def _counts(path: Path, stem: str) -> Counts:
    """Of the counting runs of a cell, by their cycles; each counts other events."""
    found: Counts = {}
    for file in sorted(path.parent.glob(f"{stem}.perf-*.jsonl")):
        if match := re.fullmatch(r".*\.perf-(\d+)(?:\.([uk])\d+)?\.jsonl", file.name):
            cycles, mode = int(match[1]), match[2] or ""
            found.setdefault(cycles, {}).update(perf_stat.parse(file, mode))
    return found
