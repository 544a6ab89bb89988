# SPDX-License-Identifier: GPL-2.0-only
"""The one error a user sees, and the exit codes of every subcommand."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_PACKAGES = 3
EXIT_CONFIG = 4
EXIT_BUILD = 5
EXIT_KERNEL = 6
EXIT_GUEST = 7
EXIT_RESULTS = 8
EXIT_REFUSED = 9
EXIT_BENCH = 10
EXIT_MACHINE = 11
EXIT_DEARER = 12
EXIT_GONE = 13
EXIT_PATCH = 14
EXIT_UNSUPPORTED = 77
EXIT_INTERRUPTED = 130

EXIT_STATUS = (
    (EXIT_OK, "success"),
    (EXIT_FAILURE, "a test failed, or an error retrap did not foresee"),
    (EXIT_USAGE, "bad command line"),
    (EXIT_PACKAGES, "packages are missing and may not be installed"),
    (EXIT_CONFIG, "bad experiment, variant or scenario"),
    (EXIT_BUILD, "the programs do not build"),
    (EXIT_KERNEL, "a kernel does not patch, configure or build"),
    (EXIT_GUEST, "a guest did not boot, hung, crashed or lost its results"),
    (EXIT_RESULTS, "results cannot be read or written"),
    (EXIT_REFUSED, "results that must not be compared"),
    (EXIT_BENCH, "retrap-bench refused or failed on this machine"),
    (EXIT_MACHINE, "a machine cannot be prepared, reached or put back"),
    (EXIT_DEARER, "a cell is dearer than --fail-if-dearer allows"),
    (EXIT_GONE, "a kernel's source is not in that suite of Debian any more"),
    (EXIT_PATCH, "try: a patch cannot be read"),
    (EXIT_UNSUPPORTED, "not supported here"),
    (EXIT_INTERRUPTED, "interrupted; the same command resumes"),
)


class RetrapError(Exception):
    """A failure with the operation and object named, and what to do next."""

    def __init__(self, message: str, remedy: str, exit_code: int) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[type[RetrapError], tuple[str, str, int]]:
        """So that it comes back whole from another process."""
        return type(self), (self.message, self.remedy, self.exit_code)
