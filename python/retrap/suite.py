# SPDX-License-Identifier: GPL-2.0-only
"""`retrap test`: every test there is, in the order of what fails fastest."""

from __future__ import annotations

import time
from pathlib import Path

from retrap import config, kernels
from retrap.build import build
from retrap.config import ROOT, Variant
from retrap.errors import EXIT_FAILURE, EXIT_OK
from retrap.process import child
from retrap.progress import Progress, say

# The designs that are tested; a variant of your own is yours to test.
DESIGNS = ("mainline", "async-retrap", "please-notify", "combined")
PLAIN = config.VARIANTS
DEBUG = ROOT / "configs/debug.toml"
RACES = ROOT / "configs/kcsan.toml"


def chosen(file: Path) -> list[tuple[str, Variant]]:
    """The variants of a file that are tested: a design, or one made of it."""
    named = {
        f"{design}{kind}" for design in DESIGNS for kind in ("", "-debug", "-kcsan")
    }
    return [pair for pair in config.load_variants(file).items() if pair[0] in named]


def run(everything: bool = False) -> int:
    """Builds, then C++ tests, then Python, command-line and guest tests; with
    `everything` what needs kernels of its own too."""
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
        "guests": _pytest("-n2", "--dist=loadfile", "tests/guest"),
    }
    needed: dict[str, tuple[Path, ...]] = {"guests": (PLAIN,)}
    if everything:
        stages["nothing else breaks"] = _pytest("tests/all")
        needed["nothing else breaks"] = (PLAIN, DEBUG, RACES)
    failed = []
    for number, (name, argv) in enumerate(stages.items(), 1):
        begin = time.monotonic()
        for file in needed.get(name, ()):
            _kernels(file)
        say(f"test {number}/{len(stages)}: {name}")
        if argv[0] == "ctest":
            argv += ["--output-on-failure", "--no-tests=error"]
        with child(argv, cwd=config.ROOT) as process:
            if process.wait() != 0:
                failed.append(name)
        say(f"  {name} took {time.monotonic() - begin:.0f} s")
    say(f"tests took {time.monotonic() - start:.0f} s")
    for name in failed:
        say(f"FAILED: {name}")
    return EXIT_FAILURE if failed else EXIT_OK


def _pytest(*words: str) -> list[str]:
    return ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]


def _kernels(file: Path) -> None:
    variants = config.load_variants(file)
    with Progress() as progress:
        for _, variant in chosen(file):
            kernels.ensure(variant, variants, progress)
