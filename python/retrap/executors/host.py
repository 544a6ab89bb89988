# SPDX-License-Identifier: GPL-2.0-only
"""The executor `local`: this machine, in the boot that it is in."""

from __future__ import annotations

import functools
import platform
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.machine import environment, load
from retrap.build.programs import Programs
from retrap.base.errors import EXIT_BENCH, EXIT_UNSUPPORTED, RetrapError
from retrap.campaign.manifest import Job, Payload
from retrap.executors import boot_record, counted, precision
from retrap.executors.boot_record import now, reason, say_missing, stamp_run
from retrap.executors.boot_record import write_environment
from retrap.config.plan import Run, shuffled
from retrap.base.process import check_interrupted, child
from retrap.executors.running import Running
from retrap.base.progress import Progress, Task, say
from retrap.base.rawfile import read_json, seal

NO_END = -1000  # beside what Popen.returncode can be


@dataclass(frozen=True)
class Local:
    """Runs a job's payload here; a job is a round in the boot that this machine is
    in."""

    kernel: Running
    programs: Programs
    progress: Progress
    rounds: int = 1

    def __call__(self, job: Job, lines: Payload, directory: Path) -> None:
        name = f"host, round {job.block} of {self.rounds}"
        with self.progress.task(name if self.rounds > 1 else "host") as task:
            measure(job, lines, self.kernel, self.programs, directory, task)


def limit_s(cell: Run) -> float:
    """Twice the time after which retrap-bench ends a run itself (bench/measure.cc)."""
    return 2 * (60 + (cell.samples if cell.cycles is None else cell.cycles) / 20)


def boot_name() -> str:
    """`boot-<8 digits>`: runs in one boot of the host share a directory."""
    boot_id = environment.read()["boot_id"] or "unknown0"
    return f"boot-{boot_id[:8]}"


def measure(
    job: Job,
    lines: Payload,
    kernel: Running,
    programs: Programs,
    directory: Path,
    task: Task,
    known: boot_record.BootRecord | None = None,
) -> None:
    """Runs what is missing of a payload into `directory`, in the job's own order;
    boot.json comes last, with what is `known` of the kernel and its boot. Errors:
    EXIT_BENCH."""
    substrate = environment.require_substrate(environment.read())
    cells = shuffled(map(Run.of, lines), job.order)
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.partial"):
        shutil.rmtree(stale)
    before = directory / "env-before.json"
    if not before.exists():
        write_environment(before, environment.read())
        seal(before)
    missing: dict[str, str] = {}
    stopped = precision.met(directory.parent.parent, job, cells)
    cells = [cell for cell in cells if cell.stem not in stopped]
    timed = [cell for cell in cells if cell.cycles is None]
    for number, cell in enumerate(timed, 1):
        task.update(f"run {number}/{len(timed)} {cell.stem}")
        if (directory / cell.output).exists():
            continue
        if why := _timed(programs, cell, kernel, directory):
            missing[cell.stem] = why
    say_missing("this machine", cells, missing)
    there = [cell for cell in cells if cell.stem not in missing]
    uncounted = counted.why_not(there)
    counting = {} if uncounted else counted.files(there)
    for number, (name, (cell, options)) in enumerate(counting.items(), 1):
        task.update(f"counting run {number}/{len(counting)} {cell.stem}")
        if not (directory / name).exists():
            run = functools.partial(_run, limit_s=limit_s(cell))
            told = _arguments(cell, kernel)
            counted.count(directory / name, options, programs, told, run)
    facts = environment.read()
    write_environment(directory / "env-after.json", facts)
    outputs = [*(cell.output for cell in timed), *counting]
    done = [name for name in outputs if (directory / name).exists()]
    how = {
        "substrate": substrate,
        "arch": facts["arch"] or platform.machine(),
        "kernel_build_id": kernel.build_id,
        "config_sha256": config_sha256(),
        **(known or {}),
    }
    boot_record.write(directory, job, how, done, missing, uncounted, stopped)
    task.update(f"{len(done)} of {len(outputs)} runs")


def config_sha256() -> str | None:
    """Of the running kernel's config, where it can be read."""
    import gzip
    import hashlib

    for path in (Path(f"/boot/config-{platform.release()}"), Path("/proc/config.gz")):
        try:
            data = path.read_bytes()
        except OSError:
            continue
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        return hashlib.sha256(data).hexdigest()
    return None


def _arguments(cell: Run, kernel: Running) -> list[str]:
    arguments = [*cell.arguments(), "--variant", kernel.name]
    if sha256 := config_sha256():
        arguments += ["--config-sha256", sha256]
    return arguments


def _timed(
    programs: Programs, cell: Run, kernel: Running, directory: Path
) -> str | None:
    """A run into a scratch directory; its files move in together, run.json last.

    Why the cell is n.a., where this kernel has not what its scenario needs."""
    place = directory / f"{cell.stem}.partial"
    place.mkdir()
    argv = [
        str(programs.bench),
        *_arguments(cell, kernel),
        "--out",
        str(place / cell.stem),
    ]
    began, before = now(), load.read()
    try:
        status, said = _run(argv, limit_s=limit_s(cell))
        if status in (0, 4):
            shared = _shared(place / cell.output, before)
            stamp_run(place / cell.output, began, load=shared)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    if status in (0, 4):
        for file in sorted(place.iterdir(), key=lambda f: f.name == cell.output):
            file.rename(directory / file.name)
        place.rmdir()
        if status == 4:
            say(f"{cell.stem}: {reason(cell, said)}")
        return None
    shutil.rmtree(place)
    if status == EXIT_UNSUPPORTED:
        return reason(cell, said)
    raise RetrapError(
        f"{cell.stem} on this machine: {_ended(status, said)}",
        f"run it alone: {' '.join(argv[:-2])} --out /tmp/{cell.stem}",
        EXIT_BENCH,
    )


def _ended(status: int, said: str) -> str:
    """How a run that failed did, in words."""
    if status == NO_END:
        return said
    if status < 0:
        return f"killed by {signal.Signals(-status).name}: {said}"
    return f"exit status {status}: {said}"


def _shared(record: Path, before: load.Reading) -> dict[str, Any]:
    """What shared the CPUs of a run."""
    after, run = load.read(), read_json(record)
    return load.between(before, after, {run["tracer_cpu"], run["tracee_cpu"]} - {None})


def _run(
    argv: list[str], env: dict[str, str] | None = None, *, limit_s: float
) -> tuple[int, str]:
    with child(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    ) as process:
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            return NO_END, f"no end after {limit_s:.0f} s"
        check_interrupted()
        return process.returncode, said.strip()
