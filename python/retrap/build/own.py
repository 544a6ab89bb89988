# SPDX-License-Identifier: GPL-2.0-only
"""A retrap-bench with scenarios of a user beside its own (bench/own).

It is linked with the libraries of the one that is shipped, which stays as it is, and
lies in a folder of its own, named by what the files say: for a boot and for a profile
it is a build like any other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path
from typing import NoReturn

from retrap.base.arch import Arch
from retrap.base.cache import locked
from retrap.base.errors import EXIT_BUILD, EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT
from retrap.base.process import capture, run_logged
from retrap.base.progress import Progress, say
from retrap.base.rawfile import atomic_write
from retrap.base.schema import load
from retrap.build import toolchain
from retrap.build.programs import BENCH, Programs, build
from retrap.config import registry
from retrap.config.scenario_files import Files

FOLDER = "own"  # below a build's
ERRORS = 8  # lines of the compiler that are shown
DOCS = "docs/own-scenario.md has an example"
NAME = load("experiment")["properties"]["scenarios"]["items"]["pattern"]
OF_NINJA = re.compile(r"\[\d+/\d+\] |ninja: ")
FAULT = re.compile(r"\berror: |undefined reference|multiple definition")


def place(programs: Programs, files: Files) -> Programs:
    """Where they are, built or not. Without files: `programs`."""
    if not files:
        return programs
    key = hashlib.sha256()
    for file in files:
        key.update(f"{file.name} {file.sha256}\n".encode())
    folder = programs.directory / FOLDER / key.hexdigest()[:16]
    return dataclasses.replace(programs, directory=folder)


def add(programs: Programs, files: Files, progress: Progress) -> Programs:
    """Programs that have the scenarios of `files` too; `programs` are built. Without
    files: `programs`. Errors: EXIT_BUILD, with what the compiler says first."""
    own = place(programs, files)
    if own == programs:
        return programs
    names = ", ".join(file.name for file in files)
    own.directory.mkdir(parents=True, exist_ok=True)
    with progress.task(f"build {names} ({programs.directory.name})") as task:
        with locked(own.directory, task):
            _build(programs, own, files)
    return own


def _build(programs: Programs, own: Programs, files: Files) -> None:
    folder = own.directory
    log = folder / "retrap-build.log"
    log.unlink(missing_ok=True)
    for file in files:
        _keep(folder / file.name, file.text.encode())
    for name in own.names:
        if name != BENCH:
            _keep(folder / name, programs.path(name).read_bytes(), 0o755)
    sources = ";".join(str(folder / file.name) for file in files)
    steps = [
        [
            *("cmake", "-G", "Ninja", "-S", str(ROOT / "bench/own"), "-B", str(folder)),
            *(f"-DRETRAP_BUILD={programs.directory}", f"-DRETRAP_SCENARIOS={sources}"),
        ],
        ["cmake", "--build", str(folder), "--target", BENCH],
    ]
    for argv in steps:
        if run_logged(argv, log, cwd=ROOT, env=toolchain.environment()) != 0:
            _fail(log, folder, files)
    _check_classes(programs, folder, files)


def _check_classes(programs: Programs, folder: Path, files: Files) -> None:
    """Of two classes of one name the linker takes the code of one, without a word."""
    shipped = programs.directory / "bench/scenarios/libretrap-scenarios.a"
    taken = dict.fromkeys(_classes(shipped, programs.arch), "retrap")
    for file in files:
        compiled = folder / f"CMakeFiles/{BENCH}.dir/{file.name}.o"
        for name in _classes(compiled, programs.arch):
            if name in taken:
                raise RetrapError(
                    f"{file.path}: class {name} is in {taken[name]} too",
                    "put it into an unnamed namespace, or name it otherwise",
                    EXIT_CONFIG,
                )
            taken[name] = file.name


def _classes(compiled: Path, arch: Arch) -> set[str]:
    """Those that are registered as scenarios, and that other files can see."""
    tool = f"{arch.cross}nm"
    text = capture([tool, "--demangle", "--defined-only", str(compiled)])
    if text is None:
        raise RetrapError(
            f"{tool} {compiled} failed", f"delete {compiled.parent}", EXIT_BUILD
        )
    return set(re.findall(r" W .* retrap::open_cell<(.*)>\(", text))


def _keep(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Unchanged it keeps its time, and nothing is made of it again."""
    if not path.is_file() or path.read_bytes() != data:
        atomic_write(path, data)
        path.chmod(mode)


def _fail(log: Path, folder: Path, files: Files) -> NoReturn:
    """With the first errors, in the user's own file."""
    text = log.read_text(errors="replace")
    for file in files:
        text = text.replace(str(folder / file.name), str(file.path))
    lines = [line for line in text.splitlines() if not OF_NINJA.match(line)]
    first = next((n for n, line in enumerate(lines) if FAULT.search(line)), -ERRORS)
    shown = "\n  ".join(lines[first:][:ERRORS])
    names = ", ".join(str(file.path) for file in files)
    raise RetrapError(
        f"{names}: does not compile:\n  {shown}",
        f"correct it; {DOCS}; the whole log is {log}",
        EXIT_BUILD,
    )


def known(
    files: Files, progress: Progress, shipped: Programs | None = None
) -> tuple[registry.Registry, tuple[str, ...]]:
    """What can be measured here, and which of it is of `files`, with the usual numbers
    of its parameters. `shipped`: programs of this architecture that are built, where
    others than those of a release are. Errors: EXIT_BUILD, EXIT_CONFIG."""
    shipped = shipped or build(progress, BENCH)
    own = add(shipped, files, progress)
    mine = families(shipped, own, files)
    for each in mine:
        say(f"{each.pattern}: {each.help}")
    return own.registry(), usual(mine)


def usual(families: list[registry.Family]) -> tuple[str, ...]:
    return tuple(name for each in families for name in each.usual)


def families(shipped: Programs, own: Programs, files: Files) -> list[registry.Family]:
    """Those of `files`. Errors: EXIT_CONFIG, where a name is no name, or is taken, or
    there is none."""
    if not files:
        return []
    theirs = registry.families(shipped.listing())
    mine = registry.families(own.listing())
    names = ", ".join(str(file.path) for file in files)

    def wrong(what: str) -> RetrapError:
        return RetrapError(f"{names}: {what}", f"correct it; {DOCS}", EXIT_CONFIG)

    for each in theirs:
        if each in mine:
            mine.remove(each)
    if not mine:
        raise wrong("registers no scenario")
    there = shipped.registry()
    taken = {each.name for each in theirs}
    for each in mine:
        if each.name in taken or each.name in there:
            raise wrong(f"{each.name} is there already: choose another name")
        taken.add(each.name)
        for name in each.usual:
            if not re.fullmatch(NAME, name):
                raise wrong(f"{name!r} is no name of a scenario, as mine/syscall-info")
    return mine
