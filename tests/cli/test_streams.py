# SPDX-License-Identifier: GPL-2.0-only
"""Standard streams that are closed or full, and a terminal of 80 x 24."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EMPTY = ROOT / "build/test-streams"
ANSWERS = (
    "--help",
    "matrix --help",
    "kernel list",
    "matrix --dry-run",
    "compare results/reference/quick results/reference/quick",
    "conform --from results/reference/conform",
    "conform --from results/reference/conform --json",
    "mutate --list",
    "profile --from results/reference/profile",
)
QUICK = ANSWERS[:3]


def shell(command: str, buffered: bool = True) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    env["RETRAP_CACHE"] = str(EMPTY)  # a used cache takes long to be added up
    return subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env=env if buffered else {**env, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("words", ANSWERS)
@pytest.mark.parametrize(
    ("where", "why"),
    [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")],
)
def test_an_answer_that_cannot_be_given_is_told(
    words: str, where: str, why: str
) -> None:
    unbuffered = [False] if words in QUICK else []
    for buffered in (True, *unbuffered):
        done = shell(f"./retrap {words} {where}", buffered)
        assert done.returncode == 8, done.stderr
        first, second = done.stderr.splitlines()
        assert first == f"retrap: standard output: {why}"
        assert second.startswith("retrap: ")


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_a_message_that_cannot_be_given_changes_no_exit_code(where: str) -> None:
    assert "\nmainline " in shell(f"./retrap kernel list {where}").stdout
    for words, code in (("kernel list", 0), ("frob", 2), ("compare /nowhere", 8)):
        assert shell(f"./retrap {words} {where}").returncode == code
        assert shell(f"./retrap {words} {where} <&-").returncode == code


def test_nobody_reads() -> None:
    done = shell("./retrap profile --from results/reference/profile | head -n 1")
    assert done.returncode == 0 and done.stderr == ""


def test_no_file_of_ours_becomes_a_closed_stream() -> None:
    """The first file that is opened must not be number 1 and take what is printed."""
    code = (
        "from retrap.base import streams; streams.guard(); import os; "
        "fd = os.open('/dev/null', os.O_RDONLY); os._exit(fd)"
    )
    command = f'PYTHONPATH=python "{sys.executable}" -c "{code}"'
    assert shell(f"{command} <&- >&- 2>&-").returncode == 3


def on_a_terminal(code: str) -> str:
    """What a Python program writes to a terminal as standard error."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stderr=theirs, stdout=theirs, env=environment
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # EIO: the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0, said
    return said.decode()


def test_a_task_is_printed_once_on_a_terminal() -> None:
    said = on_a_terminal(
        "import time\n"
        "from retrap.base.progress import Progress\n"
        "with Progress() as progress:\n"
        "    time.sleep(0.3)\n"  # the live line is there
        "    with progress.task('work') as task:\n"
        "        time.sleep(0.6)\n"
    )
    lines = re.findall(r"retrap: work[^\r\n]*", said)
    assert len(lines) == 1 and lines[0].startswith("retrap: work: done"), said


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """results/reference/quick where nothing can be written, not even by root."""
    if os.geteuid() != 0:
        pytest.skip("a read-only mount needs root")
    where = tmp_path / "quick"
    where.mkdir()
    source = str(ROOT / "results/reference/quick")
    subprocess.run(["mount", "--bind", source, where], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", where], check=True)
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


def test_what_is_read_only_is_printed_and_said(read_only: Path) -> None:
    for words, head in (
        (f"compare {read_only}", "Guest instructions, and changes"),
        (f"compare {read_only} --full", "Path integers: events a cycle"),
        (f"compare {read_only} {read_only}", "A: "),
        (f"lkml {read_only}", "Subject: "),
    ):
        done = shell(f"./retrap {words}")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(head)
        both = words.count(str(read_only)) == 2  # writes nothing anyway
        said = f"retrap: {read_only} cannot be written: printed here, nothing is stored"
        assert done.stderr.strip() == ("" if both else said)
