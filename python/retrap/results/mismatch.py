# SPDX-License-Identifier: GPL-2.0-only
"""Why two result directories must not be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrap.results.store import Boot, Machine, Results, read_json

SAME_KERNEL = ("config_sha256",)
SAME_EXACT = ("qemu_version", "compiler")
SAME_MACHINE = ("cpu_model",)


def schemas(path: Path) -> set[str]:
    """The schema of every run of a directory, readable by this retrap or not."""
    files = path.glob("raw/*/*/*.run.json")
    return {str(read_json(file).get("schema")) for file in files}


def different_schemas(a: Path, b: Path) -> list[str]:
    """A directory without runs has no schema; load() says what it lacks."""
    one, other = schemas(a), schemas(b)
    if not one or not other or one == other:
        return []
    return [_differ("run schema", one, other)]


def _differ(what: str, one: set[str], other: set[str]) -> str:
    return f"{what}: {_words(one)} / {_words(other)}"


def _words(values: set[str]) -> str:
    short = [value[:12] if _is_hash(value) else value for value in sorted(values)]
    return ", ".join(short) or "none"


def _is_hash(value: str) -> bool:
    return len(value) >= 40 and set(value) <= set("0123456789abcdef")


def _values(boots: list[Boot], key: str) -> set[str]:
    """Of boot.json, else of the machine's facts; null says nothing."""
    found: set[str] = set()
    for boot in boots:
        value: Any = boot.record.get(key)
        value = boot.facts.get(key) if value is None else value
        found |= set() if value is None else {str(value)}
    return found


def _tuned(boot: Boot) -> str:
    """What was done to make the machine quieter, which makes paths dearer."""
    return " ".join(sorted(boot.record.get("tuned") or ())) or "nothing"


Pair = tuple[Machine, Machine]


def pairs(a: Results, b: Results) -> list[Pair]:
    """Machines to hold against each other: the common ones, else ns to ns.

    Instructions of one architecture are never held against another's."""
    common = [(machine, machine) for machine in a.machines if machine in b.machines]
    if common:
        return common
    timed = [[m for m in r.machines if not m.exact] for r in (a, b)]
    return [(timed[0][0], timed[1][0])] if timed[0] and timed[1] else []


def mismatches(a: Results, b: Results, machines: Pair) -> list[str]:
    """Each difference other than the one a comparison is to show."""
    found = []
    for what, one_is, other_is in zip(Machine._fields, *machines):
        if one_is != other_is:
            found.append(_differ(what, {one_is}, {other_is}))
    exact = machines[0].exact
    whole = [[x for x in r.boots if x.machine == m] for r, m in zip((a, b), machines)]
    for key in () if exact else SAME_MACHINE:
        one, other = _values(whole[0], key), _values(whole[1], key)
        if one != other:
            found.append(_differ(key, one, other))
    one, other = ({_tuned(boot) for boot in boots} for boots in whole)
    if one != other:
        found.append(_differ("tuned", one, other))
    common = [v for v in a.variants(machines[0]) if v in b.variants(machines[1])]
    for variant in common:
        parts = [[x for x in boots if x.variant == variant] for boots in whole]
        for key in (*SAME_KERNEL, *(SAME_EXACT if exact else ())):
            one, other = _values(parts[0], key), _values(parts[1], key)
            if one != other:
                found.append(_differ(f"{key} of {variant}", one, other))
    return found
