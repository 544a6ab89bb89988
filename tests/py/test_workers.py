# SPDX-License-Identifier: GPL-2.0-only
"""Processes that compute for retrap."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from retrap.base import workers
from retrap.base.errors import RetrapError
from retrap.base.paths import ROOT

OWNER = """\
import sys
sys.path.insert(0, sys.argv[1])
import test_workers
from retrap.base import workers
if __name__ == "__main__":
    list(workers.each(test_workers.begins_and_waits, [sys.argv[2] + n for n in "ab"]))
"""


def twice(number: int) -> int:
    return 2 * number


def fails(number: int) -> int:
    raise RetrapError(f"no {number}", "take another", 8)


def begins_and_waits(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(120)


def test_what_they_return_is_in_order() -> None:
    assert list(workers.each(twice, range(5))) == [0, 2, 4, 6, 8]
    assert list(workers.each(twice, [3])) == [6]


def test_a_failure_comes_back_whole() -> None:
    with pytest.raises(RetrapError) as raised:
        list(workers.each(fails, [1, 2]))
    error = raised.value
    assert (error.message, error.remedy, error.exit_code) == (
        *("no 1", "take another", 8),
    )


def is_killed(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_one_that_is_killed_is_named() -> None:
    with pytest.raises(RetrapError, match="is_killed: a process of retrap was killed"):
        list(workers.each(is_killed, [1, 2]))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def until(what: str, is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    pytest.fail(what)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_they_go_with_retrap(tmp_path: Path, number: int) -> None:
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    argv = [sys.executable, "-P", script, ROOT / "tests/py", tmp_path / "pid-"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    owner = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True)
    files = [tmp_path / f"pid-{end}" for end in "ab"]
    until(
        "they begin", lambda: all(file.exists() and file.read_text() for file in files)
    )
    pids = [int(file.read_text()) for file in files]
    owner.send_signal(number)
    assert owner.wait(60) != 0
    until("they end", lambda: all(map(gone, pids)))
