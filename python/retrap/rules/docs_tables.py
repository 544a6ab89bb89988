# SPDX-License-Identifier: GPL-2.0-only
"""The tables of docs/conformance.md and docs/tracers/races.md, made from the stored
runs that these name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from retrap.rules import conform, mutanttable, racetable, rulebook, ruletable
from retrap.base import marked
from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write

PAGE = ROOT / "docs/conformance.md"
RACES = ROOT / "docs/tracers/races.md"
REFERENCE = ROOT / "results/reference"
RACE_KERNELS = frozenset(("mainline", "mainline-ia32"))
KEPT = {
    "conform": ("conform.json", "conform.tap", "table.txt"),
    "races": ("conform.json", "conform.tap", "table.txt"),
    "mutate": ("mutate.json", "table.txt"),
}


def publish(kind: str, run: Path, reference: Path = REFERENCE) -> None:
    """Makes a run the one that the page shows; its consoles stay behind."""
    target = reference / kind
    if run.resolve() == target.resolve():
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in KEPT[kind]:
        shutil.copyfile(run / name, target / name)


def kind_of(record: dict[str, Any]) -> str:
    """What a run of `retrap conform` is the reference for: "races" where its kernels
    are of RACE_KERNELS alone, else "conform"."""
    kernels = {column["kernel"] for column in record["columns"].values()}
    return "races" if kernels <= RACE_KERNELS else "conform"


def tables(reference: Path = REFERENCE) -> dict[str, str]:
    """Each table of PAGE by the name of its place."""
    found: dict[str, str] = {}
    if (reference / "conform").is_dir():
        found["rules"] = ruletable.render(conform.load(reference / "conform"))
    if (reference / "mutate").is_dir():
        record = mutanttable.load(reference / "mutate")
        found["mutations"] = mutanttable.render(record, rulebook.load().rules)
    return found


def races(reference: Path = REFERENCE) -> dict[str, str]:
    """The table of RACES by the name of its place."""
    if not (reference / "races").is_dir():
        return {}
    return {"races": racetable.render(conform.load(reference / "races"))}


def write() -> tuple[Path, ...]:
    """Both pages. Errors: those of the readers."""
    for page, made in ((PAGE, tables()), (RACES, races())):
        atomic_write(page, marked.fill(page.read_text(), made, page))
    return PAGE, RACES
