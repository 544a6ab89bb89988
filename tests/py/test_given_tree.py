# SPDX-License-Identifier: GPL-2.0-only
"""Patches out of git trees, in the forms that people have them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from test_given import git

from retrap.base.errors import EXIT_PATCH, RetrapError
from retrap.kernel.given_tree import MOST, FromTree, Tree

FILE = "kernel/a.c"
COUNT = 4


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A commit that makes the file, and three that change its line; a tag each."""
    place = tmp_path / "tree"
    (place / "kernel").mkdir(parents=True)
    git(place, "init", "-q", "-b", "main")
    for number in range(COUNT):
        (place / FILE).write_text(f"int a{number};\n")
        git(place, "add", FILE)
        git(place, "commit", "-qm", f"signal: {number}\n\nA reason.")
        git(place, "tag", f"v{number}")
    return place


def read(tmp_path: Path, tree: Path, *words: str, squash: bool = False) -> FromTree:
    place = tmp_path / "scratch"
    place.mkdir()
    return Tree(tree).read(list(words), squash, place)


def applied(tmp_path: Path, tree: Path, found: FromTree) -> str:
    """The file, with the patches on top of the base."""
    into = tmp_path / "applied"
    into.mkdir()
    text = git(tree, "show", f"{found.base}:{FILE}")
    (into / "kernel").mkdir()
    (into / FILE).write_text(text)
    for patch in found.patches:
        argv = ["patch", "-p1", "--batch", "--fuzz=0"]
        subprocess.run(argv, cwd=into, input=patch.text, check=True, text=True)
    return (into / FILE).read_text()


def state(tree: Path) -> str:
    """All files of a tree, git's too."""
    total = hashlib.sha256()
    for file in sorted(tree.rglob("*")):
        total.update(str(file).encode())
        total.update(file.read_bytes() if file.is_file() else b"")
    return total.hexdigest()


@pytest.mark.parametrize(
    "words, base, subjects",
    [
        (["v1..v3"], "v1", ["signal: 2", "signal: 3"]),
        (["v1.."], "v1", ["signal: 2", "signal: 3"]),
        (["HEAD~2..HEAD"], "v1", ["signal: 2", "signal: 3"]),
        (["main", "^v2"], "v2", ["signal: 3"]),
        (["v2"], "v1", ["signal: 2"]),
        (["v3^!"], "v2", ["signal: 3"]),
        (["HEAD@{0}"], "v2", ["signal: 3"]),
        ([":/signal: 2"], "v1", ["signal: 2"]),
    ],
)
def test_what_names_commits(
    tree: Path, tmp_path: Path, words: list[str], base: str, subjects: list[str]
) -> None:
    before = state(tree)
    found = read(tmp_path, tree, *words)
    assert [patch.subject for patch in found.patches] == subjects
    assert {patch.file for patch in found.patches} == {""}
    assert found.base == git(tree, "rev-parse", base).strip()
    assert applied(tmp_path, tree, found) == f"int a{subjects[-1][-1]};\n"
    assert state(tree) == before


@pytest.mark.parametrize("kind", ["bare", "shallow", "worktree", "folder"])
def test_whatever_the_tree(tree: Path, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    if kind == "bare":
        git(tmp_path, "clone", "-q", "--bare", str(tree), str(other))
    elif kind == "shallow":
        git(tmp_path, "clone", "-q", "--depth=2", f"file://{tree}", str(other))
    elif kind == "worktree":
        git(tree, "worktree", "add", "-q", "--detach", str(other))
    else:
        other = tree / "kernel"
    found = read(tmp_path, other, "HEAD~1..HEAD")
    assert applied(tmp_path, tree, found) == "int a3;\n"


def test_below_a_shallow_clone_there_is_nothing(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tree}", str(other))
    with pytest.raises(RetrapError, match="git rev-parse") as error:
        read(tmp_path, other, "HEAD")
    assert error.value.exit_code == EXIT_PATCH


def test_what_is_not_committed(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / FILE).write_text("int staged;\n")
    git(tree, "add", FILE)
    (tree / FILE).write_text("int dirty;\n")
    (tree / "kernel/new.c").write_text("int new;\n")
    (tree / "notes.txt").write_text("mine\n")
    before = state(tree)
    for place in (tree, tree / "kernel"):
        found = read(tmp_path, place)
        assert applied(tmp_path, tree, found) == "int dirty;\n"
        assert found.base == git(tree, "rev-parse", "HEAD").strip()
        (patch,) = found.patches
        assert "+int new;" in patch.text and "mine" not in patch.text
        assert "not committed" in patch.title
        assert "kernel/new.c" in capsys.readouterr().err
        for name in ("scratch", "applied"):
            subprocess.run(["rm", "-r", str(tmp_path / name)], check=True)
    assert state(tree) == before


def test_nothing_differs(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="nothing differs from HEAD"):
        read(tmp_path, tree)


def test_merges_are_one_patch(tree: Path, tmp_path: Path) -> None:
    git(tree, "checkout", "-q", "-b", "side", "v1")
    (tree / "kernel/b.c").write_text("int b;\n")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "b")
    git(tree, "checkout", "-q", "main")
    git(tree, "merge", "-q", "--no-edit", "side")
    found = read(tmp_path, tree, "v1..main")
    (patch,) = found.patches
    assert patch.title == "v1..main: 4 commits"
    assert "+int b;" in patch.text and "+int a3;" in patch.text


def test_branches_that_part(tree: Path, tmp_path: Path) -> None:
    git(tree, "checkout", "-q", "-b", "side", "v1")
    (tree / FILE).write_text("int side;\n")
    git(tree, "commit", "-qam", "side")
    for words in ("main..side", "main...side"):
        found = read(tmp_path, tree, words)
        assert found.base == git(tree, "rev-parse", "v1").strip()
        assert applied(tmp_path, tree, found) == "int side;\n"
        for name in ("scratch", "applied"):
            subprocess.run(["rm", "-r", str(tmp_path / name)], check=True)


def test_squashed(tree: Path, tmp_path: Path) -> None:
    found = read(tmp_path, tree, "v0..v3", squash=True)
    assert len(found.patches) == 1
    assert applied(tmp_path, tree, found) == "int a3;\n"


def test_the_releases_of_a_range(tree: Path) -> None:
    git(tree, "tag", "not-a-release")
    assert Tree(tree).tags(["v1.."]) == ["v1", "v2", "v3"]
    assert Tree(tree).tags(["v0..v2"]) == ["v0", "v1", "v2"]
    git(tree, "commit", "-q", "--allow-empty", "-m", "more")
    with pytest.raises(RetrapError, match="holds 1 tags"):
        Tree(tree).tags(["HEAD~1..HEAD"])


def test_release_candidates_are_before_their_release(tree: Path) -> None:
    """Where an end names one; else the releases alone are measured."""
    for number, tag in enumerate(("v6.12-rc2", "v6.12-rc10", "v6.12", "v6.13-rc1")):
        git(tree, "tag", tag, f"main~{3 - number}")
    git(tree, "tag", "v6.13", "main")
    for tag in ("v0", "v1", "v2", "v3"):
        git(tree, "tag", "-d", tag)
    every = ["v6.12-rc2", "v6.12-rc10", "v6.12", "v6.13-rc1", "v6.13"]
    assert Tree(tree).tags(["v6.12-rc2.."]) == every
    assert Tree(tree).tags(["v6.13", "^v6.12-rc10"]) == every[1:]
    assert Tree(tree).tags(["v6.12.."]) == ["v6.12", "v6.13"]


def test_too_many_commits(tree: Path, tmp_path: Path) -> None:
    for number in range(MOST + 1):
        git(tree, "commit", "-q", "--allow-empty", "-m", f"empty {number}")
    with pytest.raises(RetrapError, match=f"holds {MOST + 1} commits") as error:
        read(tmp_path, tree, "v3..")
    assert "--squash" in error.value.remedy


@pytest.mark.parametrize(
    "words, said",
    [
        (["nope..v3"], "git rev-parse"),
        (["v3..v3"], "holds no commit"),
        (["v3..v1"], "holds no commit"),
        (["--all-of-it"], "names no commit"),
        (["v1", "v3"], "v1 v3 names 2 commits"),
        (["v1", "v3", "^v0"], r"v1 v3 \^v0 names 2 commits"),
    ],
)
def test_what_names_none(
    tree: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    with pytest.raises(RetrapError, match=said) as error:
        read(tmp_path, tree, *words)
    assert error.value.exit_code == EXIT_PATCH


def test_no_tree(tmp_path: Path) -> None:
    for place in (tmp_path / "none", tmp_path):
        with pytest.raises(RetrapError, match=str(place)) as error:
            Tree(place).read(["HEAD"], False, tmp_path)
        assert error.value.exit_code == EXIT_PATCH


def test_the_users_own_git_settings_shape_nothing(tree: Path, tmp_path: Path) -> None:
    for key, word in (
        ("diff.noprefix", "true"),
        ("diff.external", "/bin/false"),
        ("format.noprefix", "true"),
        ("format.subjectPrefix", "RFC"),
        ("format.attach", "true"),
        ("format.outputDirectory", str(tmp_path / "elsewhere")),
        ("format.thread", "true"),
        ("format.coverLetter", "true"),
    ):
        git(tree, "config", key, word)
    found = read(tmp_path, tree, "v1..v3")
    assert [patch.subject for patch in found.patches] == ["signal: 2", "signal: 3"]
    assert applied(tmp_path, tree, found) == "int a3;\n"


def test_the_tree_of_another_user(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git refuses it for what its settings name, of which commits need nothing."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    if os.geteuid() != 0:
        pytest.skip("only root makes a file another user's")
    subprocess.run(["chown", "-R", "65534", str(tree)], check=True)
    found = read(tmp_path, tree, "v1..v3")
    assert len(found.patches) == 2
    (tree / FILE).write_text("int dirty;\n")
    (tmp_path / "more").mkdir()
    with pytest.raises(RetrapError, match="dubious ownership"):
        Tree(tree).read([], False, tmp_path / "more")


@pytest.mark.parametrize("word", ["x.patch", "-", "series"])
def test_a_patch_is_no_commit(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """Whoever has one for the tree is told how it is measured."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.patch").write_text("")
    (tmp_path / "series").mkdir()
    with pytest.raises(RetrapError, match=f"^{word} is no commit of") as caught:
        Tree(tree).ends([word])
    assert f"./retrap try {word} --base TABLE" in caught.value.remedy
    (tmp_path / "v2").mkdir()  # a tag too
    assert Tree(tree).ends(["v2"])
