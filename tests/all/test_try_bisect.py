# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try --bisect`: of 64 commits to a kernel the one that makes a path dearer."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from linux_tree import FIRST, git, made, plant

from retrap.base.errors import EXIT_DEARER
from retrap.base.paths import ROOT

FILES = ("kernel/signal.c", "kernel/ptrace.c", "kernel/exit.c")
COMMITS, CULPRIT, COUNT = 64, 41, 100
AT = "\t\tif (likely(task_set_jobctl_pending(child, JOBCTL_TRAP_STOP)))\n"


def with_commits(into: Path) -> Path:
    """A tree with `COMMITS` commits above the first. One of them is dearer in
    PTRACE_INTERRUPT, the others add a comment."""
    tree = made(into)
    for n in range(1, COMMITS + 1):
        file = tree / FILES[n % len(FILES)]
        file.write_text(f"{file.read_text()}/* {n} */\n")
        if n == CULPRIT:
            plant(tree, "kernel/ptrace.c", AT, COUNT)
        git(tree, "commit", "-qam", f"commit {n}")
    return tree


def test_the_culprit_is_found(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    tree = with_commits(source)
    argv = [ROOT / "retrap", "try", "--tree", tree, f"{FIRST}..HEAD"]
    argv += ["--bisect", "trap/trigger:interrupt@cross-cpu", "--more-than", "20"]
    argv += ["--results", tmp_path / "results"]
    began = time.monotonic()
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True)
    print(f"{done.stdout}{(time.monotonic() - began) / 60:.1f} minutes")
    assert done.returncode == EXIT_DEARER
    answer = done.stdout.split("The first commit that is dearer:")[1]
    assert answer.split()[1:3] == ["commit", str(CULPRIT)]
    assert f"+{COUNT}" in done.stdout
