# SPDX-License-Identifier: GPL-2.0-only
"""What retrap-bench can measure, as it says itself: `retrap-bench --list --json`.

No name of a scenario, a placement or an interface is written down again here.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from retrap.config.variants import nearest

SCHEMA = "retrap.list/1"
RANGE = re.compile(r"([a-z-]+):([0-9]+)\\\.\\\.([0-9]+)")  # threads:1..256, escaped


@dataclass(frozen=True)
class Scenario:
    """A scenario, or a family of them, whose name has the ranges of its numbers:
    `elsewhere/jobctl/threads:1..256`. `floor`: it has no ptrace in it."""

    name: str
    placements: tuple[str, ...]
    interfaces: tuple[str, ...]
    floor: bool = False


class Registry(dict[str, Scenario]):
    """The families by name; each scenario of one can be had by its own name.

    `placements`: how many CPUs each takes. `interfaces`: in their order."""

    def __init__(
        self,
        scenarios: list[Scenario],
        placements: dict[str, int],
        interfaces: tuple[str, ...],
    ) -> None:
        super().__init__((each.name, each) for each in scenarios)
        self.placements = placements
        self.interfaces = interfaces

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._family(str(name)) is not None

    def __missing__(self, name: str) -> Scenario:
        if family := self._family(name):
            return replace(family, name=name)
        raise KeyError(name)

    def _family(self, name: str) -> Scenario | None:
        for family, scenario in self.items():
            if [*_numbers(family, name)] and not out_of_range(family, name):
                return scenario
        return None


def _numbers(family: str, name: str) -> Iterator[tuple[str, int, int, int]]:
    """Each parameter of a family, its range, and what `name` has for it; none when
    that is no name of the family."""
    escaped = re.escape(family)
    found = re.fullmatch(RANGE.sub(r"\1:(0|[1-9][0-9]*)", escaped), name)
    if found:
        for (key, least, most), number in zip(RANGE.findall(escaped), found.groups()):
            yield key, int(least), int(most), int(number)


def least(family: str) -> str:
    """The scenario of a family that has its least numbers."""
    return re.sub(r":([0-9]+)\.\.[0-9]+", r":\1", family)


def out_of_range(family: str, name: str) -> str | None:
    """`threads is 1 to 256, not 257`, when nothing else is wrong with a name."""
    for key, least, most, number in _numbers(family, name):
        if not least <= number <= most:
            return f"{key} is {least} to {most}, not {number}"
    return None


def complaint(name: str, known: Iterable[str]) -> str:
    """What is wrong with a name that is none of the families `known`."""
    families = list(known)
    for family in families:
        if said := out_of_range(family, name):
            return f"{name}: {said}"
    return f"no scenario {name!r}; {nearest(name, families)}"


def read(text: str) -> Registry:
    """What `--list --json` printed. Errors: ValueError, of another schema."""
    listed = _listed(text)
    return Registry(
        [
            Scenario(
                row["scenario"],
                tuple(row["placements"]),
                tuple(row["interfaces"]),
                row["floor"],
            )
            for row in listed["scenarios"]
        ],
        {row["name"]: row["cpus"] for row in listed["placements"]},
        tuple(listed["interfaces"]),
    )


@dataclass(frozen=True)
class Family:
    """`name`: without parameters; `pattern`: with their ranges. `usual`: its scenarios
    with their usual numbers."""

    name: str
    pattern: str
    help: str
    usual: tuple[str, ...]


def families(text: str) -> list[Family]:
    """What `--list --json` printed, in order; of one name there may be several."""
    return [
        Family(
            row["family"],
            row["scenario"],
            row["help"],
            tuple(_usual(row["family"], row["parameters"])),
        )
        for row in _listed(text)["scenarios"]
    ]


def _usual(family: str, parameters: list[dict[str, Any]]) -> Iterator[str]:
    words = [[f"/{each['name']}:{n}" for n in each["usual"]] for each in parameters]
    for chosen in itertools.product(*words):
        yield family + "".join(chosen)


def _listed(text: str) -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(text)
    if not isinstance(listed, dict) or listed.get("schema") != SCHEMA:
        raise ValueError(f"not {SCHEMA}")
    return listed
