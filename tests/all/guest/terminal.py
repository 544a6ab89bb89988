# SPDX-License-Identifier: GPL-2.0-only
"""A program on a pseudo terminal of its own, driven by what it prints."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
from collections.abc import Callable

PATIENCE_S = 60.0  # a debug kernel under emulation, on a busy host


class Stuck(Exception):
    """What was waited for did not come."""


def wait_for(holds: Callable[[], bool], what: str) -> None:
    """Polls until `holds()`; the condition decides, never the time passed."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise Stuck(f"{what}: not after {PATIENCE_S:.0f} s")
        time.sleep(0.01)


def states(pid: int) -> str:
    """The states of the threads of `pid`, as in /proc/<pid>/stat: `SSt`."""
    found = ""
    for task in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
        with open(f"/proc/{pid}/task/{task}/stat") as file:
            found += file.read().rpartition(")")[2].split()[0]
    return found


class Terminal:
    """Everything sent and printed goes into the transcript (stdout)."""

    def __init__(self, name: str, *argv: str) -> None:
        self.name, self.unread = name, ""
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            _no_echo(0)
            os.execve(argv[0], argv, {**os.environ, "PS1": "$ "})

    def send(self, text: str) -> None:
        shown = text.replace("\x1a", "^Z").replace("\x03", "^C").rstrip("\n")
        print(f"{self.name}> {shown}", flush=True)
        os.write(self.fd, text.encode())

    def expect(self, pattern: str, shown: bool = True) -> re.Match[str]:
        """Reads up to `pattern`; prints what came, a line each."""
        deadline = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self.unread, re.MULTILINE)):
            left = deadline - time.monotonic()
            if left <= 0 or not self._read(left):
                raise Stuck(f"{self.name}: no {pattern!r} in {self.unread!r}")
        text, self.unread = self.unread[: match.end()], self.unread[match.end() :]
        for line in text.splitlines() if shown else ():
            print(f"{self.name}| {line}", flush=True)
        return match

    def end(self) -> None:
        """Waits for its program to end; says how."""
        while self._read(PATIENCE_S):
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        print(f"{self.name} ends: {status}", flush=True)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], seconds)
        try:
            data = os.read(self.fd, 65536) if ready else b""
        except OSError:  # EIO: nobody has the other side open
            data = b""
        self.unread += data.decode(errors="replace").replace("\r", "")
        return bool(data)


def _no_echo(fd: int) -> None:
    """What was typed would turn up anywhere between what is printed."""
    settings = termios.tcgetattr(fd)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSANOW, settings)


def shell() -> Terminal:
    """dash with job control: it edits no lines, so its output is its own."""
    terminal = Terminal("sh", "/bin/dash", "-i")
    terminal.expect("^\\$ ")
    return terminal


def main(scenarios: dict[str, Callable[[], None]]) -> None:
    """Runs the scenario named on the command line; 1 when it got stuck."""
    try:
        scenarios[sys.argv[1]]()
    except Stuck as stuck:
        print(f"STUCK: {stuck}", flush=True)
        sys.exit(1)
