# SPDX-License-Identifier: GPL-2.0-only
"""What the boots say of the machine that they ran on, and of its noise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from retrap.base.rawfile import read_record
from retrap.machine import load
from retrap.results.store import Machine, Results

MOST = 3  # values of one fact that are written out
OF_A_KERNEL = ("kernel_release", "kernel_version", "arch", "boot_id", "cmdline")


@dataclass(frozen=True)
class Facts:
    """Of one machine: what its boots found, and a sentence on what ran beside."""

    machine: Machine
    boots: int
    noise: str
    facts: tuple[tuple[str, str], ...]


def machines(results: Results) -> list[Facts]:
    return [_facts(results, machine) for machine in results.machines]


def _facts(results: Results, machine: Machine) -> Facts:
    here = [boot for boot in results.boots if boot.machine == machine]
    told: dict[str, dict[str, None]] = {}
    for boot in here:
        for name, value in boot.facts.items():
            if name not in OF_A_KERNEL and value not in (None, ""):
                told.setdefault(name, {})[_text(value)] = None
    cells = [cell for boot in here for cell in boot.cells if cell.timed]
    floors = [cell.run["floors"].get("clock_median") for cell in cells]
    known = [value for value in floors if value is not None]
    if known:
        ends = dict.fromkeys(f"{end:g}" for end in (min(known), max(known)))
        told["clock floor"] = {f"{' to '.join(ends)} {machine.unit}": None}
    noise = "" if machine.exact else load.words([cell.run for cell in cells])
    facts = tuple((k.replace("_", " "), _values(list(v))) for k, v in told.items())
    return Facts(machine, len(here), noise, facts)


def _values(found: list[str]) -> str:
    rest = len(found) - MOST
    more = f" and {rest} more" if rest > 0 else ""
    return "; ".join(found[:MOST]) + more


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def noise(results: Results) -> list[dict[str, Any]]:
    """What `./retrap doctor` found on a machine of `matrix --on`."""
    path = results.path / "machine.json"
    if not path.exists():
        return []
    found = read_record(path, "machine").get("noise")
    return list(found) if isinstance(found, list) else []
