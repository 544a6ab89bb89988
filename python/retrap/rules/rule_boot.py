# SPDX-License-Identifier: GPL-2.0-only
"""One boot of one kernel with the rule book in it, and what it reported.

Whatever goes wrong in the guest is an outcome and not an error: a hang and a
splat are verdicts about the kernel, and other kernels go on.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from retrap.base import scratch
from retrap.base.arch import Arch
from retrap.base.rawfile import atomic_write, damaged, read_json
from retrap.campaign.manifest import Job, Payload
from retrap.executors import boot_record, guest
from retrap.build.programs import Programs
from retrap.base.cache import subdirectory
from retrap.config.experiments import Guest
from retrap.config.variants import Variant
from retrap.base.errors import RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Progress, Task
from retrap.executors.qemu import CONSOLE, SPLAT, Hang
from retrap.rules.verdicts import PASS, SKIPPED, Report, parse, properties

OK, HANG, SPLATTED, NO_REPORT = "ok", "hang", "splat", "no report"
# Of bench/core/ptrace/standstill.cc, to a tracer that hangs in the kernel.
WATCHDOG = "killing the tracer"
SCRIPT = "/retrap/book"
REPORT = "report.json"
# The report comes at the end of all tests; a guest that does not get there
# has at least said on the console which test it was in, and what failed.
_SCRIPT_TEXT = """#!/bin/sh
# Runs its arguments; names each test on the console as it starts or fails.
set -o pipefail
"$@" | while IFS= read -r line; do
  echo "$line"
  case $line in
    '[ RUN      ]'*) echo "retrap: step ${line#*] }" >/dev/console ;;
    '[  FAILED  ]'*ms\\)) echo "retrap: failed ${line#*] }" >/dev/console ;;
  esac
done
"""


@dataclass(frozen=True)
class BookBoot:
    """What is stored of a boot. `last` is the test that was running last."""

    outcome: str
    message: str
    last: str
    tests: dict[str, str]
    failures: dict[str, str]
    arguments: str
    wall_s: float
    properties: dict[str, dict[str, str]] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        return asdict(self)

    def report(self) -> Report:
        return Report(self.outcome, self.message or self.outcome, self.tests)


def told(variant: Variant) -> str:
    """What retrap-conform is told of a kernel, as no probe can tell it."""
    return "".join(f" --property {name}" for name in variant.properties)


@dataclass(frozen=True)
class RuleBook:
    """The payload of a boot in which the rule book runs, done by the executor `qemu`.
    A payload is one line: the arguments of retrap-conform. `report.json` of the boot
    is a BookBoot."""

    kernels: Callable[[Job], Kernel]
    programs: dict[Arch, Programs]
    guest: Callable[[Job], Guest]
    progress: Progress
    what: str

    def __call__(self, job: Job, lines: Payload, directory: Path) -> None:
        kernel, how = self.kernels(job), self.guest(job)
        with self.progress.task(f"{self.what} {job.name}") as task:
            measure(
                job, lines, kernel, self.programs[kernel.arch], directory, how, task
            )


def measure(
    job: Job,
    lines: Payload,
    kernel: Kernel,
    programs: Programs,
    directory: Path,
    how: Guest,
    task: Task,
) -> None:
    """A boot into `directory`, whatever came of it."""
    part = directory.with_name(directory.name + ".partial")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        found = boot(kernel, programs, lines[0], how, part / CONSOLE, task)
        report = json.dumps(found.record(), indent=1) + "\n"
        atomic_write(part / REPORT, report)
        facts = {**guest.kernel_facts(kernel, how), "wall_s": found.wall_s}
        boot_record.write(part, job, facts, [], {})
        if directory.exists():
            shutil.rmtree(directory)
        part.rename(directory)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def stored(directory: Path) -> BookBoot:
    """What a boot reported. Errors: EXIT_RESULTS."""
    try:
        return BookBoot(**read_json(directory / REPORT))
    except TypeError as error:
        raise damaged(directory / REPORT, f"is no report: {error}") from None


def boot(
    kernel: Kernel,
    programs: Programs,
    arguments: str,
    how: Guest,
    console: Path,
    task: Task,
) -> BookBoot:
    """Boots `kernel`, runs `retrap-conform arguments`; keeps its console."""
    start = time.monotonic()
    arguments += told(kernel.variant)
    line = f"exec conform sh {SCRIPT} retrap-conform {arguments}"
    line += " --gtest_color=no --gtest_output=json:conform.json"
    with scratch.directory(subdirectory("work")) as place:
        work = place / "boot"
        error: RetrapError | None = None
        try:
            guest.run(kernel, programs, [line], work, how, task, {SCRIPT: _SCRIPT_TEXT})
        except RetrapError as caught:
            if not (work / CONSOLE).exists():
                raise  # it never came to a boot
            error = caught
        wall_s = round(time.monotonic() - start, 1)
        shutil.copyfile(work / CONSOLE, console)
        said = console.read_text(errors="replace").replace("\r", "")
        if error:
            hung = isinstance(error, Hang)
            found = _lost(said, error.message, hung, arguments, wall_s)
        else:
            found = _read(work / "results", said, arguments, wall_s)
    task.update(summary(found))
    return found


def _lost(
    console: str, message: str, hung: bool, arguments: str, wall_s: float
) -> BookBoot:
    """A boot without a report: why, in which test, and what had failed."""
    if splat := next((row for row in console.splitlines() if SPLAT.search(row)), ""):
        outcome, message = SPLATTED, splat
    else:
        outcome = HANG if hung else NO_REPORT
        message = message.splitlines()[0]
    last = _last(console)
    if last:
        message += f" (in {last})"
    return BookBoot(outcome, message, last, {}, _failed(console), arguments, wall_s)


def _read(results: Path, console: str, arguments: str, wall_s: float) -> BookBoot:
    last = _last(console)
    try:
        report = json.loads((results / "conform.json").read_text())
        (tests, failures), recorded = parse(report), properties(report)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        log = results / "conform.log"
        said = log.read_text(errors="replace").strip() if log.exists() else ""
        message = f"retrap-conform left no report: {said[-400:] or 'no message'}"
        outcome = HANG if WATCHDOG in said else NO_REPORT
        failed = _failed(console)
        return BookBoot(outcome, message, last, {}, failed, arguments, wall_s)
    return BookBoot(OK, "", last, tests, failures, arguments, wall_s, recorded)


def _failed(console: str) -> dict[str, str]:
    """The tests the console names as failed, as no report says what they said."""
    named = re.findall(r"^retrap: failed ([^ ,]+)", console, re.M)
    return {_short(name): "in a boot that went wrong" for name in named}


def _last(console: str) -> str:
    """The test the console names last."""
    steps = re.findall(r"^retrap: step (\S+_\S+)", console, re.M)
    return _short(steps[-1]) if steps else ""


def _short(name: str) -> str:
    """`AR05_X/same` of `Rules/AsyncRetrapRules.AR05_X/same`."""
    return name.rsplit(".", 1)[-1]


def summary(found: BookBoot) -> str:
    if found.outcome != OK:
        return f"{found.outcome}: {found.message}"
    verdicts = list(found.tests.values())
    passed, skipped = verdicts.count(PASS), verdicts.count(SKIPPED)
    return f"{passed} pass, {len(found.failures)} FAIL, {skipped} n.a."
