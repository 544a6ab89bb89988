# SPDX-License-Identifier: GPL-2.0-only
"""configs/conform.toml: which rules there are and what may differ, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from retrap.base.paths import ROOT
from retrap.config.variants import PROPERTIES, load_variants
from retrap.base.tomlfile import TomlTable, read_toml

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
    """`families`: prefix of a rule to the interface or property it is about.
    `waived`: rules that a property does away with, by property."""

    families: dict[str, str]
    rules: tuple[str, ...]
    untested: dict[str, str]
    differences: dict[str, Difference]
    waived: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def interface(self, rule: str) -> str | None:
        """What a kernel must offer for `rule`; None: no family has it."""
        return self.families.get(rule.rstrip("0123456789"))

    def binds(self, rule: str, keeps: tuple[str, ...]) -> bool:
        """Whether `rule` is one for a kernel that offers and does all that."""
        waived = any(rule in self.waived.get(each, ()) for each in keeps)
        return self.interface(rule) in keeps and not waived


def _families(table: TomlTable) -> tuple[dict[str, str], tuple[str, ...]]:
    """A family of an interface that no kernel offers would bind none."""
    variants = load_variants().values()
    offered = tuple(each for variant in variants for each in variant.offers)
    interfaces: dict[str, str] = {}
    rules: list[str] = []
    for prefix in table.data:
        family = table.get(prefix, dict)
        given = [key for key in ("interface", "property") if key in family]
        interface, count = family.get(given[0] if given else ""), family.get("rules")
        if isinstance(count, int):
            count = [f"{prefix}{number:02}" for number in range(1, count + 1)]
        known = PROPERTIES if given == ["property"] else offered
        if len(given) != 1 or interface not in known or not isinstance(count, list):
            raise table.fail(
                prefix, "give rules, a number or names, and interface or property"
            )
        interfaces[prefix] = interface
        rules += count
    return interfaces, tuple(rules)


def _differences(table: TomlTable | None) -> dict[str, Difference]:
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


def _waived(
    table: TomlTable | None, rules: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in table.data if table else ():
        assert table is not None
        found[name] = table.words(name)
        if name not in PROPERTIES or not set(found[name]) <= set(rules):
            raise table.fail(name, "must be a property with a list of rules")
    return found


def load(path: Path = RULEBOOK) -> RuleBook:
    """Errors: EXIT_CONFIG, with file and line."""
    whole = read_toml(path, "rule book's file")
    whole.only(("families", "untested", "differences", "waived"))
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
    waived = _waived(whole.table("waived"), rules)
    return RuleBook(interfaces, rules, untested, differences, waived)
