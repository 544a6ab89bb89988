# SPDX-License-Identifier: GPL-2.0-only
"""The counting runs of a cell on this machine: its path, then a group of hardware
events each. One that fails is said, and the others go on."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retrap.base import scratch
from retrap.base.paths import ROOT
from retrap.base.progress import say
from retrap.base.rawfile import atomic_write
from retrap.build.programs import Programs
from retrap.config.plan import Run
from retrap.machine import pmu
from retrap.machine.counting import path_options, refusal

HARDWARE_CYCLES = 200  # what is around the loop cancels; interrupts do not
Runner = Callable[[list[str], dict[str, str]], tuple[int, str]]


def why_not(cells: list[Run]) -> str:
    """Why nothing can be counted, where something is to be; else empty. It is said."""
    refused = refusal(platform.machine())
    if refused is None or all(cell.cycles is None for cell in cells):
        return ""
    say(f"no counters on this machine: {refused.reason}")
    say(f"  {refused.remedy}")
    return refused.reason


def files(cells: list[Run]) -> dict[str, tuple[Run, list[str]]]:
    """Every file that counting leaves, with its run and options of perf stat."""
    counting = [cell for cell in cells if cell.cycles is not None]
    if not counting:
        return {}
    options = path_options(platform.machine())
    found = {cell.output: (cell, options) for cell in counting}
    for cell in {cell.stem: cell for cell in counting}.values():
        for cycles in (HARDWARE_CYCLES, 2 * HARDWARE_CYCLES):
            run = replace(cell, cycles=cycles)
            for group, suffix in _numbered(pmu.groups()):
                name = run.output.replace(".jsonl", f".{suffix}.jsonl")
                found[name] = (run, group.options())
    return found


def _numbered(groups: tuple[pmu.Group, ...]) -> list[tuple[pmu.Group, str]]:
    """With `u1`, `u2`, ..., `k1`, ..., from which a reader takes the mode."""
    return [
        (group, f"{mode}{number}")
        for mode in pmu.MODES
        for number, group in enumerate((g for g in groups if g.mode == mode), 1)
    ]


def count(
    out: Path,
    options: list[str],
    programs: Programs,
    arguments: list[str],
    run: Runner,
) -> None:
    """A process of retrap-bench under perf stat; `run` is given argv and environment,
    and returns exit status and output."""
    with scratch.directory() as place:
        events, result = place / "events", place / "out.jsonl"
        events.write_text("".join(f"{word}\n" for word in options))
        script = str(ROOT / "bench/retrap-count")
        argv = [script, str(place), str(result), str(events), *arguments]
        path = f"{programs.directory}:{os.environ.get('PATH', '')}"
        env = {**os.environ, "LC_ALL": "C", "PATH": path}
        status, said = run(argv, env)
        if status in (0, 4) and result.exists():
            atomic_write(out, result.read_bytes())
        else:
            reason = said.splitlines()[0] if said else f"exit status {status}"
            say(f"{out.name}: not counted: {reason}")
