# SPDX-License-Identifier: GPL-2.0-only
"""The executor `qemu`: a boot of one kernel in a guest, exact or not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrap.campaign.manifest import Job, Payload
from retrap.executors import boot_record, initramfs, qemu
from retrap.executors.boot_record import BootRecord, now, reason, say_missing, stamp_run
from retrap.executors.boot_record import write_environment
from retrap.kernel import source
from retrap.machine import environment, load
from retrap.build.programs import Programs
from retrap.base.paths import ROOT
from retrap.config import cmdlines
from retrap.config.experiments import Guest
from retrap.machine.counting import guest_options
from retrap.base.errors import EXIT_GUEST, EXIT_UNSUPPORTED, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.config.plan import Run, shuffled
from retrap.base.arch import Arch
from retrap.base.progress import Progress, Task, say

LATE_CPUS = "/retrap/late-cpus"  # exact/guest/late-cpus
LAY, WEIGHT = "/retrap/ballast", "/retrap/weight"  # exact/guest/ballast
BALLAST = f"exec {cmdlines.BALLAST} {LAY}"
PAUSE = "exec pause sleep 0.05"
EXIT_NOT_EXACT = 3  # kMismatch in bench/exit_code.h
WEIGHT_BYTES = 1_000_000


@dataclass(frozen=True)
class Qemu:
    """Boots each job's kernel, of `kernels` by variant and architecture, in the guest
    that `guest` says; `what` is the word for a boot in the progress."""

    kernels: dict[tuple[str, str], Kernel]
    programs: dict[Arch, Programs]
    guest: Callable[[Job, Kernel], Guest]
    progress: Progress
    what: str = "guest"

    def __call__(self, job: Job, lines: Payload, directory: Path) -> None:
        kernel = self.kernels[job.variant, job.arch]
        programs, guest = self.programs[kernel.arch], self.guest(job, kernel)
        with self.progress.task(f"{self.what} {job.name}") as task:
            measure(job, lines, kernel, programs, directory, guest, task)


def substrate(guest: Guest) -> str:
    return "exact" if guest.exact else "vm"


def bench_words(kernel: Kernel, guest: Guest) -> str:
    """What retrap-bench is told of the kernel that it runs on."""
    words = [
        *("--variant", kernel.variant.name),
        *("--expect-interfaces", ",".join(kernel.variant.offers)),
        *("--substrate", substrate(guest)),
        *("--config-sha256", kernel.meta()["config_sha256"]),
    ]
    return " ".join(words)


def run(
    kernel: Kernel,
    programs: Programs,
    lines: list[str],
    work: Path,
    guest: Guest,
    task: Task,
    files: initramfs.Files | None = None,
) -> tuple[qemu.Outcome, str]:
    """Boots `kernel` with a plan of `lines`; results lie in work/results.

    Returns the boot and the sha256 of the initramfs. `work` is emptied first.
    `files` are further files by path in the guest, or replace ours.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    task.update("packs the initramfs")
    parameters: list[str] = []
    more: dict[str, str | Path] = {}
    ballast, words = cmdlines.ballast(cmdlines.split(kernel.variant.name)[1])
    if ballast:
        lines = [f"{BALLAST} {ballast}", *lines]
        more[LAY] = ROOT / "exact/guest/ballast"
        more[WEIGHT] = "\n" * (ballast * WEIGHT_BYTES)
    if kernel.meta()["boot_patches"]:
        parameters.append(kernel.arch.boot_command_line)
    elif source.boot_patches(kernel.arch):
        built = kernel.variant.source.prebuilt
        why = "is not in what is built" if built else "does not apply to its source"
        say(f"guest {kernel.variant.name}: boots slowly: kernel-patch/boot {why}")
    if guest.exact and guest.cpus > 1 and kernel.late_cpus:
        parameters.append(f"maxcpus=1 rdinit={LATE_CPUS}")
        more[LATE_CPUS] = ROOT / "exact/guest/late-cpus"
    parameters += words.split()
    initrd = initramfs.make(
        work,
        kernel.arch,
        programs,
        {
            "/retrap/plan": "".join(f"{line}\n" for line in lines),
            "/retrap/facts": "".join(f"{name}\n" for name in environment.FACT_FILES),
            "/retrap/events": "".join(
                f"{word}\n" for word in guest_options(kernel.arch.machine)
            ),
            **more,
            **(files or {}),
        },
    )
    boot = qemu.boot(
        kernel.variant.name,
        kernel.arch,
        guest,
        kernel.image,
        initrd,
        work,
        task,
        parameters,
    )
    check_clock(kernel, guest, work / "results")
    check_words(kernel, words, work / "results", boot.console)
    if ballast:
        _check_ballast(kernel, work / "results")
    return boot, initramfs.sha256(initrd)


def check_clock(kernel: Kernel, guest: Guest, results: Path) -> None:
    """The guest's clock source is the one documented. Errors: EXIT_GUEST, of an exact
    guest; of another one it is said."""
    found = environment.read(results / "env-before")["clocksource"]
    if found == (wanted := kernel.arch.clock_source):
        return
    what = f"guest {kernel.variant.name}: its clock source is {found}, not {wanted}"
    if guest.exact:
        raise RetrapError(
            what, "look at the kernel log for why: env-before/, console.log", EXIT_GUEST
        )
    say(f"{what}: its times are too coarse")


def unproved(results: Path) -> bool:
    """Whether a retrap-bench did not find its clock exact (prove_exact() in
    bench/plan.cc). From the end of a second to the next tick, clock_gettime(2) takes
    some instructions more (__iter_div_u64_rem() in the vDSO), and the tick may fall
    between two readings of the proof. A boot does so always or never: the next one
    begins with a pause."""
    return any(
        "not exact: " in _text(results / f"{path.stem}.log")
        for path in results.glob("*.status")
        if _text(path) == str(EXIT_NOT_EXACT)
    )


def _tidy(results: Path, step: str) -> None:
    """A step that is no cell leaves no file."""
    for path in results.glob(f"{step.split()[1]}.*"):
        path.unlink()


def _check_ballast(kernel: Kernel, results: Path) -> None:
    """Its processes were started; their step leaves no file. Errors: EXIT_GUEST."""
    name = cmdlines.BALLAST
    status, log = (_text(results / f"{name}.{end}") for end in ("status", "log"))
    if status != "0":
        raise RetrapError(
            f"guest {kernel.variant.name}: no ballast: {log or 'no output'}",
            "look into console.log",
            EXIT_GUEST,
        )
    _tidy(results, BALLAST)


def check_words(kernel: Kernel, words: str, results: Path, console: str) -> None:
    """The kernel was booted with these words and knows them. Errors: EXIT_GUEST."""
    found = str(environment.read(results / "env-before")["cmdline"])
    if why := cmdlines.refused(words, found, console):
        raise RetrapError(
            f"guest {kernel.variant.name}: {why}",
            "leave the words out of `cmdline`, or configure a kernel that has them "
            "(docs/kernels.md, Command line as an axis)",
            EXIT_GUEST,
        )


def measure(
    job: Job,
    lines: Payload,
    kernel: Kernel,
    programs: Programs,
    directory: Path,
    guest: Guest,
    task: Task,
) -> None:
    """The cells of a payload, in one boot, into `directory`; where they are timed, in
    the job's own order. Errors: EXIT_GUEST."""
    work = directory.with_name(directory.name + ".partial")
    cells = [Run.of(line) for line in lines]
    if not guest.exact:
        cells = shuffled(cells, job.order)
    told = bench_words(kernel, guest)
    began, before = now(), load.read()
    try:
        plan = [f"{cell.line} {told}" for cell in cells]
        boot, initrd_sha256 = run(kernel, programs, plan, work, guest, task)
        if guest.exact and unproved(work / "results"):
            say(f"guest {job.name}: its clock was not proved exact; boots once more")
            plan.insert(0, PAUSE)
            boot, initrd_sha256 = run(kernel, programs, plan, work, guest, task)
            _tidy(work / "results", PAUSE)
    except RetrapError:
        _keep_console(work, directory)
        raise
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    results = work / "results"
    for moment in ("before", "after"):
        facts = environment.read(results / f"env-{moment}")
        write_environment(results / f"env-{moment}.json", facts)
        shutil.rmtree(results / f"env-{moment}")
    missing = _check_cells(kernel, cells, results, boot.console)
    done = [cell.output for cell in cells if cell.stem not in missing]
    if not guest.exact:
        beside = load.of_machine(before, load.read())
        for name in done:
            stamp_run(results / name, began, load=beside)
    (results / "console.log").write_text(boot.console)
    if guest.plugin:
        from retrap.results import trace

        trace.pack(work / trace.RAW, results / trace.PACKED)
    facts = {
        **kernel_facts(kernel, guest),
        "qemu_argv": boot.argv,
        "initramfs_sha256": initrd_sha256,
        "payload_bytes": boot.payload_bytes,
        "payload_sha256": boot.payload_sha256,
        "wall_s": boot.wall_s,
    }
    boot_record.write(results, job, facts, done, missing)
    if directory.exists():
        shutil.rmtree(directory)
    results.rename(directory)
    shutil.rmtree(work)
    task.update(f"{len(done)} runs" + (f", {len(missing)} n.a." if missing else ""))


def kernel_facts(kernel: Kernel, guest: Guest) -> BootRecord:
    """What boot.json says of a kernel in a guest."""
    meta = kernel.meta()
    return {
        "substrate": substrate(guest),
        "cmdline": cmdlines.split(kernel.variant.name)[1],
        "arch": meta["arch"],
        "kernel_key": kernel.key,
        "kernel_build_id": meta["build_id"],
        "source": meta["source"],
        "patches": meta["patches"],
        "boot_patches": meta["boot_patches"],
        "compiler": meta["compiler"],
        "config_sha256": meta["config_sha256"],
        "qemu_version": qemu.version(kernel.arch),
    }


def _check_cells(
    kernel: Kernel, cells: list[Run], results: Path, console: str
) -> dict[str, str]:
    """Every cell came back, from the kernel that was built; tidies logs.

    Or the kernel has not what the scenario needs: returns why, by the cell's stem.
    """
    name, build_id = kernel.variant.name, kernel.meta()["build_id"]
    missing: dict[str, str] = {}
    for cell in cells:
        stem = cell.output.removesuffix(".run.json").removesuffix(".jsonl")
        status = _text(results / f"{stem}.status")
        log = _text(results / f"{stem}.log")
        if status == str(EXIT_UNSUPPORTED):
            missing[cell.stem] = reason(cell, log)
            (results / cell.output).unlink(missing_ok=True)  # perf's, of a run of none
        elif not (results / cell.output).exists() or status not in ("0", "4"):
            raise RetrapError(
                f"guest {name}: {stem}: exit status {status or 'none'}: "
                f"{log or 'no output'}\n  console: {console.splitlines()[-1]}",
                "the results of other variants are kept",
                EXIT_GUEST,
            )
        elif cell.cycles is None:
            run_record = json.loads((results / cell.output).read_text())
            if run_record["kernel"]["build_id"] != build_id:
                raise RetrapError(
                    f"guest {name}: booted build id {run_record['kernel']['build_id']}"
                    f", built {build_id}",
                    "delete the kernel from the cache and build it again",
                    EXIT_GUEST,
                )
        for suffix in ("status", "log"):
            (results / f"{stem}.{suffix}").unlink(missing_ok=True)
        if status == "4":
            say(f"guest {name}: {stem}: {reason(cell, log)}")
    say_missing(f"guest {name}", cells, missing)
    return missing


def _text(path: Path) -> str:
    return path.read_text(errors="replace").strip() if path.exists() else ""


def _keep_console(work: Path, directory: Path) -> None:
    """A failed boot leaves its console, and nothing that looks like results."""
    console = work / "console.log"
    if console.exists():
        shutil.copyfile(console, directory.with_name(f"{directory.name}-failed.log"))
    shutil.rmtree(work, ignore_errors=True)
