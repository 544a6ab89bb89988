# SPDX-License-Identifier: GPL-2.0-only
"""The data race detector finds nothing in the patches that mainline has not.

Mainline has races of its own on these paths, reported or not as chance has it.
So a report counts where a line of the patches is in one of its stacks, unless a
read that is mainline's, and which mainline leaves without a lock, is one of its
sides. Not seen are a race that the patches would make of two lines of mainline's,
above which none of theirs stands, and a write of theirs that lacks the lock, if only
one of the excused reads meets it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import kcsan
import pytest
from conftest import KERNELS, RACES, Run, chosen, kernel, of_model

from retrap.kernel import kernels, patched_files
from retrap.rules import mutations
from retrap.base.arch import native
from retrap.rules.rule_boot import told
from retrap.base.cache import subdirectory
from retrap.base.errors import RetrapError
from retrap.kernel.kernels import Kernel
from retrap.rules.mutations import Mutation
from retrap.base.progress import Progress
from retrap.executors.qemu import CONSOLE, splat

MAINLINE = "mainline-kcsan"
NAMES = [name for name, _ in chosen(RACES)]
RULES = "exec rules retrap-conform --count 500 --deadline 600"
MODEL = "exec model retrap-model --steps 20000 --seed 20110526"
PATHS = ("kernel/exit.c", "kernel/ptrace.c", "kernel/signal.c")
BOOTS = 5
# Reads of mainline's that take no lock, with the reason. The same text in a line
# of the patches is not excused.
_SIGINFO = "for siginfo; whoever writes it does not wait for that"
WITHOUT_A_LOCK = {
    (
        "kernel/exit.c",
        "if (task_is_traced(p) && !(p->jobctl & JOBCTL_LISTENING))",
    ): "wait(2) looks before it takes the siglock, and again under it",
    (
        "kernel/ptrace.c",
        "if (task->jobctl & JOBCTL_LISTENING)",
    ): "of ptrace_freeze_traced(): 'Lockless, nobody but us can set this flag'",
    ("include/linux/sched/cputime.h", "*utime = t->utime;"): _SIGINFO,
    ("include/linux/sched/cputime.h", "*stime = t->stime;"): _SIGINFO,
    (
        "kernel/signal.c",
        "info.si_status = tsk->signal->group_exit_code & 0x7f;",
    ): _SIGINFO,
    ("kernel/signal.c", "info.si_status = tsk->exit_code & 0x7f;"): _SIGINFO,
}
# task_stopped_code() with a plain read of what the tracee writes under its siglock.
PLANTED = Mutation(
    *("race", "", "", ()),
    file="kernel/exit.c",
    before="*jobctl = READ_ONCE(p->jobctl);",
    after="*jobctl = p->jobctl;",
)
Races = list[kcsan.Race]


def excused(race: kcsan.Race) -> bool:
    return any(
        (side.file, side.text) in WITHOUT_A_LOCK
        and side.what == "read"
        and not side.made
        for side in race.sides
    )


def counts(race: kcsan.Race) -> bool:
    return race.patched and not excused(race)


def other_splats(console: str) -> str | None:
    rows = [row for row in console.splitlines() if not kcsan.REPORT.search(row)]
    return splat("\n".join(rows))


@pytest.fixture(scope="module")
def races(run: Run) -> Callable[[str | Kernel], Races]:
    """races(kernel): what it reports, in BOOTS boots at most: until a race
    of PATHS is among it, mainline's or not."""
    seen: dict[str, Races] = {}

    def boot(target: Kernel) -> Races:
        name = target.variant.name
        try:
            run(
                target,
                [RULES + told(target.variant), MODEL + of_model(target.variant)],
                {},
            )
        except RetrapError as error:
            assert "BUG: KCSAN: data-race" in error.message, error.message
        log = subdirectory("work") / f"all-{name}" / CONSOLE
        console = log.read_text(errors="replace")
        assert "retrap: sent" in console, console[-2000:]
        assert "exit status" not in console, console[-2000:]
        assert other_splats(console) is None
        known = {**KERNELS, name: target.variant}
        return kcsan.races(console, kcsan.Source(target, known))

    def of(what: str | Kernel) -> Races:
        target = kernel(what) if isinstance(what, str) else what
        name = target.variant.name
        if name not in seen:
            seen[name] = []
            for _ in range(BOOTS):
                seen[name] += boot(target)
                if any(race.is_in(PATHS) for race in seen[name]):
                    break
            for race in seen[name]:
                print(f"\n{name}: {'counts: ' if counts(race) else ''}{race}")
        return seen[name]

    return of


def test_mainline_has_no_line_of_the_patches(races: Callable[..., Races]) -> None:
    assert not any(race.patched for race in races(MAINLINE))


@pytest.mark.parametrize("name", NAMES)
def test_the_detector_looks_here(races: Callable[..., Races], name: str) -> None:
    """It reports a race of mainline's on these paths; else it saw nothing."""
    assert any(race.is_in(PATHS) for race in races(name))


@pytest.mark.parametrize("name", [name for name in NAMES if name != MAINLINE])
def test_no_race_in_the_patches(races: Callable[..., Races], name: str) -> None:
    found = races(name)
    assert [str(race) for race in found if counts(race)] == []


def test_a_race_in_the_patches_is_seen(
    races: Callable[..., Races], tmp_path: Path
) -> None:
    name = "async-retrap-kcsan"
    (tmp_path / "source").mkdir()
    files = (KERNELS[name], KERNELS, native(), {PLANTED.file}, tmp_path / "source")
    patched_files.lay_source(*files)
    mutant = mutations.mutant(PLANTED, KERNELS[name], tmp_path / "source", tmp_path)
    planted = dataclasses.replace(mutant, name=f"{name}-planted", base=MAINLINE)
    with Progress() as progress:
        target = kernels.ensure(planted, KERNELS, progress)
    found = [race for race in races(target) if counts(race)]
    assert found
    assert all(
        any(PLANTED.after in side.text for side in race.sides if side.made)
        for race in found
    )
