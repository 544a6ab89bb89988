# SPDX-License-Identifier: GPL-2.0-only
"""Runs a subcommand; turns every failure into one message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from retrap.base import process, streams, textgrid
from retrap.build import packages
from retrap.cli.parser import parse
from retrap.base.errors import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_PACKAGES,
    EXIT_RESULTS,
    RetrapError,
)


def main() -> int:
    streams.guard()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        return answer(sys.argv[1:])
    finally:
        streams.end()


def answer(words: list[str]) -> int:
    """The exit status of a command line; every failure is said."""
    try:
        status = _command(words)
        sys.stdout.flush()
        return status
    except RetrapError as error:
        return _fail(error.message, error.remedy, error.exit_code)
    except KeyboardInterrupt:
        print("retrap: interrupted; the same command resumes", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `retrap ... | head`
        return EXIT_OK
    except ModuleNotFoundError as error:  # RETRAP_INSTALL=skip
        return _fail(
            f"Python has no module {error.name}",
            "./retrap packages report figures terminal installs what there may be",
            EXIT_PACKAGES,
        )
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(
            f"{where}{error.strerror}",
            "check the disk, the path and its permissions",
            EXIT_RESULTS,
        )
    except Exception as error:  # a bug of ours: short for the user, whole on request
        if os.environ.get("RETRAP_DEBUG"):
            raise
        return _fail(
            f"{type(error).__name__}: {error}",
            "this is a bug of retrap: RETRAP_DEBUG=1 shows where; please report it",
            EXIT_FAILURE,
        )


def _command(words: list[str]) -> int:
    """The exit status, also of a command line that is bad or asks for help."""
    try:
        args = parse(words)
    except SystemExit as done:
        return int(done.code or 0)
    skips = os.environ.get("RETRAP_INSTALL") == packages.SKIP
    dry = getattr(args, "dry_run", False) and not skips
    if dry or getattr(args, "no_install", False):
        os.environ["RETRAP_INSTALL"] = packages.NO
    status: int = args.run(args)
    return status


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ends the children here: threads that wait for them hold up the rest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    process.kill_all()
    raise KeyboardInterrupt


def _fail(message: str, remedy: str, code: int) -> int:
    text = f"retrap: {message}\nretrap: {remedy}"
    print(textgrid.printable(text), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
