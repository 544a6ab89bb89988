# SPDX-License-Identifier: GPL-2.0-only
"""Progress: what is done, what it waits for, how long so far (stderr).

On a terminal one line moves at the bottom (rich); elsewhere plain lines,
one when work starts, one every HEARTBEAT_S, one when it ends.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
import time
from collections.abc import Iterator

from retrap.base.textgrid import printable

HEARTBEAT_S = 15.0

_print_lock = threading.Lock()


def say(text: str) -> None:
    """A line of progress, from any thread."""
    with _print_lock:
        print(f"retrap: {printable(text)}", file=sys.stderr, flush=True)


class Task:
    """One piece of work under way; `update` says what it waits for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.detail = ""
        self.start = time.monotonic()

    def update(self, detail: str) -> None:
        self.detail = detail

    def line(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.name}{detail} ({time.monotonic() - self.start:.0f} s)"


class Progress:
    """The tasks under way. Use as a context manager, once a command."""

    def __init__(self) -> None:
        # Asked once: while it lives, rich puts a proxy there that is no terminal.
        self._terminal = sys.stderr.isatty()
        self._tasks: list[Task] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        moves = self._terminal and importlib.util.find_spec("rich")
        show = self._live if moves else self._heartbeat
        self._thread = threading.Thread(target=show, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    @contextlib.contextmanager
    def task(self, name: str) -> Iterator[Task]:
        task = Task(name)
        with self._lock:
            self._tasks.append(task)
        if not self._terminal:
            say(f"{name} ...")
        try:
            yield task
        except BaseException:
            task.detail = "stopped"
            raise
        else:
            task.detail = f"done{', ' + task.detail if task.detail else ''}"
        finally:
            with self._lock:
                self._tasks.remove(task)
            say(task.line())

    def _lines(self) -> list[str]:
        with self._lock:
            return [task.line() for task in self._tasks]

    def _heartbeat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            for line in self._lines():
                say(f"  {line}")

    def _live(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True)
        with Live(console=console, transient=True, refresh_per_second=4) as live:
            while not self._stop.wait(0.25):
                live.update(Text("\n".join(f"  {line}" for line in self._lines())))
            live.update(Text(""))
