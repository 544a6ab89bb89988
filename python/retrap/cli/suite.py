# SPDX-License-Identifier: GPL-2.0-only
"""`retrap test`: every test there is, in the order of what fails fastest."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from retrap.build import packages
from retrap.cli import stages
from retrap.config.variants import VARIANTS, load_variants
from retrap.kernel import kernels
from retrap.base.arch import native
from retrap.build.programs import build
from retrap.base.paths import ROOT
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_FAILURE, EXIT_OK
from retrap.base.process import child
from retrap.base.progress import Progress, say

# The designs that are tested; a variant of your own is yours to test.
DESIGNS = (
    "mainline",
    "listen-republish",
    "async-retrap",
    "please-notify",
    "combined",
)
PLAIN = VARIANTS
DEBUG = ROOT / "configs/debug.toml"
RACES = ROOT / "configs/kcsan.toml"
ALL_SKIPPED = 77  # of tests/all/conftest.py: no test could run here

# tests/all/test_<key>.py: what it is called, and whose kernels it boots. One that
# is not here is called by its file and finds all kernels built.
FURTHER: dict[str, tuple[str, tuple[Path, ...]]] = {
    "stress": ("races, many turns", (PLAIN,)),
    "model": ("models, 10^6 steps", (PLAIN,)),
    "kselftests": ("selftests of the patches", (PLAIN,)),
    "two_checkouts": ("two checkouts, one program", ()),
    "kills": ("a matrix that is killed", (PLAIN,)),
    "preempt": ("a kernel that preempts itself", ()),
    "freezer": ("freezer", (PLAIN, DEBUG)),
    "lines": ("source lines", (PLAIN,)),
    "function_profiler": ("function profiler", (PLAIN,)),
    "older_kernel": ("an older kernel", (PLAIN,)),
    "debug": ("debug kernels", (PLAIN, DEBUG)),
    "tracers": ("strace and gdb", (PLAIN, DEBUG)),
    "selftests": ("selftests of the kernel", (PLAIN, DEBUG)),
    "races": ("KCSAN", (PLAIN, RACES)),
    "debian13": ("Debian 13", (PLAIN,)),
}


@dataclass(frozen=True)
class Stage:
    """What a user knows as one thing; `needs`: variants files, built before."""

    name: str
    argv: list[str]
    needs: tuple[Path, ...] = ()


def chosen(file: Path) -> list[tuple[str, Variant]]:
    """The variants of a file that are tested: a design, or one made of it."""
    named = {
        f"{design}{kind}" for design in DESIGNS for kind in ("", "-debug", "-kcsan")
    }
    variants = load_variants(file)
    for name in sorted(named & variants.bad.keys()):
        raise variants.bad[name]  # else a kernel would silently not be tested
    return [pair for pair in variants.items() if pair[0] in named]


def needs(everything: bool) -> tuple[str, ...]:
    """What must be installed."""
    files = (PLAIN, DEBUG, RACES) if everything else (PLAIN,)
    booted = [variant for file in files for _, variant in chosen(file)]
    found = packages.guests([native()], booted)
    return *found, "test", *(["all"] if everything else [])


def usual() -> list[Stage]:
    """What `retrap test` runs."""
    release, sanitized = (
        ["ctest", "--test-dir", str(ROOT / f"build/{preset}")]
        + ["--output-on-failure", "--no-tests=error"]
        for preset in ("release", "asan-ubsan")
    )
    return [
        Stage("C++ (unit, ptrace)", release),
        Stage("C++ unit, with sanitizers", [*sanitized, "-L", "unit"]),
        Stage(
            "Python and command line",
            _pytest("-n2", "--dist=loadfile", "tests/py", "tests/cli"),
        ),
        Stage(
            "guests", _pytest("-n2", "--dist=loadfile", "tests/guest"), needs=(PLAIN,)
        ),
    ]


def further() -> list[Stage]:
    """What --all adds: a stage each file of tests/all, in the order of FURTHER."""
    there = {path.stem.removeprefix("test_") for path in _files()}
    names = [*(key for key in FURTHER if key in there), *sorted(there - FURTHER.keys())]
    found = []
    for key in names:
        name, needs = FURTHER.get(key, (key.replace("_", " "), (PLAIN, DEBUG, RACES)))
        found.append(Stage(name, _pytest("-rs", f"tests/all/test_{key}.py"), needs))
    return found


def run(everything: bool = False, fresh: bool = False) -> int:
    """Builds, then C++ tests, then Python, command-line and guest tests; with
    `everything` the rest, from where the run before this one stopped."""
    start = time.monotonic()
    todo = usual() + (further() if everything else [])
    names = [stage.name for stage in todo]
    ledger = None
    if everything:
        ledger = stages.Ledger.open(stages.STORE, _identity(), names, fresh)
    with Progress() as progress:
        build(progress)
        build(progress, "retrap-unit-tests", preset="asan-ubsan")
    failed = []
    for number, stage in enumerate(todo, 1):
        if ledger and stage.name in ledger.done:
            say(f"test {number}/{len(todo)}: {stage.name} has passed before")
            continue
        begin = time.monotonic()
        status = _run(stage, f"test {number}/{len(todo)}: {stage.name}")
        if status == ALL_SKIPPED:
            say(f"  {stage.name}: every test was skipped; that is not taken for passed")
            continue
        if not (passed := status == 0):
            failed.append(stage.name)
        took = time.monotonic() - begin
        say(f"  {stage.name} took {took:.0f} s")
        if ledger and ledger.identity == _identity():
            ledger.end(stage.name, passed, took)
        elif ledger:
            ledger.show(stage.name, passed, took)
            say("  the tree or a tool has changed meanwhile: that is not kept")
    for line in ledger.table(names) if ledger else []:
        say(line)
    say(f"tests took {time.monotonic() - start:.0f} s")
    for name in failed:
        say(f"FAILED: {name}")
    return EXIT_FAILURE if failed else EXIT_OK


def _run(stage: Stage, heading: str) -> int:
    for file in stage.needs:
        _kernels(file)
    say(heading)
    with child(stage.argv, cwd=ROOT) as process:
        return process.wait()


def _files() -> list[Path]:
    return sorted((ROOT / "tests/all").glob("test_*.py"))


def _identity() -> str:
    tested = [pair[1] for file in (PLAIN, DEBUG, RACES) for pair in chosen(file)]
    return stages.identity(tested)


def _pytest(*words: str) -> list[str]:
    return ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]


def _kernels(file: Path) -> None:
    variants = load_variants(file)
    with Progress() as progress:
        for _, variant in chosen(file):
            kernels.ensure(variant, variants, progress)
