# SPDX-License-Identifier: GPL-2.0-only
"""What the checkers are given: every file that people write, none that is made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from retrap.base.paths import ROOT
from retrap.cli import lint

HEADER = '#include "core/a.h"\n'


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of two commits on main: b.cc is of the last, new.cc of none."""
    path = tmp_path / "clone"
    (path / "core").mkdir(parents=True)
    for arguments in (["init", "-q", "-b", "main"], ["config", "user.name", "a"],
                      ["config", "user.email", "a@b"]):  # fmt: skip
        git(path, *arguments)
    for name, text in (("a.cc", HEADER), ("b.cc", HEADER), ("core/a.h", "")):
        (path / name).write_text(text)
    git(path, "add", "a.cc", "core")
    git(path, "commit", "-q", "-m", "first")
    git(path, "add", "b.cc")
    git(path, "commit", "-q", "-m", "second")
    (path / "new.cc").write_text("")
    monkeypatch.setattr(lint, "ROOT", path)
    return path


def git(path: Path, *words: str) -> None:
    subprocess.run(["git", "-C", path, *words], check=True)


def test_the_last_commit_and_what_is_not_committed(clone: Path) -> None:
    assert lint.changed() == ["b.cc", "new.cc"]
    (clone / "a.cc").write_text("edited")
    assert lint.changed() == ["a.cc", "b.cc", "new.cc"]


def test_a_header_is_seen_through_one_file_that_includes_it(clone: Path) -> None:
    units = [str(clone / name) for name in ("a.cc", "b.cc", "new.cc")]
    assert lint.to_tidy(["core/a.h", "README.md"], units) == units[:1]
    assert lint.to_tidy(["b.cc", "gone.cc"], units) == units[1:2]


def test_without_git_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    assert lint.changed() == []


def test_the_files_are_those_that_git_knows_less_what_is_not_ours() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    apart = ("results/", "kernel-patch/", "LICENSES/", "configs/reach/")
    ours = {name for name in listed if not name.startswith(apart)}
    assert {name for name in ours if (ROOT / name).exists()} == set(lint.sources())
    assert "retrap" in filter(lint.is_shell, lint.sources())
