# SPDX-License-Identifier: GPL-2.0-only
"""A git tree with kernel sources of Debian, for `try --tree`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from retrap.config.variants import load_variants
from retrap.kernel import source

FIRST = "v0"
DATE = "2011-05-26T00:00:00Z"  # of releases: their commits are the same each time


def git(tree: Path, *words: str, date: str | None = None) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost.invalid"]
    dates = {f"GIT_{each}_DATE": date for each in ("AUTHOR", "COMMITTER") if date}
    env = {**os.environ, **dates}
    subprocess.run(["git", "-C", tree, *identity, *words], check=True, env=env)


def made(into: Path, variant: str = "mainline", tag: str = FIRST) -> Path:
    """The tree, with one commit that is tagged."""
    tree = into / "tree"
    tree.mkdir()
    git(tree, "init", "-q")
    add(tree, variant, tag)
    return tree


def add(tree: Path, variant: str, tag: str) -> None:
    """A commit more: the source that the variant is built from, and nothing else."""
    chosen = load_variants()[variant]
    identity = source.identify(chosen)
    for path in tree.iterdir():
        if path.is_dir() and path.name != ".git":
            shutil.rmtree(path)
        elif path.name != ".git":
            path.unlink()
    source.unpack(chosen, identity, tree, tree.with_name("unpack.log"))
    git(tree, "add", "-fA", ".")
    git(tree, "commit", "-qm", tag, date=DATE)
    git(tree, "tag", tag)


def nops(count: int) -> str:
    """C that takes so many instructions."""
    return f'\tasm volatile(".rept {count}\\n\\tnop\\n\\t.endr");\n'


def plant(tree: Path, file: str, before: str, count: int) -> None:
    """So many nops before a line that the file has once."""
    path = tree / file
    text = path.read_text()
    assert text.count(before) == 1, (file, before)
    path.write_text(text.replace(before, nops(count) + before))
