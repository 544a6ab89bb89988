# SPDX-License-Identifier: GPL-2.0-only
"""configs/conform.toml: which rules there are and what may differ, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from retrap.base.paths import ROOT
from retrap.base.tomlfile import read_checked

RULEBOOK = ROOT / "configs/conform.toml"


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


def _rules(prefix: str, which: int | list[str]) -> list[str]:
    """Their names, of a family that gives their number or them."""
    if isinstance(which, list):
        return which
    return [f"{prefix}{number:02}" for number in range(1, which + 1)]


def load(path: Path = RULEBOOK) -> RuleBook:
    """Errors: EXIT_CONFIG, with file and line."""
    whole = read_checked(path, "rule book's file", "rulebook")
    families: dict[str, str] = {}
    rules: list[str] = []
    for prefix, family in whole.data["families"].items():
        families[prefix] = family.get("interface") or family["property"]
        rules += _rules(prefix, family["rules"])
    untested, waived = whole.data["untested"], whole.data["waived"]
    for rule in untested:
        if rule not in rules:
            raise whole.table("untested").fail(rule, "is no rule")
    for each, waives in waived.items():
        if unknown := set(waives) - set(rules):
            what = f"no rule {', '.join(sorted(unknown))}"
            raise whole.table("waived").fail(each, what)
    differences = {
        name: Difference(tuple(d["kernels"]), tuple(d["arches"]), d["reason"])
        for name, d in whole.data["differences"].items()
    }
    waivers = {each: tuple(waives) for each, waives in waived.items()}
    return RuleBook(families, tuple(rules), untested, differences, waivers)
