# SPDX-License-Identifier: GPL-2.0-only
"""Children and an interrupt."""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from retrap.base import process
from retrap.base.paths import ROOT
from retrap.executors import host


def test_a_child_that_ends_in_an_interrupt_did_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a make that Ctrl-C killed would be a kernel that does not build."""
    stopping = threading.Event()
    monkeypatch.setattr(process, "_stopping", stopping)
    log = tmp_path / "log"
    assert process.run_logged(["false"], log) == 1
    with pytest.raises(process.Interrupted):
        process.run_logged(["echo", "x"], log, lambda line: stopping.set())
    assert log.read_text() == "+ false\n+ echo x\nx\n"


SLOW = """\
#!/bin/sh
echo $$ >{place}/started
until test -e {place}/owner-is-gone; do sleep 0.02; done
exec {setpriv} "$@"
"""
OWNER = """\
import sys, time
from retrap.base.process import child
with child(["touch", sys.argv[1]]):
    time.sleep(60)
"""


def test_a_child_whose_owner_is_gone_does_not_begin(tmp_path: Path) -> None:
    """setpriv asks for the signal too late: it is a slow one."""
    real = shutil.which("setpriv")
    slow = tmp_path / "bin/setpriv"
    slow.parent.mkdir()
    slow.write_text(SLOW.format(place=tmp_path, setpriv=real))
    slow.chmod(0o755)
    environment = {
        "PATH": f"{slow.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "python"),
    }
    argv = [sys.executable, "-c", OWNER, str(tmp_path / "begun")]
    started = tmp_path / "started"
    with subprocess.Popen(argv, env=environment) as owner:
        wait_until(lambda: started.exists() and bool(started.read_text().strip()))
        owner.kill()
    (tmp_path / "owner-is-gone").touch()
    wait_until(lambda: not Path(f"/proc/{started.read_text().strip()}").exists())
    assert not (tmp_path / "begun").exists()


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_run_that_an_interrupt_kills_did_not_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its boot would be closed without it."""
    monkeypatch.setattr(process, "_stopping", threading.Event())
    with concurrent.futures.ThreadPoolExecutor() as worker:
        run = worker.submit(host._run, ["sleep", "60"], limit_s=60)
        wait_until(lambda: bool(process._children))
        process.kill_all()
        with pytest.raises(process.Interrupted):
            run.result(30)
