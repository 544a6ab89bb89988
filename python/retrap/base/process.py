# SPDX-License-Identifier: GPL-2.0-only
"""Child processes that cannot outlive retrap.

Every child runs under setpriv --pdeathsig KILL, so it goes when retrap is
killed, and in a session of its own, so that an interrupt reaches retrap alone,
which then ends its children itself. Where retrap was killed before setpriv had
asked for the signal, none comes: the child looks whose it is, and does not begin.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

MINE = '[ "$PPID" = "$0" ] && exec "$@"'

_children: set[subprocess.Popen[str]] = set()
_lock = threading.RLock()  # a signal handler takes it too
_stopping = threading.Event()

Line = Callable[[str], None]


class Interrupted(Exception):
    """retrap is being stopped; a worker thread must start nothing more."""


@contextlib.contextmanager
def child(
    argv: Sequence[str], *, pass_fds: tuple[int, ...] = (), **options: object
) -> Iterator[subprocess.Popen[str]]:
    """Starts argv; when the block is left, however, it and its group are gone."""
    with _lock:
        if _stopping.is_set():
            raise Interrupted
        process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore
            bound(argv),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
            **options,
        )
        _children.add(process)
    try:
        yield process
    finally:
        _kill(process)
        process.wait()
        if process.stdout:
            process.stdout.close()
        with _lock:
            _children.discard(process)


def bound(argv: Sequence[str]) -> list[str]:
    """The command line that runs argv, and ends with this process."""
    ends = ("setpriv", "--pdeathsig", "KILL", "--")
    return [*ends, "/bin/sh", "-c", MINE, str(os.getpid()), *argv]


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def kill_all() -> None:
    """Ends every child and lets no worker thread start another."""
    with _lock:
        _stopping.set()
        for process in _children:
            _kill(process)


def run_logged(
    argv: Sequence[str],
    log: Path,
    on_line: Line | None = None,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    pass_fds: tuple[int, ...] = (),
) -> int:
    """Runs argv to its end, appends what it prints to `log`; exit status.
    Raises Interrupted when retrap is being stopped."""
    with log.open("a", encoding="utf-8") as out:
        out.write(f"+ {' '.join(argv)}\n")
        out.flush()
        with child(
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else dict(env),
            pass_fds=pass_fds,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                out.write(line)
                if on_line:
                    on_line(line.rstrip("\n"))
            status = process.wait()
    check_interrupted()
    return status


def check_interrupted() -> None:
    """Raises Interrupted once retrap is being stopped: a child that ended then
    did not fail, it was killed."""
    if _stopping.is_set():
        raise Interrupted


def capture(argv: Sequence[str], cwd: Path | None = None) -> str | None:
    """What argv prints, or None when it fails or does not exist."""
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
