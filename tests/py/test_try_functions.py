# SPDX-License-Identifier: GPL-2.0-only
"""The functions on the last screen of `retrap try`, in its file and its JSON."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import pytest
from conftest import Maker
from test_try import EVERY, PATHS, TITLES

from retrap.analysis.compare import comparisons
from retrap.analysis.verdict import DECIDED, SAME, UNDECIDED
from retrap.base import schema
from retrap.base.paths import ROOT
from retrap.kernel.given import Given
from retrap.profile.choice import Choice
from retrap.profile.difference import Change, Difference
from retrap.profile.symbols import Function
from retrap.report import tried, tried_functions, tried_json
from retrap.report.tried import Tried
from retrap.results.store import Results, load


@pytest.fixture(scope="module")
def results() -> Results:
    return load(ROOT / "results/reference/quick")


def change(
    name: str, delta: int, calls: float = 2, steady: int | None = None
) -> Change:
    more = Fraction(delta)
    counts = Fraction(9), 9 + more, Fraction(1), Fraction(calls)
    usual = delta if steady is None else steady
    return Change(Function(name), "", *counts, more, more, usual)


def by_function(*told: Change) -> Difference:
    facts = {"scenario": "floor/pipe", "placement": "same-cpu"}
    ends = SimpleNamespace(facts=facts)
    made = SimpleNamespace(told=list(told), b=ends, left_behind=[change("left", 9)])
    return cast(Difference, made)


def test_why_a_function_differs(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tried_functions, tried_json):
        sizes = {"touched.isra.0": 16, "other": -4}
        monkeypatch.setattr(module, "code", lambda _, sizes=sizes: sizes)
    parts = change("data", 128, calls=1.06), change("touched", 5, calls=1)
    made = Tried(["x"], EVERY, [by_function(*parts, change("called", 30))])
    line = "touched() +5, called() +30; another branch in data() +128"
    text = " ".join(tried.whole(results, made).split())
    assert f"floor/pipe same-cpu +163: {line} " in text
    found = tried_json.document(results, [Given("x", "", "x")], made)
    assert not list(schema.problems("try", found))
    why = {each["function"]: each["why"] for each in found["functions"]}
    assert why == {"touched": "code", "called": "calls", "data": "branch"}
    (left,) = found["boot_state"]
    assert (left["function"], left["change"]) == ("left", 9)
    assert "differ as much in left()" in tried.whole(results, made)
    assert "left()" not in tried.render(results, made)
    assert tried_functions.why(parts[0], None) == tried_functions.CODE


def test_where_no_cell_is_decided_the_functions_are_for_the_changelog(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is made and ends varies by more than what a patch adds."""
    monkeypatch.setattr(tried_functions, "code", lambda _: None)
    undecided = ("floor/pipe",)
    others = tuple(n for n in results.plan["scenarios"] if n not in undecided)
    cells = [by_function(change("a", 5)), by_function(*map(change, "abcd", (9,) * 4))]
    choice = Choice((), others)
    verdicts = {row.verdict for row in tried.rows(results, choice)}
    assert UNDECIDED in verdicts and not verdicts & {*DECIDED} - {SAME}
    text = tried.render(results, Tried(["x"], choice, cells))
    said = " ".join(text.partition("For a changelog:")[2].split())
    assert "By function, floor/pipe same-cpu: a() +9, b() +9, c() +9 and 1 more" in said
    assert "and 1 more (+36 together). Instructions are no times." in said
    text = tried.render(results, Tried(["x"], choice, cells[:1]))
    assert "By function, floor/pipe same-cpu: a() +5." in " ".join(text.split())
    text = tried.render(results, Tried(["x"], EVERY, cells))
    assert "By function" not in text


def test_functions_are_those_of_the_first_architecture(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tried_functions, "code", lambda _: None)
    maker.substrates, maker.arches = ("exact",), ("x86_64", "arm64")
    made = load(maker.write())
    undecided = [row for row in comparisons(made) if not row.decided]
    assert undecided
    others = {row.scenario for row in comparisons(made) if row.decided}
    told = tried.whole(made, Tried(["x"], Choice((), tuple(others)), [by_function()]))
    assert "By function" not in told
    cells = [by_function(change("only_here", 5))]
    told = tried.whole(made, Tried(["x"], Choice((), tuple(others)), cells))
    assert told.count("For a changelog:") == 2 and told.count("By function") == 1


def test_a_cell_without_functions_hides_no_other(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tried_functions, "code", lambda _: {"left": 4})
    cells = [by_function()] * 2
    for each in cells:
        each.left_behind.clear()
    cells.append(by_function(change("a", 5, steady=7)))
    text = tried.render(results, Tried(["x"], EVERY, cells))
    assert "same-cpu: a() +7; no more than boots differ: left() +9" in text
    cells = [*cells[:2], by_function(change("a", 5), change("b", -5))]
    assert tried_functions.largest(cells).endswith("a() +5, b() -5 (+0 together)")
    assert tried_functions.largest([]) == tried_functions.largest(cells[:2]) == ""


def test_lines_that_are_left_name_more_functions(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tried_functions, "code", lambda _: None)
    cell = by_function(*(change(f"{'f' * 22}_{n}", 7) for n in range(4)))
    others = tuple(n for n in results.plan["scenarios"] if n != "floor/pipe")
    few = tried.render(results, Tried(["x"], Choice((), others), [cell] * 9))
    assert len(few.splitlines()) + PATHS <= 24
    few = few.partition("For a changelog:")[0]
    assert few.count("_0() +7") == few.count("_2() +7") == tried.BLAMED
    for titles in (["x"], TITLES * 9):
        many = tried.render(results, Tried(titles, EVERY, [cell] * 9))
        assert len(many.splitlines()) + PATHS <= 24
