# SPDX-License-Identifier: GPL-2.0-only
"""What `./retrap test lint` runs: Debian 12's checkers, over the whole clone.

Another release's versions judge otherwise, so there is no lint elsewhere. Only
clang-tidy is slow: it looks at the files that changed, with --all at every file.
"""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path

from retrap.base.paths import ROOT
from retrap.base.process import capture

NOT_WRITTEN = "configs/reach/"  # names of the kernel's functions
NOT_OURS = {"build", "results", "kernel-patch"}  # the kernel has rules of its own
UNREAD = {".git", ".mypy_cache", ".pytest_cache", "__pycache__", "LICENSES"}
CXX = (".cc", ".h", ".c")
PYTHON = ("python", "plots", "tests")
# A keyword of Kconfig, no misspelling; and one in a mail that is quoted.
WORDS = "rsource,guarentee"
COMMANDS = ROOT / "build/release/compile_commands.json"


def is_here() -> bool:
    """Is this the release whose versions decide?"""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return (release.get("ID"), release.get("VERSION_ID")) == ("debian", "12")


def checks(everything: bool) -> dict[str, list[str]]:
    """Each checker's name and command, to be run in the clone."""
    files = sources()
    found = {
        "black": ["/usr/bin/black", "--check", *PYTHON],
        "flake8": [
            *("/usr/bin/python3", "-m", "flake8", "--max-line-length", "88"),
            *("--extend-ignore", "E203,W503", *PYTHON),
        ],
        "mypy": ["/usr/bin/mypy", "python", "plots"],
        "clang-format": [
            *("/usr/bin/clang-format", "--dry-run", "-Werror"),
            *(name for name in files if name.endswith(CXX)),
        ],
        "shellcheck": ["/usr/bin/shellcheck", *filter(is_shell, files)],
        "codespell": ["/usr/bin/codespell", "--ignore-words-list", WORDS, *files],
    }
    units = translation_units()
    if tidied := units if everything else to_tidy(changed(), units):
        jobs = str(len(os.sched_getaffinity(0)))
        regexes = [f"^{re.escape(unit)}$" for unit in tidied]
        tidy = ["/usr/bin/run-clang-tidy", "-p", str(COMMANDS.parent)]
        found["clang-tidy"] = [*tidy, "-quiet", "-j", jobs, *regexes]
    return found


def sources() -> list[str]:
    """Every file that people write, relative to the clone, in order."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder)
        if here == ROOT:
            folders[:] = set(folders) - NOT_OURS
        folders[:] = [name for name in folders if name not in UNREAD]
        found += [str((here / name).relative_to(ROOT)) for name in names]
    found = [name for name in found if not name.startswith(NOT_WRITTEN)]
    return sorted(name for name in found if name != ".git")  # of a worktree, a file


def is_shell(name: str) -> bool:
    with (ROOT / name).open("rb") as file:
        return file.readline().strip() == b"#!/bin/sh"


def translation_units() -> list[str]:
    """The C++ files that the release preset compiles, by absolute path."""
    files = {entry["file"] for entry in json.loads(COMMANDS.read_text())}
    return sorted(name for name in files if name.endswith(".cc"))


def to_tidy(changed: list[str], units: list[str]) -> list[str]:
    """The units among the changed files, and for each header one that includes it."""
    found = {str(ROOT / name) for name in changed} & set(units)
    for header in (name for name in changed if name.endswith(".h")):
        path = Path(header)
        wanted = re.compile(rf'^#include "(.*/)?{re.escape(path.name)}"', re.M)
        near = sorted(units, key=lambda unit: Path(unit).parent != ROOT / path.parent)
        found |= set(next(([u] for u in near if wanted.search(_text(u))), []))
    return sorted(found)


def _text(path: str) -> str:
    return Path(path).read_text()


def changed() -> list[str]:
    """The files of the last commit, and those that differ from it. None of a clone
    without git, or with one commit."""
    edited = capture(["git", "diff", "--name-only", "HEAD~1"], ROOT) or ""
    new = capture(["git", "ls-files", "--others", "--exclude-standard"], ROOT) or ""
    return sorted({*edited.splitlines(), *new.splitlines()})
