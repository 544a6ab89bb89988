# SPDX-License-Identifier: GPL-2.0-only
"""The last screen of `retrap try` of a series: a row a patch, and one of all."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from test_try import EVERY, PATHS, QUICK, TITLES

from retrap.analysis import shift, steps
from retrap.analysis.side import of
from retrap.analysis.verdict import FEWER, MORE, SAME, UNDECIDED
from retrap.profile.choice import Choice
from retrap.report import tried, tried_json, tried_series
from retrap.report.tried import Tried
from retrap.report.tried_series import Series
from retrap.results.store import Results, load

KERNELS = ("mainline", "listen-republish", "async-retrap", "please-notify")


@pytest.fixture(scope="module")
def results() -> Results:
    """Its four kernels, as if each were the one before and a patch."""
    return load(QUICK)


def long(results: Results, changing: Sequence[int], of: int) -> Series:
    """Of so many patches; those whose numbers are given change something."""
    (machine,) = results.machines
    moved = steps.between(results, machine, "async-retrap", "please-notify")
    none = tuple(row for row in moved if row.verdict == SAME)
    added = [moved if n in changing else none for n in range(1, of + 1)]
    return Series([f"subject {n}" for n in range(1, of + 1)], added, moved)


def rows_of(lines: Sequence[str]) -> dict[str, list[str]]:
    """Number of the patch, or `all`: what follows its subject."""
    found = {}
    for line in lines:
        label = line[: tried_series.LABEL].split()
        if label and re.fullmatch(r"\d+|all", label[0]):
            found[label[0]] = line[tried_series.LABEL :].split()
    return found


def test_a_row_has_what_its_patch_adds(results: Results) -> None:
    """By the samples of its kernel and of the one before."""
    (machine,) = results.machines
    lines = tried.render(results, Tried(TITLES, EVERY)).splitlines()
    named = [re.match(r"  [ABC]: (\S+) ([a-z-]+)", line) for line in lines]
    cells = [(match[1], match[2]) for match in named if match]
    rows = rows_of(lines)
    assert len(cells) == 3 and list(rows) == ["1", "2", "3", "all"]
    pairs = [*zip(KERNELS, KERNELS[1:]), (KERNELS[0], KERNELS[-1])]
    for (before, after), row in zip(pairs, rows.values(), strict=True):
        for where, change in zip(cells, row[3:], strict=True):
            first, second = (of(results, machine, k, where) for k in (before, after))
            judged = first and second and shift.judge(first.values, second.values)
            assert (judged.text if judged else "n.a.") == change, (after, where)


def test_a_row_counts_the_cells(results: Results) -> None:
    (machine,) = results.machines
    controls = ("floor/futex", "uncaring/sigcont")
    text = tried.render(results, Tried(TITLES, Choice((), controls)))
    found = [
        row
        for row in steps.between(results, machine, *KERNELS[1:3])
        if row.scenario not in controls
    ]
    counts = [
        str(sum(row.verdict == said for row in found))
        for said in (MORE, FEWER, UNDECIDED)
    ]
    assert rows_of(text.splitlines())["2"][:3] == counts
    assert "uncaring/sigcont" not in text.partition("With all")[0]


def test_each_patch_that_changes_something_has_a_column(results: Results) -> None:
    """Its largest change, or half of that, stands in its row."""
    (machine,) = results.machines
    for n, row in enumerate(steps.steps(results, machine), 1):
        largest = max(abs(one.judgement.estimate or 0) for one in row if one.decided)
        lines = tried.render(results, Tried(TITLES, EVERY)).splitlines()
        shown = [
            abs(int(each)) for each in rows_of(lines)[str(n)][3:] if each[0] in "+-"
        ]
        assert max(shown) >= largest / 2


@pytest.mark.parametrize("count", [2, 8, 32])
def test_it_fits_a_screen(
    results: Results, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = long(results, [count], count)
    monkeypatch.setattr(tried_series, "of", lambda *_: series)
    made = Tried(list(series.titles), Choice((), ("floor/futex",), ("f",) * 90))
    lines = tried.render(results, made).splitlines()
    assert len(lines) + PATHS <= 24
    assert max(map(len, lines)) <= 80
    rows = rows_of(lines)
    assert str(count) in rows and "all" in rows
    if count == 8:
        assert len(rows) == 9


def test_of_very_many_those_that_add_most_are_shown(results: Results) -> None:
    series = long(results, [3, 30], 32)
    lines = tried_series.table(series, 8)
    assert list(rows_of(lines)) == ["3", "30", "all"] and len(lines) == 8
    assert "   and 30 more, which add less: try.txt" in lines
    every = tried_series.changes(series)
    assert len(every) == 32 and every[0] == "Patch 1 adds: nothing."
    assert every[29].startswith("Patch 30 adds: uncaring/sigcont cross-cpu -10641,")


def test_the_whole_has_every_patch(results: Results) -> None:
    text = tried.whole(results, Tried(TITLES, EVERY))
    (machine,) = results.machines
    words = " ".join(text.split())
    for row in steps.between(results, machine, *KERNELS[:2]):
        if row.decided:
            assert f"{row.scenario} {row.placement} {row.change}" in words


def test_a_kernel_that_did_not_boot_has_no_row_of_another(results: Results) -> None:
    """Nor is the one after it held against one further down."""
    (machine,) = results.machines
    boots = tuple(boot for boot in results.boots if boot.variant != KERNELS[2])
    less = Results(results.path, results.plan, boots, (), {}, {})
    series = tried_series.of(less, machine, TITLES, ())
    rows = rows_of(tried_series.table(series, 20))
    assert rows["2"][:3] == ["-", "-", "-"] and rows["3"][:3] == ["-", "-", "-"]
    assert rows["1"][:3] != ["-", "-", "-"]


def test_the_document_has_what_each_adds(results: Results) -> None:
    found = tried_json.document(results, [], Tried(TITLES, EVERY))
    (machine,) = results.machines
    rows = {(r["test"], r["scenario"], r["placement"]): r for r in found["rows"]}
    for row in steps.between(results, machine, *KERNELS[2:]):
        added = rows[(row.test, *row.where)]["increment"]
        assert (added["verdict"], added["change"]) == (row.verdict, row.change)
        assert added["low"] == row.judgement.low
