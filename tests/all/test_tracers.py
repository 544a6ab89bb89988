# SPDX-License-Identifier: GPL-2.0-only
"""strace and gdb see on every kernel what they see on mainline."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DEBUG, HERE, PLAIN, Run, chosen

from retrap.build import userland
from retrap.executors.initramfs import Files

STRACE = ("ctrl_z_and_fg", "background_read", "attached_threads", "attach_to_stopped")
GDB = ("attach_and_interrupt", "job_control", "attach_to_stopped")
SCENARIOS = [f"strace.{name}" for name in STRACE] + [f"gdb.{name}" for name in GDB]
KERNELS = [name for file in (PLAIN, DEBUG) for name, _ in chosen(file)]
# What a driver imports, so that the guest has it (userland.python).
MODULES = (
    *("__future__", "collections.abc", "glob", "os", "re", "select", "signal"),
    *("termios", "time"),
)

Transcripts = dict[str, str]


def normal(text: str) -> str:
    """Without what differs from run to run: process ids and addresses."""
    pid = (
        r"(?<=si_pid=)|(?<=[Pp]rocess )|(?<=LWP )|(?<=ready )|(?<=attach )|(?<=wait4\()"
    )
    text = re.sub(rf"(?:{pid})\d+", "PID", text)
    # strace pads to the result: by as much as the ids before it have digits.
    text = re.sub(r"\) += ", ") = ", text)
    text = re.sub(r"(wait4\(PID.*) = \d+", r"\1 = PID", text)
    text = re.sub(r'("ready PID\\n", )\d+\) = \d+', r"\1N) = N", text)
    # The first to read from the background stops the whole group; whether the
    # second has begun to read by then is the scheduler's choice.
    began = r"tracee 2: read\(4, \S+, 1\) = \? ERESTARTSYS .*\n"
    text = re.sub(rf"{began}(?=tracee 2: --- SIGTTIN)", "", text)
    return re.sub(r"0x[0-9a-f]+", "ADDRESS", text)


@pytest.fixture(scope="module")
def files(compiled: Callable[[str], Path]) -> Files:
    drivers = ("terminal.py", "strace_drive.py", "gdb_drive.py")
    return {
        **userland.program("/usr/bin/strace", "strace"),
        **userland.program("/bin/dash", "dash"),
        **userland.gdb(),
        **userland.python(*MODULES),
        **{f"/retrap/{name}": HERE / "guest" / name for name in drivers},
        "/retrap/victim": compiled("victim"),
    }


@pytest.fixture(scope="module")
def transcripts(run: Run, files: Files) -> Callable[[str], Transcripts]:
    """transcripts(kernel): scenario to normalised transcript; booted once."""
    seen: dict[str, Transcripts] = {}
    lines = []
    for scenario in SCENARIOS:
        tracer, _, name = scenario.partition(".")
        script = f"{userland.PYTHON} -S /retrap/{tracer}_drive.py {name}"
        lines.append(f"exec {scenario} {script}")

    def of(name: str) -> Transcripts:
        if name not in seen:
            results = run(name, lines, files)
            seen[name] = {
                scenario: normal((results / f"{scenario}.txt").read_text())
                + (results / f"{scenario}.log").read_text()
                for scenario in SCENARIOS
            }
        return seen[name]

    return of


# scenario -> a line that must be there, and how often: it really happened.
HAPPENED = {
    "strace.ctrl_z_and_fg": ("--- stopped by SIGTSTP ---", 4),
    "strace.background_read": ("--- stopped by SIGTTIN ---", 2),
    "strace.attached_threads": ("--- stopped by SIGTSTP ---", 6),
    "strace.attach_to_stopped": ("--- stopped by SIGSTOP ---", 3),
    "gdb.attach_and_interrupt": ("received signal SIGINT", 2),
    "gdb.job_control": ("received signal SIGCONT", 1),
    "gdb.attach_to_stopped": ("received signal SIGTSTP", 1),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_happens_on_mainline(
    transcripts: Callable[[str], Transcripts], scenario: str
) -> None:
    text = transcripts("mainline")[scenario]
    line, times = HAPPENED[scenario]
    assert "STUCK" not in text and "Traceback" not in text, text
    assert text.count(line) == times, text
    assert "| bye\n" in text and "sh ends: 3\n" in text, text


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", [name for name in KERNELS if name != "mainline"])
def test_as_on_mainline(
    transcripts: Callable[[str], Transcripts], name: str, scenario: str
) -> None:
    assert transcripts(name)[scenario] == transcripts("mainline")[scenario]
