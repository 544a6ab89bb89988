# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap try` measures, and what it says of that before anything is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernel_trees import commit
from test_given import git

from retrap.base.arch import native
from retrap.base.errors import EXIT_KERNEL, EXIT_OK, RetrapError
from retrap.build import own
from retrap.cli import attempt, attempt_choice, beside, matrix, scenarios
from retrap.cli.parser import parse
from retrap.config.registry import Registry, Scenario
from retrap.kernel import kernels
from retrap.kernel.touched import Touched
from retrap.profile import choice, reach
from retrap.profile.reach import Reach
from retrap.report import tried

NAMES = ("floor/futex", "floor/syscall", "cycle/jobctl/threads:1..256")
BEFORE = "int f(void)\n{\n\treturn 1;\n}\n\nint g(void)\n{\n\treturn 1;\n}\n"
MAP = Reach(
    "mainline",
    native().name,
    "linux",
    ("floor/futex", "floor/syscall", "cycle/jobctl/threads:1"),
    {"f": frozenset({"cycle/jobctl/threads:1"})},
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git tree `linux` and a patch of f() and g(); programs that are there; and a
    kernel that may not be built."""
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    linux = tmp_path / "linux"
    (linux / "kernel").mkdir(parents=True)
    (linux / "Kbuild").write_text("")
    (linux / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\n")
    (linux / "kernel/a.c").write_text(BEFORE)
    git(linux, "init", "-q")
    commit(linux)
    (linux / "kernel/a.c").write_text(BEFORE.replace("return 1", "return 2"))
    (tmp_path / "x.patch").write_text(git(linux, "diff"))
    (tmp_path / "variants.toml").write_text(f'[mainline]\ntree = "{linux}"\n')
    registry = Registry([Scenario(name, (), ()) for name in NAMES], {}, ())

    def refuse(*_: object) -> None:
        raise AssertionError("it builds a kernel")

    monkeypatch.setattr(attempt, "ensure", lambda *_: None)
    monkeypatch.setattr(own, "known", lambda *_: (registry, ()))
    monkeypatch.setattr(scenarios, "known_unbuilt", lambda *_: None)
    monkeypatch.setattr(reach, "nearest", lambda *_: MAP)
    monkeypatch.setattr(kernels, "ensure", refuse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(*words: str) -> int:
    more = ["--variants", "variants.toml", "--results", "results", "--dry-run"]
    return attempt.run(parse(["try", *words, *more]))


def test_what_no_scenario_runs_is_said_of_named_ones_too(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned("x.patch", "--scenarios", "cycle/jobctl/threads:4")
    said = capsys.readouterr()
    assert "measured: cycle/jobctl/threads:4\n" in said.out
    assert "no scenario runs: g\n" in said.out
    assert "CAUTION" not in said.err


def test_named_ones_that_run_nothing_of_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned("x.patch", "--scenarios", "floor/futex")
    assert "CAUTION: by the map of mainline" in capsys.readouterr().err


def test_without_a_map(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "nearest", lambda *_: None)
    planned("x.patch", "--scenarios", "floor/futex")
    out = capsys.readouterr().out
    assert "no scenario runs: not looked at, as there is no map\n" in out
    assert "not known" in tried._unreached(choice.Choice((), (), None))


@pytest.mark.parametrize("more", [[], ["--scenarios", "floor/futex"], ["--all"]])
def test_a_patch_that_does_not_apply(place: Path, more: list[str]) -> None:
    text = (place / "x.patch").read_text().replace("return 1", "return 7")
    (place / "x.patch").write_text(text)
    with pytest.raises(RetrapError, match="x.patch.*Hunk #1 FAILED") as caught:
        planned("x.patch", *more)
    assert caught.value.exit_code == EXIT_KERNEL


@pytest.mark.parametrize(
    ("names", "changed", "nothing"),
    [
        (("floor/futex",), Touched(("f",), (), ()), True),
        (("floor/futex", "cycle/jobctl/threads:9"), Touched(("f",), (), ()), False),
        (("floor/futex", "mine/own"), Touched(("f",), (), ()), False),
        (("floor/futex",), Touched((), (), ("include/a.h",)), False),
    ],
)
def test_what_the_map_can_tell(names: Any, changed: Touched, nothing: bool) -> None:
    """Of a scenario of the user's, or of a macro, it knows nothing."""
    assert attempt_choice.run_nothing(names, changed, MAP) == nothing


def test_a_scenario_without_a_patch(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base alone is measured, with that and nothing else."""
    ran = []
    (place / "mine.cc").write_text("int x;")
    registry = Registry([Scenario("mine/own", (), ())], {}, ())
    monkeypatch.setattr(own, "known", lambda *_: (registry, ("mine/own",)))
    monkeypatch.setattr(beside, "ensure", lambda *_: None)
    monkeypatch.setattr(matrix, "run", lambda *words, **_: ran.append(words))
    more = ["--variants", "variants.toml", "--results", "results"]
    assert attempt.run(parse(["try", "--scenario", "mine.cc", *more])) == EXIT_OK
    ((experiment, variants, path, *_),) = ran
    assert path == Path("results/given/mine/mine.toml")
    assert experiment.variants == ("mainline",) and "mainline" in variants
    assert experiment.scenarios == ("mine/own",)
    assert [file.path for file in experiment.files] == [place / "mine.cc"]
