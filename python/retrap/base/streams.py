# SPDX-License-Identifier: GPL-2.0-only
"""Standard streams that are closed, full or gone.

What cannot be answered on standard output is an error. What cannot be said on
standard error is lost, and ends nothing: it is progress and messages alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = "standard output"
        raise


class _Answers(io.TextIOWrapper):
    """Standard output, named in its errors."""

    def write(self, text: str) -> int:
        with _named():
            return super().write(text)

    def flush(self) -> None:
        with _named():
            super().flush()


class _Messages(io.TextIOWrapper):
    """Unbuffered standard error that drops what it cannot write."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)


def guard() -> None:
    """Before any file is opened: it could become a closed stream's number.

    A closed output fails as it would have: the other way round /dev/null takes
    no writing (EBADF). A closed standard error swallows."""
    for fd, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, mode)  # the lowest number that is free
    encoding = sys.stdout.encoding if sys.stdout else "utf-8"
    out = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    sys.stdout = _Answers(out, encoding, line_buffering=os.isatty(1))
    raw = io.FileIO(2, "w", closefd=False)
    sys.stderr = _Messages(raw, encoding, "backslashreplace", write_through=True)
    sys.__stderr__ = sys.stderr  # what a display that takes its place is told from


def end() -> None:
    """What has not come out by now never will: the interpreter, which tries once
    more when it ends, must not fail by it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
