# SPDX-License-Identifier: GPL-2.0-only
"""Profiles that are made up: sums, differences, files, text."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from retrap.base.errors import EXIT_REFUSED, EXIT_RESULTS, RetrapError
from retrap.profile import designs, difference, report, summary, tables
from retrap.profile.callgraph import Calls, Node
from retrap.profile.summary import ALL, CHEAPEST, Profile, Tree
from retrap.profile.symbols import Function

FACTS: dict[str, Any] = {
    "scenario": "retrap/trigger:sigcont",
    "placement": "same-cpu",
    "interface": "listen",
    "variant": "mainline",
    "arch": "x86_64",
    "substrate": "exact",
    "cpus": 2,
    "seed": 1,
    "kernel": {"key": "k"},
    "qemu": "QEMU emulator version 7.2",
    "jumps": 0,
    "faults": 0,
    "lost_returns": 0,
}
Spec = dict[str, tuple[int, int]]  # "caller callee": self, calls


def calls_of(spec: Spec) -> Calls:
    nodes: dict[str, Node] = {}
    for path, (own, calls) in spec.items():
        above, _, name = path.rpartition(" ")
        image = "libc.so.6" if name.startswith("lib") else ""
        node = Node(Function(name, image), nodes.get(above))
        node.calls = calls
        node.own = {(0, "tracer"): own}
        nodes[path] = node
    return Calls([node for node in nodes.values() if node.parent is None])


def profile(*windows: Spec, **facts: Any) -> Profile:
    tree = Tree()
    totals = []
    for spec in windows:
        tree.add(calls_of(spec), 1)
        totals.append(sum(own for own, _ in spec.values()))
    trees = {ALL: tree, CHEAPEST: tree}
    return Profile({**FACTS, **facts}, tuple(totals), trees)


BASE: Spec = {"f": (10, 0), "f g": (6, 2), "f g h": (4, 4), "libx": (5, 0)}


def whole(*values: Fraction) -> tuple[int, ...]:
    assert all(value.denominator == 1 for value in values)
    return tuple(int(value) for value in values)


def test_rows_add_up_and_recursion_counts_once() -> None:
    found = profile({"f": (1, 1), "f g": (2, 1), "f g f": (4, 1)}).trees[ALL]
    rows = {row.function.name: row for row in found.rows()}
    assert whole(rows["f"].own, rows["f"].inclusive, rows["f"].calls) == (5, 7, 2)
    assert whole(rows["g"].own, rows["g"].inclusive) == (2, 6)
    assert found.total == 7
    assert rows["f"].callers == {Function("g"): Fraction(1)}


def test_windows_are_averaged_exactly() -> None:
    found = profile({"f": (1, 1)}, {"f": (2, 1)}, {"f": (2, 1), "f g": (1, 1)})
    tree = found.trees[ALL]
    assert tree.total == Fraction(6, 3)
    assert {r.function.name: r.own for r in tree.rows()} == {
        "f": Fraction(5, 3),
        "g": Fraction(1, 3),
    }


def kinds(a: Spec, b: Spec) -> dict[str, tuple[str, int]]:
    found = difference.compare(profile(a), profile(b, variant="x"), ALL)
    assert sum(change.delta for change in found.changes) == found.delta
    return {c.function.name: (c.kind, whole(c.delta)[0]) for c in found.changes}


def test_what_differs_is_told_apart() -> None:
    assert kinds(BASE, BASE) == {}
    assert kinds(BASE, {**BASE, "f n": (7, 1)}) == {"n": ("appears", 7)}
    assert kinds({**BASE, "f n": (7, 1)}, BASE) == {"n": ("vanishes", -7)}
    assert kinds(BASE, {**BASE, "f g": (9, 2)}) == {"g": ("costs", 3)}
    assert kinds(BASE, {**BASE, "f g": (9, 3)}) == {"g": ("called", 3)}
    assert kinds(BASE, {**BASE, "f g": (10, 3)}) == {"g": ("costs and called", 4)}
    found = difference.compare(profile(BASE), profile({**BASE, "f g": (10, 3)}), ALL)
    (change,) = found.changes
    assert whole(change.by_cost, change.by_calls) == (1, 3)


def test_a_function_with_another_caller_is_listed_apart() -> None:
    moved: Spec = {"f": (10, 0), "f g": (6, 2), "f h": (4, 4), "libx": (5, 0)}
    found = difference.compare(profile(BASE), profile(moved, variant="x"), ALL)
    assert not found.changes and found.delta == 0
    (each,) = found.moved
    assert (each.left, each.joined) == ((Function("g"),), (Function("f"),))
    text = report.difference(found, ALL, False, 30)
    assert "no function differs" in text and "h: g > f" in text


@pytest.mark.parametrize("key", ["scenario", "placement", "arch", "cpus", "qemu"])
def test_what_was_not_measured_alike_is_refused(key: str) -> None:
    other = profile(BASE, **{key: "another"})
    with pytest.raises(RetrapError, match=f"differ in {key}") as caught:
        difference.compare(profile(BASE), other, ALL)
    assert caught.value.exit_code == EXIT_REFUSED


def test_a_profile_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    found = profile(BASE, {**BASE, "f n": (7, 1)})
    path.write_text(json.dumps(found.record()))
    again = summary.load(path)
    assert again.facts == found.facts and again.windows == found.windows
    for kind in summary.CLASSES:
        assert again.trees[kind].rows() == found.trees[kind].rows()
        assert again.trees[kind].counts == found.trees[kind].counts


@pytest.mark.parametrize("what", ["count", "parent", "windows", "group", "missing"])
def test_a_damaged_file_is_refused(tmp_path: Path, what: str) -> None:
    record = profile(BASE).record()
    node = record["trees"][ALL]["nodes"][1]
    if what == "count":
        node[3][0][1] += 1
    elif what == "parent":
        node[0] = 99
    elif what == "windows":
        record["windows"].append(25)
    elif what == "group":
        node[3][0][0] = 7
    else:
        del record["trees"][CHEAPEST]
    path = tmp_path / "p.json"
    path.write_text(json.dumps(record))
    with pytest.raises(RetrapError) as caught:
        summary.load(path)
    assert caught.value.exit_code == EXIT_RESULTS


LONG: Spec = {
    **{f"f n{i}": (i, 1) for i in range(1, 60)},
    "f " + "a_name_that_is_longer_than_a_line_of_a_mail_" * 3: (1234567, 1000000),
}


def test_text_fits_a_mail() -> None:
    found = profile({"f": (1, 1), **LONG}, {"f": (2, 2)}, jumps=1, lost_returns=1)
    other = profile({"f": (1, 1)}, variant="a-variant-with-a-name-so-long-it-is-40")
    compared = difference.compare(found, other, ALL)
    texts = [report.profile(found, ALL, by, False, 30) for by in ("", "side", "vcpu")]
    texts.append(report.difference(compared, ALL, False, 30))
    texts.append(designs.table(found, [other], ALL))
    for text in texts:
        assert max(map(len, text.splitlines())) <= 72, text
        assert text.isascii() and "\t" not in text


def test_the_table_says_the_rest_and_the_sum() -> None:
    text = report.profile(profile(BASE), ALL, "", False, 2)
    rows = [line.split() for line in text.splitlines()[-4:]]
    assert rows == [
        ["10", "20", "0", "f"],
        ["6", "10", "2", "g"],
        ["9", "2", "further", "functions"],
        ["25", "sum"],
    ]
    alone = report.profile(profile(BASE), ALL, "", True, 9)
    assert "libx" not in alone
    assert "20" in alone.splitlines()[-2] and "25  with user space" in alone


def test_the_short_table_has_eleven_lines() -> None:
    base, other = profile(BASE), profile({**BASE, **LONG}, variant="x")
    lines = designs.table(base, [other], ALL).splitlines()
    assert len(lines) <= 12  # and the head
    assert lines[-2].split()[:2] == ["25", "+1236337"]
    assert lines[-1].split() == ["~+1236337", "verdict"]  # of one sample


def test_what_varies_from_sample_to_sample_stands_apart() -> None:
    """`tick` is in some samples and `free` has any count; `f` has 3 more in each."""

    def window(own: int, n: int) -> Spec:
        some: Spec = {"f tick": (900, 1)} if n % 4 == 0 else {}
        return {"f": (own, 0), "f free": (50 + n * own % 7, 1), **some}

    a = profile(*(window(10, n) for n in range(40)))
    b = profile(*(window(13, n) for n in range(40, 79)), variant="x")
    found = difference.compare(a, b, ALL)
    assert {str(c.function): c.steady for c in found.changes} == {
        "f": 3,
        "free": None,
        "tick": None,
    }
    assert [str(change.function) for change in found.told] == ["f"]
    text = report.difference(found, ALL, False, 30)
    assert "2 that differ in some samples" in text
    assert "+3 by functions that differ in nearly every one" in " ".join(text.split())


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_sums_are_whole() -> None:
    rows = rows_of(tables.functions(profile(BASE, {**BASE, "f n": (7, 1)})))
    mine = [row for row in rows if row["class"] == ALL]
    assert sum(int(row["self"]) for row in mine) == 57
    assert all(row["windows"] == "2" and row["self"] == row["tracer"] for row in mine)
    profiles = [profile(BASE), profile({**BASE, "f n": (7, 1)}, variant="x")]
    ((name, text),) = tables.differences(profiles, "mainline").items()
    assert name == "x-x86_64-retrap.trigger-sigcont@same-cpu-less-mainline"
    changes = [row for row in rows_of(text) if row["class"] == ALL]
    assert [(r["function"], r["kind"], r["change"]) for r in changes] == [
        ("n", "appears", "7")
    ]


def test_a_class_of_no_windows_is_refused(tmp_path: Path) -> None:
    """It would have no share of anything."""
    record = profile(BASE).record()
    record["trees"]["cheapest"]["windows"] = 0
    (tmp_path / "x.json").write_text(json.dumps(record))
    with pytest.raises(RetrapError, match="x.json: its trees are not whole"):
        summary.load(tmp_path / "x.json")
