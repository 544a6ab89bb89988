# SPDX-License-Identifier: GPL-2.0-only
"""The profile of one cell: many windows, one tree of calls a class of samples.

profile.json (schema `retrap.profile/1`, docs/data-format.md) holds all of it;
table, figures and differences are made from that file alone. Counts are whole:
sums over the windows of a class. A sample's share is a fraction of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from retrap.config.plan import Run
from retrap.profile.callgraph import Calls, Group, Node
from retrap.profile.symbols import Function
from retrap.base import schema
from retrap.base.rawfile import damaged, read_record

ALL, CHEAPEST = "all", "cheapest"
CLASSES = (ALL, CHEAPEST)
STEADY = 0.9  # of the windows
DERIVED = "delete its directory profiles/ and repeat the command that made it"


@dataclass(frozen=True)
class Row:
    """A function in one sample. `inclusive`: with all that it called, counted
    once where it called itself. `callers`: calls by the function they are from."""

    function: Function
    own: Fraction
    inclusive: Fraction
    calls: Fraction
    groups: dict[Group, Fraction]
    callers: dict[Function, Fraction]


@dataclass
class Tree:
    """The calls of `windows` windows together. A root's caller is not known, or
    there is none. `counts`: of each function, in how many windows it has so many
    instructions; a window that is not there has none."""

    windows: int = 0
    roots: dict[Function, Node] = field(default_factory=dict)
    counts: dict[Function, Counter[int]] = field(default_factory=dict)

    def add(self, calls: Calls, times: int) -> None:
        self.windows += times
        own: Counter[Function] = Counter()
        for node in calls.nodes():
            own[node.function] += sum(node.own.values())
        for function, count in own.items():
            self.counts.setdefault(function, Counter())[count] += times
        for root in calls.roots:
            mine = self.roots.get(root.function)
            if mine is None:
                mine = self.roots[root.function] = Node(root.function, None)
            _merge(mine, root, times)

    def steady(self, function: Function) -> int | None:
        """Its instructions in nearly every window; None where they vary."""
        counts = Counter(self.counts.get(function, {}))
        counts[0] += self.windows - counts.total()
        ((count, times),) = counts.most_common(1)
        return count if times >= STEADY * self.windows else None

    @property
    def total(self) -> Fraction:
        """Instructions a sample."""
        whole = sum(sum(n.own.values()) for root in self.top() for n in root.walk())
        return Fraction(whole, self.windows)

    def top(self) -> Iterable[Node]:
        return self.roots.values()

    def rows(self) -> list[Row]:
        """Every function once, most instructions of its own first."""
        calls: Counter[Function] = Counter()
        inclusive: Counter[Function] = Counter()
        groups: dict[Function, Counter[Group]] = defaultdict(Counter)
        callers: dict[Function, Counter[Function]] = defaultdict(Counter)
        for root in self.top():
            _count(root, inclusive, set())
            for node in root.walk():
                groups[node.function].update(node.own)
                calls[node.function] += node.calls
                if node.parent and node.calls:
                    callers[node.function][node.parent.function] += node.calls

        def share(counts: Counter[Any]) -> dict[Any, Fraction]:
            return {key: Fraction(n, self.windows) for key, n in counts.items()}

        rows = [
            Row(
                function,
                Fraction(sum(groups[function].values()), self.windows),
                Fraction(inclusive[function], self.windows),
                Fraction(calls[function], self.windows),
                share(groups[function]),
                share(callers[function]),
            )
            for function in groups
        ]
        return sorted(rows, key=lambda row: (-row.own, str(row.function)))


def _merge(mine: Node, other: Node, times: int) -> None:
    mine.calls += other.calls * times
    for group, count in other.own.items():
        mine.own[group] = mine.own.get(group, 0) + count * times
    for function, child in other.children.items():
        _merge(mine.child(function), child, times)


def _count(node: Node, inclusive: Counter[Function], above: set[Function]) -> int:
    """Instructions of the node and below; adds them up by function."""
    again = node.function in above
    above = above | {node.function}
    whole = sum(node.own.values())
    whole += sum(_count(child, inclusive, above) for child in node.children.values())
    if not again:
        inclusive[node.function] += whole
    return whole


@dataclass(frozen=True)
class Profile:
    """`facts`: what was measured on what (schemas/profile.json). `windows`: the
    instructions of each sample, in order. `trees`: one a class."""

    facts: dict[str, Any]
    windows: tuple[int, ...]
    trees: dict[str, Tree]

    @property
    def cell(self) -> str:
        return f"{self.facts['scenario']} {self.facts['placement']}"

    @property
    def name(self) -> str:
        """`mainline-x86_64-retrap.trigger-sigcont@same-cpu`: of its files."""
        facts = self.facts
        cell = Run(
            facts["scenario"], facts["placement"], facts["interface"], 0, None, 0
        )
        return f"{facts['variant']}-{facts['arch']}-{cell.stem}"

    def record(self) -> dict[str, Any]:
        functions: dict[Function, int] = {}
        groups: dict[Group, int] = {}
        trees = {
            name: _rows_of(tree, functions, groups) for name, tree in self.trees.items()
        }
        return {
            "schema": schema.identity("profile"),
            **self.facts,
            "windows": list(self.windows),
            "functions": [[each.image, each.name] for each in functions],
            "groups": [list(group) for group in groups],
            "trees": trees,
        }


_BULK = ("schema", "windows", "functions", "groups", "trees")


def _rows_of(
    tree: Tree, functions: dict[Function, int], groups: dict[Group, int]
) -> dict[str, Any]:
    """Nodes, parents first: parent (-1: none), function, calls, own by group."""
    number: dict[int, int] = {}
    rows: list[list[Any]] = []
    for root in tree.top():
        for node in root.walk():
            number[id(node)] = len(rows)
            own = [
                [groups.setdefault(group, len(groups)), count]
                for group, count in sorted(node.own.items())
            ]
            parent = -1 if node.parent is None else number[id(node.parent)]
            function = functions.setdefault(node.function, len(functions))
            rows.append([parent, function, node.calls, own])
    counts = [
        [functions[function], sorted(each.items())]
        for function, each in tree.counts.items()
    ]
    return {"windows": tree.windows, "nodes": rows, "counts": counts}


def load(path: Path) -> Profile:
    """Errors: EXIT_RESULTS, naming the file."""
    record = read_record(path, "profile", DERIVED)
    try:
        functions = [Function(name, image) for image, name in record["functions"]]
        groups = [(int(vcpu), str(side)) for vcpu, side in record["groups"]]
        trees = {
            name: _tree(stored, functions, groups)
            for name, stored in record["trees"].items()
        }
        windows = tuple(int(count) for count in record["windows"])
        whole = {name: trees[name].windows for name in CLASSES}
    except (KeyError, IndexError, TypeError, ValueError):
        raise damaged(path, "its trees are not whole", DERIVED) from None
    if whole[ALL] != len(windows) or trees[ALL].total * len(windows) != sum(windows):
        raise damaged(path, "its functions do not add up to its windows", DERIVED)
    facts = {key: value for key, value in record.items() if key not in _BULK}
    return Profile(facts, windows, trees)


def _tree(
    stored: dict[str, Any], functions: list[Function], groups: list[Group]
) -> Tree:
    tree = Tree(int(stored["windows"]))
    if tree.windows < 1:
        raise ValueError(tree.windows)
    nodes: list[Node] = []
    for parent, function, calls, own in stored["nodes"]:
        if not -1 <= parent < len(nodes):
            raise ValueError(parent)
        node = Node(functions[function], nodes[parent] if parent >= 0 else None)
        node.calls = int(calls)
        node.own = {groups[group]: int(count) for group, count in own}
        if parent < 0:
            tree.roots[node.function] = node
        nodes.append(node)
    for number, pairs in stored.get("counts", ()):
        tree.counts[functions[number]] = Counter({own: times for own, times in pairs})
    return tree
