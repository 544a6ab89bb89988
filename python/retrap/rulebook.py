# SPDX-License-Identifier: GPL-2.0-only
"""configs/conform.toml: which rules there are and what may differ, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retrap.config import INTERFACES, ROOT
from retrap.tomlfile import Table, read_toml

RULEBOOK = ROOT / "configs/conform.toml"
MOST_UNTESTED = 5


@dataclass(frozen=True)
class Difference:
    """A test known to fail on these kernels; no arches means on all."""

    kernels: tuple[str, ...]
    arches: tuple[str, ...]
    reason: str

    def covers(self, kernel: str, arch: str) -> bool:
        return kernel in self.kernels and (not self.arches or arch in self.arches)


@dataclass(frozen=True)
class RuleBook:
    """`families`: prefix of a rule to the interface it is about."""

    families: dict[str, str]
    rules: tuple[str, ...]
    untested: dict[str, str]
    differences: dict[str, Difference]

    def interface(self, rule: str) -> str | None:
        """What a kernel must offer for `rule`; None: no family has it."""
        return self.families.get(rule.rstrip("0123456789"))


def _families(table: Table) -> tuple[dict[str, str], tuple[str, ...]]:
    interfaces: dict[str, str] = {}
    rules: list[str] = []
    for prefix in table.data:
        family = table.get(prefix, dict)
        interface, count = family.get("interface"), family.get("rules")
        if isinstance(count, int):
            count = [f"{prefix}{number:02}" for number in range(1, count + 1)]
        if interface not in INTERFACES or not isinstance(count, list):
            raise table.fail(prefix, "give rules, a number or names, and interface")
        interfaces[prefix] = interface
        rules += count
    return interfaces, tuple(rules)


def _differences(table: Table | None) -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    for name in table.data if table else ():
        assert table is not None
        given = table.get(name, dict)
        words = [given.get("kernels", []), given.get("arches", [])]
        reason = given.get("reason", "")
        if not words[0] or not reason or set(given) - {"kernels", "arches", "reason"}:
            raise table.fail(name, "give kernels, a reason and maybe arches")
        found[name] = Difference(tuple(words[0]), tuple(words[1]), str(reason))
    return found


def load(path: Path = RULEBOOK) -> RuleBook:
    """Errors: EXIT_CONFIG, with file and line."""
    whole = read_toml(path, "rule book's file")
    whole.only(("families", "untested", "differences"))
    families = whole.table("families")
    if families is None:
        raise whole.fail("families", "missing")
    interfaces, rules = _families(families)
    untested: dict[str, str] = {}
    if table := whole.table("untested"):
        for rule in table.data:
            untested[rule] = table.get(rule, str)
            if rule not in rules or not untested[rule]:
                raise table.fail(rule, "is no rule, or has no reason")
        if len(untested) > MOST_UNTESTED:
            raise table.fail(rule, f"{len(untested)} rules, at most {MOST_UNTESTED}")
    differences = _differences(whole.table("differences"))
    return RuleBook(interfaces, rules, untested, differences)
