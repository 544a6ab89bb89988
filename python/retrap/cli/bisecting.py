# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try --bisect`: the commit that made a path dearer, by `git bisect run`.

It bisects in a clone that shares the tree's objects, so that the tree is not written.
Each step is a `retrap try` of all commits from GOOD to there as one patch: it compiles
what they touch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from retrap.analysis.verdict import UNDECIDED
from retrap.base import scratch
from retrap.base.cache import subdirectory
from retrap.base.errors import (
    EXIT_DEARER,
    EXIT_KERNEL,
    EXIT_OK,
    EXIT_PATCH,
    RetrapError,
)
from retrap.base.paths import ROOT
from retrap.base.progress import say
from retrap.cli.limits import Limit
from retrap.kernel.given_tree import Tree

RETRAP = ROOT / "retrap"
SKIP, STOP = 125, 255  # what git bisect run makes of a status
# The status of a step, as git bisect run takes it; what it said is kept by commit.
STEP = f"""
at=$(git rev-parse BISECT_HEAD) || exit {STOP}
echo "retrap: step $(git log -1 --format='%h %s' "$at")" >&2
"$@" > "$RETRAP_STEPS/$at.json"
case $? in
{EXIT_OK}) exit 0 ;;
{EXIT_DEARER}) exit 1 ;;
{EXIT_KERNEL}) exit {SKIP} ;;
*) exit {STOP} ;;
esac
"""


def run(args: Namespace) -> int:
    """EXIT_DEARER with a culprit; EXIT_OK where BAD is not dearer."""
    tree = Tree(args.tree)
    good, bad = tree.ends(args.patches)
    with scratch.directory(subdirectory("work")) as place:
        clone, steps = place / "clone", place / "steps"
        steps.mkdir()
        shared = ("clone", "-q", "--shared", "--no-checkout")
        Tree(place).git(*shared, str(tree.top()), str(clone))
        whole = _step(args, clone, good, bad)
        say(f"whether {bad[:12]} is dearer than {good[:12]}")
        found = subprocess.run(whole, stdout=subprocess.PIPE)
        if found.returncode not in (EXIT_OK, EXIT_DEARER):
            return found.returncode
        (steps / f"{bad}.json").write_bytes(found.stdout)
        if found.returncode == EXIT_OK:
            _table(args, clone, steps, f"{good}..{bad}")
            print(_not_dearer(json.loads(found.stdout)["rows"], good, bad))
            return EXIT_OK
        Tree(clone).git("bisect", "start", "--no-checkout", bad, good)
        words = _step(args, clone, good, "BISECT_HEAD")
        env = {**os.environ, "RETRAP_STEPS": str(steps)}
        argv = ["git", "bisect", "run", "sh", "-c", STEP, "step", *words]
        done = subprocess.run(argv, cwd=clone, env=env, stdout=subprocess.PIPE)
        sys.stderr.buffer.write(done.stdout if done.returncode else b"")
        _table(args, clone, steps, f"{good}..{bad}")
        return _answer(done, clone)


def _not_dearer(rows: list[dict[str, Any]], good: str, bad: str) -> str:
    """Undecided is no answer: another cell may have one."""
    if any(row["verdict"] == UNDECIDED for row in rows):
        return (
            f"{bad[:12]} against {good[:12]} is undecided: no commit is looked for.\n"
            "Name the other placement in --bisect, or none for both."
        )
    return f"{bad[:12]} is not surely dearer than {good[:12]}: no commit is."


def _answer(done: subprocess.CompletedProcess[bytes], clone: Path) -> int:
    text = done.stdout.decode(errors="replace")
    first = next((x for x in text.splitlines() if "is the first bad commit" in x), "")
    if not first:
        skipped = "only 'skip'ped commits left" in text.replace("\n", " ")
        what = "git bisect ended at no commit"
        hint = "the steps above say what failed"
        if skipped:
            what = "git bisect: the commits that are left do not build"
            hint = "name another GOOD or BAD"
        raise RetrapError(what, hint, EXIT_PATCH)
    print("The first commit that is dearer:")
    form = "--format=  %h %s%n  %an, %as"
    print(Tree(clone).git("log", "-1", form, first.split()[0]), end="")
    return EXIT_DEARER


def _step(args: Namespace, clone: Path, good: str, to: str) -> list[str]:
    """`retrap try` of GOOD..TO as one patch, in the one cell."""
    scenario, _, placement = args.bisect.partition("@")
    words = ["--tree", clone, f"{good}..{to}", "--squash", "--scenarios", scenario]
    words += ["--placement", placement] if placement else []
    words += ["--fail-if-dearer", _written(args.more_than), "--json"]
    words += ["--arch", args.arch, "--results", args.results.resolve()]
    words += ["--variants", args.variants.resolve(), "--no-profile"]
    for fragment in args.config:
        words += ["--config", fragment.resolve()]
    return [str(RETRAP), "try", *map(str, words)]


def _written(limit: Limit) -> str:
    return f"{100 * limit.amount:g}%" if limit.of_base else f"{limit.amount:.0f}"


def _table(args: Namespace, clone: Path, steps: Path, commits: str) -> None:
    """A line a step, oldest first: what its cells say against GOOD. git bisect may
    look at a commit below GOOD too."""
    newest = Tree(clone).git("rev-list", "--topo-order", commits).split()
    age = {commit: number for number, commit in enumerate(newest)}
    old = len(newest)
    found = sorted(steps.glob("*.json"), key=lambda file: -age.get(file.stem, old))
    print(f"{args.bisect}, against GOOD:")
    for file in found:
        head = Tree(clone).git("log", "-1", "--format=%h %s", file.stem).strip()
        print(f"  {_changes(file):24} {head}"[:80])


def _changes(file: Path) -> str:
    try:
        document: dict[str, Any] = json.loads(file.read_bytes())
    except ValueError:
        return "does not build"
    rows = document["rows"]
    return ", ".join(f"{row['change']} {row['placement']}" for row in rows)
