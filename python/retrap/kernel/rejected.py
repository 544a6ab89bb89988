# SPDX-License-Identifier: GPL-2.0-only
"""Why a patch does not apply, in words, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from retrap.base.process import run_logged

REBASE = "rebase the patch on the variant's base (docs/kernels.md)"
ALREADY = "leave it out, or name a base that does not have it yet"
DAMAGED = "take it as it was sent, or make it anew with git format-patch"
OTHER = "the patch is for another release: name its base"


def reason(file: Path, tree: Path, log: Path, lines: list[str]) -> tuple[str, str]:
    """What is wrong, and the hint that fits, from what patch(1) said. `tree` may be
    what is left of the attempt."""
    said = "\n".join(lines)
    if "it holds no patch" in said or "Only garbage" in said:
        return "it holds no patch", "give a diff, as of git format-patch"
    damage = re.search(r"(?:malformed patch|mangled in hunk) at line (\d+)(.*)", said)
    if damage:
        line, text = damage.groups()
        why = "(wrapped by a mailer, or edited by hand)"
        return f"damaged at line {line} {why}{text}".rstrip(": "), DAMAGED
    files, known = said.count("patching file "), said.count("previously applied")
    if files == known and known and _is_in(file, tree, log):
        return "it is applied already", ALREADY
    missing = [line for line in lines if "can't find file" in line]
    if missing and "FAILED" not in said:
        named = re.findall(r"^\|?(?:--- (?:a/)?|diff --git a/)(\S+)", said, re.M)
        names = list(dict.fromkeys(named))
        what = f"the base has no {', '.join(names[:3])}" if names else missing[0]
        return what, OTHER
    return _hunks(lines), REBASE


def _is_in(file: Path, tree: Path, log: Path) -> bool:
    words = ["patch", "-p1", "-R", "--batch", "--fuzz=0", "--dry-run", "-i", str(file)]
    return run_logged(words, log, cwd=tree) == 0


def _hunks(lines: list[str]) -> str:
    """`kernel/signal.c: Hunk #2 FAILED at 91; ...`."""
    name, found = "", []
    for line in lines:
        if match := re.match(r"(?:checking|patching) file (.+)", line):
            name = match.group(1)
        elif match := re.match(r"(Hunk #\d+ (?:FAILED|ignored) at \d+)", line):
            found.append(f"{name}: {match.group(1)}")
        elif "previously applied" in line or "can't find file" in line:
            found.append(f"{name}: {line}" if name else line)
    last = next((line for line in reversed(lines) if line.strip()), "patch(1) failed")
    return "; ".join(found[:4]) or last
