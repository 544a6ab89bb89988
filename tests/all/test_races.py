# SPDX-License-Identifier: GPL-2.0-only
"""The data race detector finds nothing in the patches that mainline has not.

Mainline has races of its own on these paths, reported or not as chance has it.
So a report counts where it names a function that the patches made, or one that
they changed and that mainline was not reported for, less the races below.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conftest import KERNELS, RACES, Run, chosen, kernel

from retrap import patchsize
from retrap.cache import subdirectory
from retrap.errors import RetrapError
from retrap.qemu import CONSOLE

MAINLINE = "mainline-kcsan"
NAMES = [name for name, _ in chosen(RACES)]
STEPS = [
    "exec rules retrap-conform --count 500 --deadline 600",
    "exec model retrap-model --steps 20000 --seed 20110526",
]
# Races of lines that are mainline's, in functions that the patches change; read in
# the source and, the first, in the code (objdump): mainline's own run may happen
# not to report them.
_JOBCTL = "ptrace_freeze_traced() reads ->jobctl before it takes the siglock"
_STATUS = "it reads ->exit_code and the CPU times, which others write"
MAINLINES_RACES = {
    frozenset({"__x64_sys_ptrace", "prepare_signal"}): _JOBCTL,
    frozenset({"__x64_sys_ptrace", "ptrace_stop"}): _JOBCTL,
}
MAINLINES_FUNCTIONS = {"do_notify_parent_cldstop": _STATUS}
NEW_CALLER = "ptrace_notify_again"  # of that: below it nothing is excused
_REPORT = re.compile(r"BUG: KCSAN: data-race in (\S+)(?: / (\S+))?")
# task_stopped_code(), inlined, reads ->jobctl without the siglock, as mainline's
# does; whoever writes that is in the report with it. It is the one plain read of
# it in kernel/exit.c, and the patches write nothing else that has 8 bytes.
_LISTENING = re.compile(
    r"^read to \S+ of 8 bytes by .*\n wait_consider_task\+", re.MULTILINE
)
Races = set[frozenset[str]]


def touched(name: str) -> set[str]:
    """Functions that differ from mainline's, by System.map."""
    base = patchsize.functions(kernel(MAINLINE).system_map)
    here = patchsize.functions(kernel(name).system_map)
    return {each for each in here if here[each] != base.get(each)}


def plain(symbol: str) -> str:
    """`f` of `f.isra.0+0x12/0x34`."""
    return re.split(r"[.+]", symbol)[0]


def reported(console: str) -> Races:
    """The functions of each report but those of _LISTENING; and NEW_CALLER where
    it is in a stack."""
    found: Races = set()
    for report in re.split(r"(?=BUG: KCSAN: data-race)", console)[1:]:
        pair = _REPORT.match(report)
        assert pair, report[:100]
        if _LISTENING.search(report):
            continue
        names = {plain(each) for each in pair.groups() if each}
        stacks = report.partition("Reported by")[0]
        if re.search(rf"^\s+{NEW_CALLER}\+", stacks, re.MULTILINE):
            names.add(NEW_CALLER)
        found.add(frozenset(names))
    return found


@pytest.fixture(scope="module")
def races(run: Run) -> Callable[[str], Races]:
    """races(kernel): the functions of each report; booted once."""
    seen: dict[str, Races] = {}

    def of(name: str) -> Races:
        if name not in seen:
            try:
                run(name, STEPS, {})
            except RetrapError as error:
                assert "BUG: KCSAN: data-race" in error.message, error.message
            log = subdirectory("work") / f"all-{KERNELS[name].name}" / CONSOLE
            console = log.read_text(errors="replace")
            assert "retrap: sent" in console, console[-2000:]
            assert "exit status" not in console, console[-2000:]
            other = [
                row
                for row in console.splitlines()
                if "BUG:" in row and not _REPORT.search(row)
            ]
            assert other == []
            seen[name] = reported(console)
            print(f"\n{name}: {sorted(map(sorted, seen[name]))}")
        return seen[name]

    return of


def test_the_patches_add_no_read_like_the_excused_one() -> None:
    """_LISTENING is about one read of ->jobctl in kernel/exit.c."""
    patches = {patch for name in NAMES for patch in KERNELS[name].patches}
    added = [
        row
        for patch in patches
        for part in re.split(r"^diff --git ", patch.read_text(), flags=re.MULTILINE)
        if part.startswith("a/kernel/exit.c ")
        for row in part.splitlines()
        if re.match(r"\+.*->jobctl\b", row)
    ]
    assert added, "no patch reads it: look for another excuse"
    assert [r for r in added if not re.search(r"(READ_ONCE\(|&)p->jobctl", r)] == []


def test_the_detector_is_at_work(races: Callable[[str], Races]) -> None:
    assert races(MAINLINE), "no report at all: is KCSAN on?"


@pytest.mark.parametrize("name", [name for name in NAMES if name != MAINLINE])
def test_no_race_in_the_patches(races: Callable[[str], Races], name: str) -> None:
    known = set().union(MAINLINES_FUNCTIONS, *races(MAINLINE))
    mine = {plain(each) for each in touched(name)} - known
    found = races(name) - MAINLINES_RACES.keys()
    assert [sorted(pair) for pair in found if pair & mine] == []
