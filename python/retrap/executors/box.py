# SPDX-License-Identifier: GPL-2.0-only
"""The executor `box`: a boot that a machine measured without us, by bench/retrap-box.

A machine that has neither Python nor a compiler gets a folder with static programs;
what it leaves there is a boot like any other once it is checked and closed here.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import ARCHES, Arch
from retrap.base.errors import EXIT_RESULTS, EXIT_UNSUPPORTED, RetrapError
from retrap.base.paths import ROOT
from retrap.base.progress import say
from retrap.base.rawfile import read_record, read_text
from retrap.build.programs import MEASURING, Programs
from retrap.campaign.manifest import Job, Payload
from retrap.config.plan import Run
from retrap.executors import boot_record
from retrap.executors.boot_record import reason, say_missing, write_environment
from retrap.machine import environment

BOX = "retrap-box"
AGAIN = "run retrap-box there again, in another boot"


def make(into: Path, programs: Programs, plans: Mapping[str, Iterable[str]]) -> None:
    """Fills the folder. `plans`: the payload by the interfaces it goes through."""
    into.mkdir(parents=True)
    for name in MEASURING:
        shutil.copy2(programs.path(name), into / name)
    shutil.copy2(ROOT / "bench" / BOX, into / BOX)
    (into / "plans").mkdir()
    for interfaces, lines in plans.items():
        timed = [line for line in lines if Run.of(line).cycles is None]
        (into / "plans" / interfaces).write_text("".join(f"{x}\n" for x in timed))
    facts = "".join(f"{name}\n" for name in environment.FACT_FILES)
    (into / "facts").write_text(facts)
    (into / "arch").write_text(f"{programs.arch.name}\n")


def pack(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, BOX)


def boots(folder: Path) -> list[Path]:
    """Those that a box left. Errors: EXIT_RESULTS."""
    found = sorted(p for p in folder.glob("boots/boot-*") if p.suffix != ".partial")
    if not found:
        what = f"{folder}: there is no boots/ of {BOX} in it"
        raise RetrapError(what, "name the folder that was on the machine", EXIT_RESULTS)
    for path in found:
        for file in (path, *path.rglob("*")):
            if file.is_symlink() or not (file.is_file() or file.is_dir()):
                raise RetrapError(f"{file}: is no plain file", AGAIN, EXIT_RESULTS)
    return found


def lines_of(folder: Path, boot: Path) -> tuple[str, ...]:
    """The payload that a boot ran."""
    name = _text(boot / "plan")
    if name not in {f"plans/{path.name}" for path in folder.glob("plans/*")}:
        raise RetrapError(f"{boot}/plan: is no plan of the box", AGAIN, EXIT_RESULTS)
    lines = tuple(read_text(folder / name, AGAIN).splitlines())
    for line in lines:
        if not _is_of_a_plan(line):
            what = f"{folder / name}: {line!r} is no line of a plan"
            raise RetrapError(what, AGAIN, EXIT_RESULTS)
    return lines


def _is_of_a_plan(line: str) -> bool:
    """Its files are in one directory."""
    try:
        run = Run.of(line)
    except (ValueError, KeyError):
        return False
    return run.line == line and "/" not in run.stem


def build_id(boot: Path) -> str | None:
    """Of the kernel that was up, as retrap-bench read it there."""
    runs = [read_record(file, "run", AGAIN) for file in boot.glob("*.run.json")]
    found = {run["kernel"].get("build_id") for run in runs}
    if len(found) > 1:
        raise RetrapError(f"{boot}: is of two kernels", AGAIN, EXIT_RESULTS)
    return found.pop() if found else None


@dataclass(frozen=True)
class Box:
    """Takes the boot of each job from the folder, where `sources` says."""

    sources: dict[str, Path]

    def __call__(self, job: Job, lines: Payload, directory: Path) -> None:
        work = directory.with_name(directory.name + ".partial")
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.sources[job.name], work)
        (work / "plan").unlink()
        facts = {}
        for moment in ("before", "after"):
            facts = environment.read(work / f"env-{moment}")
            write_environment(work / f"env-{moment}.json", facts)
            shutil.rmtree(work / f"env-{moment}")
        cells = [Run.of(line) for line in lines]
        missing = _check(cells, work)
        done = [cell.output for cell in cells if cell.stem not in missing]
        known = {
            "substrate": environment.require_substrate(facts),
            "arch": job.arch,
            "kernel_build_id": build_id(work),
        }
        boot_record.write(work, job, known, done, missing)
        work.rename(directory)


def _check(cells: list[Run], work: Path) -> dict[str, str]:
    """Every cell is there, or its kernel has not what it needs; tidies logs."""
    missing = {}
    for cell in cells:
        texts = {}
        for suffix in ("status", "log"):
            file = work / f"{cell.stem}.{suffix}"
            texts[suffix] = _text(file)
            file.unlink()
        if texts["status"] == str(EXIT_UNSUPPORTED):
            missing[cell.stem] = reason(cell, texts["log"])
        elif texts["status"] not in ("0", "4") or not (work / cell.output).exists():
            what = f"{work.name}: {cell.stem}: exit status {texts['status']}"
            raise RetrapError(f"{what}: {texts['log']}", AGAIN, EXIT_RESULTS)
        elif texts["status"] == "4":
            say(f"{cell.stem}: {reason(cell, texts['log'])}")
    say_missing("the box", cells, missing)
    return missing


def arch_of(folder: Path) -> Arch:
    """Of the box's programs. Errors: EXIT_RESULTS."""
    word = _text(folder / "arch")
    if word not in ARCHES:
        what = f"{folder}/arch: {word!r} is no architecture of a box"
        raise RetrapError(what, AGAIN, EXIT_RESULTS)
    return ARCHES[word]


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError as error:
        what = f"{file}: cannot be read: {error.strerror}"
        raise RetrapError(what, AGAIN, EXIT_RESULTS) from None
