# SPDX-License-Identifier: GPL-2.0-only
"""The last screen of `retrap try`, and which options go together, without a guest."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import conftest
import pytest
from conftest import Maker

from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import MORE, NOT_APPLICABLE
from retrap.analysis.within import changed
from retrap.base.paths import ROOT
from retrap.cli import attempt, attempt_profile
from retrap.cli.dearer import status
from retrap.cli.limits import Limit, limit
from retrap.cli.parser import parse
from retrap.base import schema
from retrap.base.errors import EXIT_DEARER, EXIT_OK, EXIT_USAGE, RetrapError
from retrap.kernel.given import Given
from retrap.profile.choice import Choice
from retrap.report import tried, tried_functions, tried_json
from retrap.report.tried import Tried
from retrap.report.sentences import counts
from retrap.results.store import Results, load

QUICK = ROOT / "results/reference/quick"
TITLES = ["signal: one", "signal: two", "signal: three"]
EVERY = Choice(())
BISECT = ("--tree", "x", "a..b", "--bisect", "floor/futex", "--more-than", "3")
PATHS = 2  # lines that `try` prints below


@pytest.fixture(scope="module")
def results() -> Results:
    """Its four kernels, as if each were the one before and a patch."""
    return load(QUICK)


def test_it_fits_a_screen(results: Results) -> None:
    for titles in (TITLES, [f"{'x' * 90} {n}" for n in range(9)]):
        lines = tried.render(results, Tried(titles, EVERY)).splitlines()
        assert len(lines) + PATHS <= 24
        assert max(map(len, lines)) <= 80


def test_what_the_screen_cuts_stands_in_a_file(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(f"some_function_{n}" for n in range(40))
    sizes = {name: 16 for name in names}
    monkeypatch.setattr(tried_functions, "code", lambda _: sizes)
    made = Tried([f"{'x ' * 50}{n}" for n in range(9)], Choice((), (), names))
    assert names[-1] not in tried.render(results, made)
    text = tried.whole(results, made)
    assert max(map(len, text.splitlines()[10:])) <= 80
    assert all(title in text for title in made.titles)
    words = " ".join(text.split())
    assert f"{names[-1]}()." in words and f"{names[-1]}() +16." in words
    assert "[...]" not in text and "more in try.txt" not in text


def test_every_architecture_stands_in_a_file(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tried_functions, "code", lambda _: None)
    maker.substrates, maker.arches = ("exact",), ("x86_64", "arm64")
    made = load(maker.write())
    text = tried.whole(made, Tried(["1", "2"], EVERY))
    heads = [line for line in text.splitlines() if line.startswith("What the")]
    assert ["arm64" in head for head in heads] == [False, True]


def test_a_base_of_several_interfaces_is_compared_through_each(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one interface of the patched kernel with another of the base."""
    monkeypatch.setattr(tried_functions, "code", lambda _: None)
    for name in ("mainline", "patched-1"):
        monkeypatch.setitem(conftest.INTERFACES, name, conftest.ALL)
    monkeypatch.setitem(conftest.DEARER, "patched-1", 7)
    maker.substrates, maker.variants = ("exact",), ("mainline", "patched-1")
    made = load(maker.write())
    rows = [row for row in tried.rows(made, EVERY) if row.base != "mainline"]
    through = {(row.base.partition("/")[2], row.test.partition("/")[2]) for row in rows}
    assert through == {(name, name) for name in conftest.ALL}
    assert {row.change for row in rows if row.decided} == {"+7"}
    text = tried.whole(made, Tried(["1"], EVERY))
    line = "retrap/trigger:sigcont please-notify cross-cpu"
    assert any(
        " ".join(each.split()).startswith(line) and each.endswith(" +7")
        for each in text.splitlines()
    )


@pytest.mark.parametrize("titles", [["1"], ["1", "2"]])
def test_another_architecture_is_not_passed_over(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, titles: list[str]
) -> None:
    monkeypatch.setattr(tried_functions, "code", lambda _: {})
    maker.substrates, maker.arches = ("exact",), ("x86_64", "arm64")
    made = load(maker.write())
    text = tried.render(made, Tried(titles, EVERY))
    mine = [row for row in tried.rows(made, EVERY) if row.machine.arch == "arm64"]
    assert counts("arm64 (try.txt)", mine) in " ".join(text.split())
    assert len(text.splitlines()) + PATHS <= 24


def test_its_numbers_are_those_of_the_results(results: Results) -> None:
    text = tried.render(results, Tried(TITLES[:1], EVERY))
    (machine,) = results.machines
    rows = [line.split() for line in text.splitlines() if "-cpu  " in line]
    assert len(rows) >= 3
    for scenario, placement, _, change in rows:
        found = changed(results, machine, "please-notify", (scenario, placement))
        assert found and found.change == change


def test_what_is_decided_comes_first(results: Results) -> None:
    text = tried.render(results, Tried(TITLES[:1], EVERY))
    last = [line.split()[-1] for line in text.splitlines() if "-cpu  " in line]
    assert last and not any(change.startswith("~") for change in last)


def test_what_moves_most_is_profiled(results: Results) -> None:
    (machine,) = results.machines
    found = tried.changed_scenarios(results, EVERY)
    most = [
        max(
            abs(row.judgement.estimate or 0)
            for place in results.placements(machine)
            if (row := changed(results, machine, "please-notify", (name, place)))
        )
        for name in found
    ]
    assert most and most == sorted(most, reverse=True)
    assert not set(found) & results.floors


def test_where_nothing_is_decided_the_undecided_are_profiled(results: Results) -> None:
    decided = tuple(tried.changed_scenarios(results, EVERY))
    assert tried.changed_scenarios(results, Choice((), controls=decided)) == [
        "floor/pipe"
    ]


def test_a_long_cell_is_profiled_in_fewer_samples() -> None:
    """Each instruction of each is read: a fork took half an hour."""
    rows = [
        cast(Comparison, SimpleNamespace(scenario=name, levels=(level, None)))
        for name, level in (("short", 8000.0), ("long", 400_000.0), ("none", None))
    ]
    assert attempt_profile.samples(rows, ["short"]) == 100
    assert attempt_profile.samples(rows, ["short", "long"]) == 20
    assert attempt_profile.samples(rows, ["none"]) == 100


def test_code_that_is_not_in_the_cache_is_not_spoken_of(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path))
    assert "Code:" not in tried.render(results, Tried(TITLES, EVERY))
    keys = [each["kernel_key"]["x86_64"] for each in results.plan["variants"]]
    for key, end in ((keys[0], "20"), (keys[-1], "30")):
        (tmp_path / "kernels" / key).mkdir(parents=True)
        (tmp_path / "kernels" / key / "System.map").write_text(
            f"0000000000000010 T do_wait\n00000000000000{end} T _etext\n"
        )
    assert "Code: +16 bytes: do_wait() +16." in tried.render(
        results, Tried(TITLES, EVERY)
    )


def test_controls_and_what_is_not_reached(results: Results) -> None:
    floors = ("floor/futex",)
    chosen = Choice((), floors, ("proc_flush_pid", "other"))
    text = " ".join(tried.render(results, Tried(TITLES, chosen)).split())
    assert "Controls, which run none of it: same (floor/futex)" in text
    assert "No scenario of the map runs proc_flush_pid(), other()." in text
    moved = Choice((), ("retrap/trigger:interrupt",))
    text = tried.render(results, Tried(TITLES, moved))
    assert "CAUTION: controls" in text
    assert len(text.splitlines()) + PATHS <= 24


def test_a_patch_that_nothing_runs(results: Results) -> None:
    every = tuple(results.plan["scenarios"])
    text = tried.render(results, Tried(["x"], Choice((), every, ("nowhere",))))
    assert "controls alone are" in text
    assert "changelog" not in text


def test_floors_alone(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tried_functions, "code", lambda _: None)
    maker.substrates, maker.scenarios = ("exact",), ("floor/futex", "floor/clock")
    made = load(maker.write())
    assert made.sides(made.machines[0]) == ()
    for chosen in (EVERY, Choice((), ("floor/futex", "floor/clock"), ("nowhere",))):
        lines = tried.render(made, Tried(["x"], chosen)).splitlines()
        assert len(lines) + PATHS <= 24
        tried.changed_scenarios(made, chosen)


def test_for_a_program(results: Results) -> None:
    patches = [Given("signal: one", "A <a@b>", "text"), Given("", "", "x")]
    chosen = Choice(("cycle/notification",), ("floor/futex",), ("nowhere",))
    found = tried_json.document(results, patches, Tried(["signal: one", "x"], chosen))
    assert not list(schema.problems("try", found))
    marked = {row["scenario"]: row["control"] for row in found["rows"]}
    added = {row["test"]: row["increment"]["base"] for row in found["rows"]}
    assert added["please-notify"] == "async-retrap"
    assert added["listen-republish"] == "mainline"
    assert marked["floor/futex"] and not marked["cycle/notification"]
    assert found["patches"][0]["subject"] == "signal: one"


def test_what_is_dearer_by_instructions(results: Results) -> None:
    rows = tried.rows(results, EVERY)
    most = max(row.interval[0] for row in rows if row.interval and row.verdict == MORE)
    assert status(rows, Limit(most, of_base=False)) == EXIT_OK
    assert status(rows, Limit(most - 1, of_base=False)) == EXIT_DEARER
    assert status(rows, limit(str(int(most) - 1))) == EXIT_DEARER
    assert status(rows, limit("500%")) == EXIT_OK


@pytest.mark.parametrize(
    "words",
    [
        ["--image", "x"],
        ["x.patch", "--image", "x", "--image", "y"],
        ["x.patch", "--squash"],
        ["--tree", "x", "--bisect", "floor/futex"],
        ["--tree", "x", "--more-than", "3"],
        ["--tree", "x", "--every-tag"],
        ["x.patch", "--all", "--scenarios", "floor/futex"],
        ["x.patch", "--native", "hosts", "--json"],
        ["--make-map", "--json"],
        ["--make-map", "x.patch"],
        ["--make-map", "--tree", "x"],
        ["x.patch", "--all", "--scenario", "mine.cc"],
        ["x.patch", "--dry-run", "--json"],
        ["--image", "x", "--image", "y", "--fail-if-dearer", "3"],
        ["--tree", "x", "a..b", "--every-tag", "--scenario", "mine.cc"],
        ["--scenario", "mine.cc", "--json"],
        ["--scenario", "mine.cc", "--fail-if-dearer", "3"],
        [*BISECT, "--dry-run"],
        [*BISECT, "--base", "mainline"],
        [*BISECT, "--placement", "same-cpu"],
        [],
    ],
)
def test_words_that_do_not_go_together(words: list[str]) -> None:
    with pytest.raises(RetrapError) as caught:
        attempt._check(parse(["try", *words]))
    assert caught.value.exit_code == EXIT_USAGE and caught.value.remedy


@pytest.mark.parametrize(
    "words", [BISECT, ["x.patch"], ["--tree", "x"], ["--scenario", "mine.cc"]]
)
def test_words_that_do(words: list[str]) -> None:
    attempt._check(parse(["try", *words]))


def test_a_control_that_cannot_be_compared_is_not_the_same(results: Results) -> None:
    """async-retrap has no INTERRUPT that re-traps."""
    none = [
        row
        for row in comparisons(results)
        if row.test == "async-retrap" and row.scenario == "retrap/trigger:interrupt"
    ]
    assert {row.verdict for row in none} == {NOT_APPLICABLE}
    assert tried._controls(none) == ""
