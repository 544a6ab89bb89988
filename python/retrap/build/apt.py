# SPDX-License-Identifier: GPL-2.0-only
"""apt-get, with sudo where needed: the packages of Debian and its like.

It stays in the session of retrap and is never killed: sudo wants the terminal,
and a dpkg that is cut off leaves a system that someone has to mend.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

from retrap.base.errors import EXIT_PACKAGES, RetrapError
from retrap.base.process import capture
from retrap.base.progress import HEARTBEAT_S, say

UPDATE = ("apt-get", "update")
INSTALL = ("apt-get", "install", "-y", "--no-install-recommends")
# What apt-get and dpkg print a line of for each package. APT::Status-Fd is no
# choice: sudo closes all descriptors but three, and on those three apt-get takes
# its status descriptor away from the scripts of the packages.
TOTAL = re.compile(r"(\d+) upgraded, (\d+) newly installed")
STEP = re.compile(r"(?P<what>Get|Unpacking|Setting up)[: ](?P<name>[^\s:]+)")
SAYS = {"Get": "fetches", "Unpacking": "unpacks", "Setting up": "sets up"}


def is_here() -> bool:
    return shutil.which("apt-get") is not None


def command(wanted: Iterable[Sequence[str]]) -> str:
    """The line that installs one of each."""
    words = [*_sudo(), *INSTALL, *map(_known, wanted)]
    return f"{' '.join([*_sudo(), *UPDATE])} && {' '.join(words)}"


def install(wanted: Iterable[Sequence[str]]) -> None:
    """Installs one of each. Errors: EXIT_PACKAGES, with what apt-get says."""
    wanted = list(wanted)
    if _sudo():
        _check_sudo(command(wanted))
    _run(UPDATE, "check the network and /etc/apt")
    # Which names there are, the new lists may know better.
    _run((*INSTALL, *map(_known, wanted)), "mend that, and repeat the command")


def _sudo() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo"]


def _known(names: Sequence[str]) -> str:
    """Of the names that releases have for a package, this release's."""
    if len(names) == 1:
        return names[0]
    show = ("apt-cache", "show", "--no-all-versions")
    return next(
        (name for name in names if capture([*show, name]) is not None), names[0]
    )


def _check_sudo(line: str) -> None:
    """sudo asks for the password here, and says itself what it does not like."""
    argv = ["sudo", "apt-get", "--version"]
    try:
        asked = subprocess.run(argv, stdout=subprocess.DEVNULL)
        refused = "sudo failed, as it says above" if asked.returncode else ""
    except FileNotFoundError:
        refused = "installing wants root, and there is no sudo here"
    if refused:
        remedy = f"as root: {line.replace('sudo ', '')}"
        raise RetrapError(f"nothing is installed: {refused}", remedy, EXIT_PACKAGES)


def _run(words: Sequence[str], remedy: str) -> None:
    words = [*_sudo(), *words]
    say(f"+ {' '.join(words)}")
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    )
    assert process.stdout
    said, line = [], _Line()
    try:
        for text in process.stdout:
            said.append(text.rstrip())
            line.read(text)
    finally:
        process.communicate()  # interrupted, it ends what it has begun
        line.end()
    if process.returncode != 0:
        what = f"{' '.join(words[: len(_sudo()) + 2])} failed"
        reason = "\n  ".join(said[-8:])  # the last is E:, why comes before it
        raise RetrapError(f"{what}:\n  {reason}", remedy, EXIT_PACKAGES)
    say(f"  done ({time.monotonic() - line.start:.0f} s)")


class _Line:
    """What goes on: a line that moves, where the terminal is ours alone; else
    one line every HEARTBEAT_S."""

    def __init__(self) -> None:
        # Progress puts another object there while its own lines move.
        self.moves = sys.stderr is sys.__stderr__ and sys.stderr.isatty()
        self.start = self.last = time.monotonic()
        self.total = ""
        self.counts = dict.fromkeys(SAYS, 0)

    def read(self, text: str) -> None:
        if found := TOTAL.match(text):
            self.total = f" of {sum(map(int, found.groups()))}"
        elif step := STEP.match(text):
            what, name = step["what"], step["name"]
            self.counts[what] += 1
            name = "" if what == "Get" else f": {name}"  # there it is a number
            self._show(f"{SAYS[what]} {self.counts[what]}{self.total}{name}")

    def _show(self, text: str) -> None:
        now = time.monotonic()
        text = f"  {text} ({now - self.start:.0f} s)"
        if self.moves:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]}\033[K", end="", file=sys.stderr, flush=True)
        elif now - self.last >= HEARTBEAT_S:
            self.last = now
            say(text)

    def end(self) -> None:
        if self.moves:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
