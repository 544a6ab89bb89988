# SPDX-License-Identifier: GPL-2.0-only
"""`./retrap test --all` goes on where it stopped, and only on the same tree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from retrap.cli import parser, stages, suite
from retrap.base.paths import ROOT
from retrap.base.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EXIT_USAGE
from retrap.base.errors import RetrapError
from retrap.cli.stages import Ledger
from retrap.cli.suite import Stage

NAMES = ["first", "second", "third"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "test-all.json"


def test_what_passed_is_known_again_and_what_failed_is_not(store: Path) -> None:
    ledger = Ledger.open(store, "this", NAMES, fresh=False)
    assert ledger.done == {}
    ledger.end("first", True, 3.04)
    ledger.end("second", False, 1)
    again = Ledger.open(store, "this", NAMES, fresh=False)
    assert list(again.done) == ["first"]
    assert again.done["first"].seconds == 3.0 and again.done["first"].earlier


def test_another_tree_a_fresh_run_and_a_whole_one_start_anew(store: Path) -> None:
    ledger = Ledger.open(store, "this", NAMES, fresh=False)
    ledger.end("first", True, 3)
    assert Ledger.open(store, "other", NAMES, fresh=False).done == {}
    assert Ledger.open(store, "this", NAMES, fresh=True).done == {}
    ledger.end("second", True, 3)
    ledger.end("third", True, 3)
    assert Ledger.open(store, "this", NAMES, fresh=False).done == {}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": "retrap.stages/1"}', '{"schema": 1}', "null"]
)
def test_a_damaged_record_is_none(store: Path, text: str) -> None:
    store.write_text(text)
    assert Ledger.open(store, "this", NAMES, fresh=False).done == {}
    rows = {"first": {"passed": True}}
    record = {"schema": stages.SCHEMA, "identity": "this", "stages": rows}
    store.write_text(json.dumps(record))
    assert Ledger.open(store, "this", NAMES, fresh=False).done == {}


def test_the_table_says_how_each_ended_and_how_long_it_took(store: Path) -> None:
    Ledger.open(store, "this", NAMES, fresh=False).end("first", True, 7444)
    ledger = Ledger.open(store, "this", NAMES, fresh=False)
    ledger.end("second", False, 65)
    assert stages.table(NAMES, ledger.done) == [
        "first   passed   2 h 04 min  in a run before",
        "second  FAILED   1 min 05 s",
        "third   not run",
    ]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A git repository: one file committed, one not, one ignored."""
    path = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", path], check=True)
    (path / ".gitignore").write_text("/build/\n")
    (path / "code").write_text("a")
    subprocess.run(["git", "-C", path, "add", "."], check=True)
    (path / "new").write_text("n")
    (path / "build").mkdir()
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda path: (path / "code").write_text("b"),
        lambda path: (path / "code").chmod(0o755),
        lambda path: (path / "code").unlink(),
        lambda path: (path / "new").write_text("m"),
        lambda path: (path / "newer").write_text(""),
        lambda path: (path / "link").symlink_to("code"),
    ],
    ids=["edit", "mode", "removal", "untracked", "addition", "link"],
)
def test_a_changed_tree_is_another(clone: Path, change: Callable[[Path], None]) -> None:
    before = stages.tree_sha256(clone)
    (clone / "build/object").write_text("what is built is not the tree")
    assert stages.tree_sha256(clone) == before
    change(clone)
    assert stages.tree_sha256(clone) != before


def test_without_git_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(RetrapError) as caught:
        stages.tree_sha256(tmp_path)
    assert caught.value.exit_code == EXIT_CONFIG


class Suite:
    """suite.run() with stages of a test's own: each notes that it ran."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.log, self.identity = path / "log", "this"
        self.breaks = path / "breaks"  # while it is there, `second` fails
        patch.setattr(stages, "STORE", path / "test-all.json")
        patch.setattr(suite, "build", lambda *words, **options: None)
        first = self.stage("first", "true")
        patch.setattr(suite, "usual", lambda everything: [first])
        second = self.stage("second", f"test ! -e {self.breaks}")
        patch.setattr(suite, "rehearsals", list)
        patch.setattr(suite, "further", lambda: [second, self.stage("third", "true")])
        patch.setattr(suite, "_identity", lambda: self.identity)

    def stage(self, name: str, command: str) -> Stage:
        return Stage(name, ["sh", "-c", f"echo {name} >> {self.log}; {command}"])

    def ran(self) -> list[str]:
        found = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return found


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return Suite(tmp_path, monkeypatch)


def test_only_what_failed_runs_again(
    tests: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    tests.breaks.touch()
    assert suite.run(everything=True) == EXIT_FAILURE
    assert tests.ran() == NAMES
    assert capsys.readouterr().err.endswith("FAILED: second\n")
    tests.breaks.unlink()
    assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == ["second"]
    assert "first   passed          0 s  in a run before" in capsys.readouterr().err
    assert suite.run(everything=True) == EXIT_OK  # all had passed: all over again
    assert tests.ran() == NAMES


def test_an_interrupted_run_goes_on(
    tests: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(stage: Stage, heading: str) -> int:
        if stage.name == "second":
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(suite, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            suite.run(everything=True)
    assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == ["second", "third"]


def test_a_stage_that_was_skipped_is_run_again(
    tests: Suite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was stored as passed: nothing runs it again once it could run."""
    skipped = tests.stage("second", f"exit {suite.ALL_SKIPPED}")
    with monkeypatch.context() as patch:
        patch.setattr(suite, "further", lambda: [skipped, tests.stage("third", "true")])
        assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == NAMES
    said = capsys.readouterr().err
    assert "second: every test was skipped" in said and "second  not run" in said
    assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == ["second"]


def test_a_tree_that_changes_meanwhile_is_not_kept(
    tests: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    identities = iter(["this", "this", "edited", "edited"])
    with monkeypatch.context() as patch:
        patch.setattr(suite, "_identity", lambda: next(identities))
        assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == NAMES
    assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == ["second", "third"]


def test_plain_test_runs_all_it_has_each_time(
    tests: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert suite.run() == EXIT_OK
        assert tests.ran() == ["first"]
        assert "retrap: first  passed          0 s\n" in capsys.readouterr().err
    assert not stages.STORE.exists()


def test_each_file_of_tests_all_is_one_stage() -> None:
    found = [*suite.usual(everything=False), *suite.further()]
    names = [stage.name for stage in found]
    assert len(set(names)) == len(names)
    files = [stage.argv[-1] for stage in suite.further()]
    there = (ROOT / "tests/all").glob("test_*.py")
    assert sorted(files) == sorted(str(path.relative_to(ROOT)) for path in there)


def test_words_choose_stages_and_with_all_they_are_kept(
    tests: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = tests.stage("second", "true")
    two = [
        replace(tests.stage("first", "true"), word="py"),
        replace(stage, word="unit"),
    ]
    monkeypatch.setattr(suite, "usual", lambda everything: two)
    third = replace(tests.stage("third", "true"), key="soak")
    monkeypatch.setattr(suite, "further", lambda: [third])
    assert suite.run(words=["unit"]) == EXIT_OK
    assert tests.ran() == ["second"] and not stages.STORE.exists()
    for _ in range(2):  # what is named runs, whatever passed before
        assert suite.run(words=["soak"], everything=True) == EXIT_OK
        assert tests.ran() == ["third"]
    assert suite.run(everything=True) == EXIT_OK
    assert tests.ran() == ["first", "second"]


def test_a_file_of_all_can_be_named() -> None:
    def test(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [str(ROOT / "retrap"), "test", *words]
        return subprocess.run(argv, capture_output=True, text=True)

    alone = test("debian13")
    assert alone.returncode == EXIT_USAGE and "goes with --all" in alone.stderr
    for word in ("nothing", "rehearsal:nothing", "../all", "all:debian13"):
        assert test("--all", word).returncode == EXIT_USAGE
    for word in suite.keys():
        assert parser.parse(["test", "--all", word]).word == [word]
    for stage in suite.rehearsals():
        assert parser.parse(["test", stage.key]).word == [stage.key]
        assert "rehearsal" in suite.needs([stage.key], False)
    assert "all" in suite.needs(["debian13"], True)


def test_every_word_of_the_command_line_chooses_a_stage() -> None:
    found = [*suite.usual(everything=False), *suite.rehearsals()]
    words = {stage.word for stage in found}
    assert words | {"lint"} == set(parser.STAGES)


def test_stages_run_side_by_side_and_what_failed_is_shown(
    tests: Suite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each waits for the other: one after the other they would not end."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    meet = "touch {}; until test -e {}; do sleep 0.01; done; echo said-{}; exit {}"
    pair = [
        Stage("good", ["sh", "-c", meet.format(mine, other, "good", 0)], beside=True),
        Stage("bad", ["sh", "-c", meet.format(other, mine, "bad", 3)], beside=True),
    ]
    monkeypatch.setattr(suite, "CPUS", 2)
    monkeypatch.setattr(
        suite, "usual", lambda everything: [*pair, tests.stage("last", "true")]
    )
    assert suite.run() == EXIT_FAILURE
    said = capfd.readouterr()
    assert "said-bad" in said.out and "said-good" not in said.out
    assert said.err.endswith("FAILED: bad\n") and tests.ran() == ["last"]
