# SPDX-License-Identifier: GPL-2.0-only
"""`retrap test`: every test there is, in the order of what fails fastest."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import STDOUT, Popen
from typing import IO

from retrap.build import packages
from retrap.cli import lint, stages
from retrap.config.variants import VARIANTS, load_variants
from retrap.kernel import kernels
from retrap.base.arch import ARCHES, native
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
UNIT = ("retrap-unit-tests", "retrap-profile-tests", "retrap-model-tests")
CPUS = len(os.sched_getaffinity(0))
PY = ROOT / "tests/py"
SMALL = "tests/rehearsal/test_small.py"
REHEARSAL = "rehearsal"  # a word, and no stage of the usual ones
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
    "container": ("container", (PLAIN,)),
    "planted": ("planted", (PLAIN,)),
    "try_planted_files": ("patches in each file", (PLAIN,)),
    "try_real": ("patches of other people", (PLAIN,)),
    "try_bisect": ("a bisect over 64 commits", (PLAIN,)),
    "try_tags": ("from release to release", ()),
}


@dataclass(frozen=True)
class Stage:
    """What a user knows as one thing. `word` chooses it on the command line, and so
    does `key`, which chooses nothing else; `needs` are variants files, built before.
    Those that are `beside` others run so."""

    name: str
    argv: list[str]
    needs: tuple[Path, ...] = ()
    word: str = ""
    key: str = ""
    beside: bool = False


@dataclass(frozen=True)
class Ended:
    stage: Stage
    status: int
    seconds: float


def chosen(file: Path) -> list[tuple[str, Variant]]:
    """The variants of a file that are tested: a design, or one made of it."""
    named = {
        f"{design}{kind}" for design in DESIGNS for kind in ("", "-debug", "-kcsan")
    }
    variants = load_variants(file)
    for name in sorted(named & variants.bad.keys()):
        raise variants.bad[name]  # else a kernel would silently not be tested
    return [pair for pair in variants.items() if pair[0] in named]


def needs(words: Collection[str], everything: bool) -> tuple[str, ...]:
    """What must be installed for the stages that `words` choose; of none for all."""
    own = {stage.key: stage.needs for stage in further()}
    files = {PLAIN, *(file for word in words for file in own.get(word, ()))}
    files |= {DEBUG, RACES} if everything and not words else set()
    booted = [variant for file in files for _, variant in chosen(file)]
    found = ["test", "build"]
    if not words or {"py", "figures", "cli", "guest", *own} & set(words):
        found += packages.guests([native()], booted)
    if not words or "py" in words:
        found += ["mail", "browser"]
    if lint.is_here() and (not words or "lint" in words):
        found.append("lint")
    if not words or "machine" in words:
        found += ["fleet", "rehearsal"]
    if everything and not words or any(word.startswith(REHEARSAL) for word in words):
        found += ["machine", "fleet", "rehearsal", *packages.guests([native()], booted)]
        found += [name for arch in ARCHES.values() for name in packages.sets(arch)]
    more = everything and not words or bool(keys() & set(words))
    return *found, *(["all"] if more else [])


def usual(everything: bool) -> list[Stage]:
    """What `retrap test` runs; with `everything` clang-tidy looks at all files."""
    found = []
    if lint.is_here():
        for name, argv in lint.checks(everything).items():
            found.append(Stage(f"lint: {name}", argv, word="lint", beside=True))
    else:
        say("no lint: the versions of Debian 12 decide, and this is another release")
    jobs = ["-j", str(max(1, CPUS // 2))]  # two stages of them, side by side
    unit = [*jobs, "-L", "unit"]
    asan = _ctest("asan-ubsan", *unit)
    pytest = ["-n", str(max(2, CPUS)), "--dist=loadfile"]
    figures = sorted(f"tests/py/{p.name}" for p in PY.glob("test_*plots*.py"))
    without = [f"--ignore={name}" for name in figures]
    guests = _pytest("-n2", "--dist=loadfile", "tests/guest")
    return [
        *found,
        Stage("C++ unit", _ctest("release", *unit), word="unit", beside=True),
        Stage("C++ unit, with sanitizers", asan, word="unit", beside=True),
        Stage("C++ ptrace", _ctest("release", "-LE", "unit"), word="ptrace"),
        Stage("Python", _pytest(*pytest, "tests/py", *without), word="py"),
        Stage("figures", _pytest(*pytest, *figures), word="figures"),
        Stage("command line", _pytest(*pytest, "tests/cli"), word="cli"),
        Stage("guests", guests, needs=(PLAIN,), word="guest"),
        Stage("a machine that reboots", _pytest(SMALL), word="machine"),
    ]


def rehearsals() -> list[Stage]:
    """Machines that really reboot: a stage each file. Each kernel takes a machine's
    config."""
    small = Path(SMALL).name
    found = []
    for path in sorted((ROOT / SMALL).parent.glob("test_*.py")):
        if path.name != small:
            name = f"rehearsal: {path.stem.removeprefix('test_')}"
            argv = _pytest(str(path.relative_to(ROOT)))
            key = name.replace(" ", "")
            found.append(Stage(name, argv, word=REHEARSAL, key=key))
    return found


def further() -> list[Stage]:
    """What --all adds: a stage each file of tests/all, in the order of FURTHER."""
    there = {path.stem.removeprefix("test_") for path in _files()}
    names = [*(key for key in FURTHER if key in there), *sorted(there - FURTHER.keys())]
    found = []
    for key in names:
        name, needs = FURTHER.get(key, (key.replace("_", " "), (PLAIN, DEBUG, RACES)))
        argv = _pytest("-rs", f"tests/all/test_{key}.py")
        found.append(Stage(name, argv, needs, key=key))
    return found


def keys() -> set[str]:
    """Those words that choose one stage of what --all adds."""
    return {stage.key for stage in further()}


def run(
    words: Collection[str] = (), everything: bool = False, fresh: bool = False
) -> int:
    """The stages that `words` choose, of none for all; with `everything` also the
    further ones. Those are kept: without words it goes on where the run before this
    one stopped."""
    start = time.monotonic()
    with Progress() as progress:
        build(progress)
        if not words or "unit" in words:
            build(progress, *UNIT, preset="asan-ubsan")
    every = [*usual(everything), *(further() if everything else [])]
    every += rehearsals() if everything or words else []
    todo = [each for each in every if not words or {each.word, each.key} & set(words)]
    names = [stage.name for stage in every]
    ledger, before = None, set()
    if everything:
        ledger = stages.Ledger.open(stages.STORE, _identity(), names, fresh)
        before = set() if words else set(ledger.done)
        for name in (name for name in names if name in before):
            say(f"{name} has passed before")
    left = [stage for stage in todo if stage.name not in before]
    took = {}
    for ended in _each(left):
        if ended.status != ALL_SKIPPED:
            done = stages.Done(ended.status == 0, ended.seconds)
            took[ended.stage.name] = done
        _tell(ended, ledger)
    failed = [name for name, done in took.items() if not done.passed]
    if ledger:
        shown = stages.table(names, ledger.done)
    else:
        shown = stages.table([stage.name for stage in todo], took)
    for line in shown:
        say(line)
    say(f"tests took {time.monotonic() - start:.0f} s")
    for name in failed:
        say(f"FAILED: {name}")
    return EXIT_FAILURE if failed else EXIT_OK


def _tell(ended: Ended, ledger: stages.Ledger | None) -> None:
    """Says how a stage ended, and keeps it if the ledger may."""
    name, passed = ended.stage.name, ended.status == 0
    if ended.status == ALL_SKIPPED:
        say(f"  {name}: every test was skipped; that is not taken for passed")
        return
    say(f"  {name} {'took' if passed else 'FAILED after'} {ended.seconds:.0f} s")
    if ledger and ledger.identity == _identity():
        ledger.end(name, passed, ended.seconds)
    elif ledger:
        ledger.show(name, passed, ended.seconds)
        say("  the tree or a tool has changed meanwhile: that is not kept")


def _each(todo: list[Stage]) -> Iterator[Ended]:
    """Runs those that go beside others so, then each of the rest alone."""
    beside = [stage for stage in todo if stage.beside]
    if beside:
        say(f"side by side: {', '.join(stage.name for stage in beside)}")
        yield from _side_by_side(beside)
    alone = [stage for stage in todo if not stage.beside]
    for number, stage in enumerate(alone, len(beside) + 1):
        begin = time.monotonic()
        status = _run(stage, f"test {number}/{len(todo)}: {stage.name}")
        yield Ended(stage, status, time.monotonic() - begin)


def _side_by_side(waiting: list[Stage]) -> Iterator[Ended]:
    """One stage a CPU; what one prints is shown when it failed."""
    waiting = list(waiting)
    running: list[tuple[Stage, Popen[str], IO[str], float]] = []
    with contextlib.ExitStack() as held:
        while waiting or running:
            while waiting and len(running) < CPUS:
                stage = waiting.pop(0)
                printed = held.enter_context(tempfile.TemporaryFile("w+"))
                started = child(stage.argv, cwd=ROOT, stdout=printed, stderr=STDOUT)
                process = held.enter_context(started)
                running.append((stage, process, printed, time.monotonic()))
            time.sleep(0.05)
            for each in [each for each in running if each[1].poll() is not None]:
                running.remove(each)
                stage, process, printed, begin = each
                if process.returncode != 0:
                    printed.seek(0)
                    print(printed.read(), end="", flush=True)
                yield Ended(stage, process.returncode, time.monotonic() - begin)


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


def _ctest(preset: str, *words: str) -> list[str]:
    where = ["--test-dir", str(ROOT / f"build/{preset}")]
    return ["ctest", *where, "--output-on-failure", "--no-tests=error", *words]


def _pytest(*words: str) -> list[str]:
    return ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]


def _kernels(file: Path) -> None:
    variants = load_variants(file)
    with Progress() as progress:
        for _, variant in chosen(file):
            kernels.ensure(variant, variants, progress)
