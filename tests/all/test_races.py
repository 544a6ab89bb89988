# SPDX-License-Identifier: GPL-2.0-only
"""The data race detector finds nothing in the patches that mainline has not.

Mainline has races of its own on these paths, reported or not as chance has it.
So a report counts where a line of the patches is in one of its stacks, unless a
read that is mainline's, and which mainline leaves without a lock, is one of its
sides. A race that the patches would make of two lines of mainline's, above which
none of theirs stands, is not seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import kcsan
import pytest
from conftest import KERNELS, RACES, Run, chosen, kernel

from retrap import kernels, laid, mutations
from retrap.arch import native
from retrap.cache import subdirectory
from retrap.errors import RetrapError
from retrap.kernels import Kernel
from retrap.mutations import Mutation
from retrap.progress import Progress
from retrap.qemu import CONSOLE

MAINLINE = "mainline-kcsan"
NAMES = [name for name, _ in chosen(RACES)]
RULES = "exec rules retrap-conform --count 500 --deadline 600"
MODEL = "exec model retrap-model --steps 20000 --seed 20110526"
# Reads of mainline's that take no lock, by their text, with the reason. The same
# text in a line of the patches is not excused.
WITHOUT_A_LOCK = {
    "if (task_is_traced(p) && !(p->jobctl & JOBCTL_LISTENING))": "wait(2) looks "
    "before it takes the siglock, and again under it",
    "if (task->jobctl & JOBCTL_LISTENING)": "of ptrace_freeze_traced(): 'Lockless, "
    "nobody but us can set this flag'",
    "*utime = t->utime;": "CPU time, for siginfo; the tick writes it",
    "*stime = t->stime;": "CPU time, for siginfo; the tick writes it",
}
# note_retrapping() with a plain read of what the tracee writes under its siglock.
PLANTED = Mutation(
    *("race", "", "", ()),
    file="kernel/exit.c",
    before="(READ_ONCE(p->jobctl) & (JOBCTL_TRAPPING",
    after="(p->jobctl & (JOBCTL_TRAPPING",
)
PLANTED_LINE = "(p->jobctl & (JOBCTL_TRAPPING | JOBCTL_TRACED)))"
Races = list[kcsan.Race]


def counts(race: kcsan.Race) -> bool:
    return race.patched and not any(
        side.text in WITHOUT_A_LOCK and not side.write and not side.made
        for side in race.sides
    )


@pytest.fixture(scope="module")
def races(run: Run) -> Callable[[str | Kernel, list[str]], Races]:
    """races(kernel, steps): what it reports; a kernel is booted once."""
    seen: dict[str, Races] = {}

    def of(what: str | Kernel, steps: list[str]) -> Races:
        target = kernel(what) if isinstance(what, str) else what
        name = target.variant.name
        if name not in seen:
            try:
                run(target, steps, {})
            except RetrapError as error:
                assert "BUG: KCSAN: data-race" in error.message, error.message
            log = subdirectory("work") / f"all-{name}" / CONSOLE
            console = log.read_text(errors="replace")
            assert "retrap: sent" in console, console[-2000:]
            assert "exit status" not in console, console[-2000:]
            bugs = [row for row in console.splitlines() if "BUG:" in row]
            assert [row for row in bugs if not kcsan.REPORT.search(row)] == []
            known = {**KERNELS, name: target.variant}
            seen[name] = kcsan.races(console, kcsan.Source(target, known))
            for race in seen[name]:
                print(f"\n{name}: {'counts: ' if counts(race) else ''}{race}")
        return seen[name]

    return of


def test_the_detector_is_at_work(races: Callable[..., Races]) -> None:
    found = races(MAINLINE, [RULES, MODEL])
    assert found, "no report at all: is KCSAN on?"
    assert not any(race.patched for race in found)


@pytest.mark.parametrize("name", [name for name in NAMES if name != MAINLINE])
def test_no_race_in_the_patches(races: Callable[..., Races], name: str) -> None:
    found = races(name, [RULES, MODEL])
    assert [str(race) for race in found if counts(race)] == []


def test_a_race_in_the_patches_is_seen(
    races: Callable[..., Races], tmp_path: Path
) -> None:
    name = "async-retrap-kcsan"
    (tmp_path / "source").mkdir()
    files = (KERNELS[name], KERNELS, native(), {PLANTED.file}, tmp_path / "source")
    laid.lay_source(*files)
    mutant = mutations.mutant(PLANTED, KERNELS[name], tmp_path / "source", tmp_path)
    planted = dataclasses.replace(mutant, name=f"{name}-planted", base=MAINLINE)
    with Progress() as progress:
        target = kernels.ensure(planted, KERNELS, progress)
    found = [race for race in races(target, [RULES, MODEL]) if counts(race)]
    assert found
    lines = [{side.text for side in race.sides if side.made} for race in found]
    assert all(PLANTED_LINE in texts for texts in lines)
