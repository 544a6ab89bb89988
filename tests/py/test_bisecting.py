# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try --bisect`, with a `retrap try` that looks at a file instead of booting:
what it costs is a number in the file at the tip of the range."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
from test_given import git

from retrap.base.arch import native
from retrap.base.errors import EXIT_DEARER, EXIT_OK, RetrapError
from retrap.cli import bisecting
from retrap.cli.limits import Limit

COMMITS, CULPRIT = 64, 37
FAKE = """#!/bin/sh
# try --tree CLONE GOOD..TIP ...
cost=$(git -C "$3" show "${4#*..}:cost") || exit 14
[ "$cost" != broken ] || exit 6
verdict=more
[ "$cost" != "~7" ] || verdict=undecided
printf '{"rows": [{"change": "+%s", "placement": "same-cpu", "verdict": "%s"}]}' \\
    "$cost" "$verdict"
[ "$verdict" = undecided ] || [ "$cost" -le 20 ] || exit 12
"""


@pytest.fixture
def args(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Namespace:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bisecting, "RETRAP", tmp_path / "fake")
    (tmp_path / "fake").write_text(FAKE)
    (tmp_path / "fake").chmod(0o755)
    return Namespace(
        tree=tmp_path / "tree",
        patches=["good..main"],
        bisect="retrap/trigger:sigcont@same-cpu",
        more_than=Limit(20.0, of_base=False),
        arch=native().name,
        results=tmp_path,
        variants=tmp_path,
        config=[],
    )


def make(tree: Path, costs: list[str]) -> None:
    tree.mkdir()
    git(tree, "init", "-q", "-b", "main")
    for number, cost in enumerate(costs):
        (tree / "cost").write_text(cost)
        (tree / "other").write_text(str(number))
        git(tree, "add", ".")
        git(tree, "commit", "-qm", f"signal: change {number}")
    git(tree, "tag", "good", f"main~{len(costs) - 1}")


def test_the_culprit_of_64_commits(
    args: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = ["3" if n < CULPRIT else "120" for n in range(COMMITS + 1)]
    make(args.tree, costs)
    before = git(args.tree, "for-each-ref")
    assert bisecting.run(args) == EXIT_DEARER
    text = capsys.readouterr().out
    *steps, first, culprit, author = text.splitlines()
    assert first == "The first commit that is dearer:"
    assert culprit.endswith(f"signal: change {CULPRIT}")
    assert "Ann Author" in author
    assert len(steps) <= 9  # a heading, BAD, and log2(64)
    subjects = [int(step.split()[-1]) for step in steps[1:]]
    assert subjects == sorted(subjects)
    assert max(map(len, text.splitlines())) <= 80
    assert git(args.tree, "for-each-ref") == before
    assert not (args.tree / ".git/BISECT_LOG").exists()


def test_commits_that_do_not_build_are_passed_over(
    args: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = ["3"] * 4 + ["broken"] * 3 + ["3"] + ["120"] * 5
    make(args.tree, costs)
    assert bisecting.run(args) == EXIT_DEARER
    text = capsys.readouterr().out
    assert "does not build" in text
    assert "signal: change 8" in text.split("first commit")[1]


def test_only_such_commits_are_left(args: Namespace) -> None:
    make(args.tree, ["3", "broken", "broken", "120"])
    with pytest.raises(RetrapError, match="do not build"):
        bisecting.run(args)


def test_it_is_not_dearer(args: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    make(args.tree, ["3", "3", "20"])
    assert bisecting.run(args) == EXIT_OK
    assert "is not surely dearer than" in capsys.readouterr().out


def test_what_is_undecided_is_said(
    args: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    make(args.tree, ["3", "3", "~7"])
    assert bisecting.run(args) == EXIT_OK
    text = capsys.readouterr().out
    assert "is undecided" in text and "other placement" in text
    assert "not surely dearer" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_range_that_is_none(args: Namespace) -> None:
    make(args.tree, ["3", "120"])
    args.patches = ["nope..main"]
    with pytest.raises(RetrapError, match="git rev-parse"):
        bisecting.run(args)


def test_a_branch_of_a_remote(
    args: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clone has the branches of the tree, and none of its remotes."""
    make(args.tree, ["3", "3", "120", "120"])
    git(args.tree, "update-ref", "refs/remotes/origin/next", "main")
    git(args.tree, "reset", "-q", "--hard", "good")
    args.patches = ["good..origin/next"]
    assert bisecting.run(args) == EXIT_DEARER
    text = capsys.readouterr().out
    assert "signal: change 2" in text.split("first commit")[1]
    assert "signal: change 3" in text.split("first commit")[0]


@pytest.mark.parametrize("kind", ["folder", "bare", "worktree"])
def test_whatever_the_tree(
    args: Namespace, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str
) -> None:
    make(args.tree, ["3", "120", "120"])
    if kind == "folder":
        args.tree = args.tree / "kernel"
        args.tree.mkdir()
    elif kind == "bare":
        git(tmp_path, "clone", "-q", "--bare", str(args.tree), "bare")
        args.tree = tmp_path / "bare"
    else:
        git(args.tree, "worktree", "add", "-q", "--detach", str(tmp_path / "other"))
        args.tree = tmp_path / "other"
    assert bisecting.run(args) == EXIT_DEARER
    text = capsys.readouterr().out
    assert "signal: change 1" in text.split("first commit")[1]
