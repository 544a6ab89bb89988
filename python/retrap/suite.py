# SPDX-License-Identifier: GPL-2.0-only
"""`retrap test`: every test there is, in the order of what fails fastest."""

from __future__ import annotations

import time

from retrap import config, kernels
from retrap.build import build
from retrap.errors import EXIT_FAILURE, EXIT_OK
from retrap.process import child
from retrap.progress import Progress, say


def run() -> int:
    """Builds, then C++ tests, then Python, command-line and guest tests."""
    start = time.monotonic()
    with Progress() as progress:
        programs = build(progress)
        sanitized = build(progress, "asan-ubsan", "retrap-unit-tests")
    stages = {
        "C++ (unit, ptrace)": ["ctest", "--test-dir", str(programs.directory)],
        "C++ unit, with sanitizers": [
            *("ctest", "--test-dir", str(sanitized.directory), "-L", "unit"),
        ],
        "Python and command line": _pytest("tests/py", "tests/cli"),
        "guests": _pytest("tests/guest"),
    }
    failed = []
    for name, argv in stages.items():
        if name == "guests":
            _kernels()
        say(f"test: {name}")
        if argv[0] == "ctest":
            argv += ["--output-on-failure", "--no-tests=error"]
        with child(argv, cwd=config.ROOT) as process:
            if process.wait() != 0:
                failed.append(name)
    say(f"tests took {time.monotonic() - start:.0f} s")
    for name in failed:
        say(f"FAILED: {name}")
    return EXIT_FAILURE if failed else EXIT_OK


def _pytest(*paths: str) -> list[str]:
    return ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]


def _kernels() -> None:
    variants = config.load_variants()
    with Progress() as progress:
        for variant in variants.values():
            kernels.ensure(variant, variants, progress)
