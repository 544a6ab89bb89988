# SPDX-License-Identifier: GPL-2.0-only
"""One cell on several kernels: what each function adds, a column a kernel.

The short table that goes into a mail: ten lines a cell.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby

from retrap.profile.difference import compare
from retrap.profile.report import figure, shorten, signed
from retrap.profile.summary import Profile
from retrap.profile.symbols import Function
from retrap.base.textgrid import WIDTH, wrap

MOST = 11  # lines: title, head, functions, the rest, the sum, the verdict
CLASS_SHORT = {"all": "all samples", "cheapest": "cheapest class"}


def table(base: Profile, others: list[Profile], kind: str, most: int = MOST) -> str:
    """The functions whose instructions change most, baseline first."""
    facts = base.facts
    found = [compare(base, other, kind) for other in others]
    columns: list[dict[Function, Fraction]] = [
        {change.function: change.delta for change in each.changes} for each in found
    ]
    told = {change.function for each in found for change in each.told}
    before = {row.function: row.own for row in base.trees[kind].rows()}
    weights = {
        function: max(abs(column.get(function, Fraction())) for column in columns)
        for column in columns
        for function in column
    }
    order = sorted(weights, key=lambda function: (-weights[function], str(function)))
    steady = [function for function in order if function in told]
    shown = steady[: most - 5] if len(order) > most - 4 else steady
    names = [facts["variant"], *(other.facts["variant"] for other in others)]
    widths = [max(9, len(name) + 2) for name in names]

    def line(words: list[str], what: str) -> str:
        text = "".join(
            word.rjust(width) for word, width in zip(words, widths, strict=True)
        )
        return f"{text}  {shorten(what, WIDTH - len(text) - 2)}".rstrip()

    def numbers(functions: list[Function]) -> list[str]:
        own = sum((before.get(each, Fraction()) for each in functions), Fraction())
        sums = [
            sum((column.get(each, Fraction()) for each in functions), Fraction())
            for column in columns
        ]
        return [figure(own), *(signed(each) if each else "-" for each in sums)]

    lines = [wrap(f"{base.cell}, exact {facts['arch']}, {CLASS_SHORT[kind]}")]
    lines.append(line(names, "function"))
    lines += [line(numbers([function]), str(function)) for function in shown]
    if rest := [function for function in order if function not in shown]:
        lines.append(line(numbers(rest), f"{len(rest)} others that differ"))
    total = [figure(base.trees[kind].total), *(signed(each.delta) for each in found)]
    lines.append(line(total, "sum, the unchanged with it"))
    lines.append(line(["", *(each.judgement.text for each in found)], "verdict"))
    return "\n".join(lines) + "\n"


def tables(profiles: list[Profile], baseline: str, kind: str) -> list[str]:
    """A table a cell and architecture that the baseline and another have."""
    found = []
    for _, group in groupby(pairs(profiles, baseline), key=lambda pair: id(pair[0])):
        same = list(group)
        found.append(table(same[0][0], [other for _, other in same], kind))
    return found


def pairs(profiles: list[Profile], baseline: str) -> list[tuple[Profile, Profile]]:
    """The baseline's profile of a cell and architecture, and each other's."""
    return [
        (base, other)
        for base in profiles
        if base.facts["variant"] == baseline
        for other in profiles
        if other.facts["variant"] != baseline
        and (other.cell, other.facts["arch"]) == (base.cell, base.facts["arch"])
    ]
