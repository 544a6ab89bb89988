# SPDX-License-Identifier: GPL-2.0-only
"""One guest boot: QEMU, its console, and the way results leave.

Exact mode is TCG with -icount shift=0,sleep=off: the guest clock advances
1 ns an executed instruction and jumps over idle time, and QEMU's threads take
turns (exact/turns.cc), so a run repeats to the instruction whatever the
host does (docs/methodology.md). Without it vCPUs are threads that run freely:
for tests of what happens, never for a measurement.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import Arch
from retrap.build.programs import Programs
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.executors.patience import Patience
from retrap.base.process import capture, check_interrupted, child
from retrap.base.progress import Task

KERNEL_COMMAND_LINE = "norandmaps panic=-1 oops=panic"
EXACT = ("-accel", "tcg", "-icount", "shift=0,sleep=off")
FREE = ("-accel", "tcg,thread=multi")
EXACT_TSC_KHZ = 1_000_000  # a tick an instruction
SPLAT = re.compile(
    r"Kernel panic|BUG:|WARNING:|Oops|general protection|cut here|INFO: task"
    r"|rcu: INFO|UBSAN|KASAN|possible .* deadlock|sleeping function"
    r"|unable to handle|Attempted to kill init"
)
MAGIC = "RETRAP1"


class Hang(RetrapError):
    """A guest that reached its limit."""


@dataclass(frozen=True)
class Outcome:
    """What came back. `payload` holds the files of the guest's /results."""

    argv: list[str]
    console: str
    payload_bytes: int
    payload_sha256: str
    wall_s: float


def version(arch: Arch) -> str:
    """`QEMU emulator version 7.2.22 (Debian ...)`."""
    text = capture([arch.qemu, "--version"])
    if not text:
        raise RetrapError(
            f"{arch.qemu}: not found",
            f"./retrap packages {arch.name}",
            EXIT_GUEST,
        )
    return text.splitlines()[0]


IMAGE, CONSOLE, RESULTS = "kernel", "console.log", "payload"
PLUGIN, TURNS = "plugin.so", "turns.so"
NATIVE = Programs(ROOT / "build/release")
TURNS_FILE = NATIVE.path("retrap-turns.so")


def tsc_khz(arch: Arch, guest: Guest) -> int | None:
    """The rate of a guest's TSC. No timer of the machine can tell it to the guest's
    kernel, which without it has no clock but jiffies. Unless QEMU counts
    instructions the TSC is the host's own."""
    if not arch.tsc_parameter:
        return None
    if guest.exact:
        return EXACT_TSC_KHZ
    said = capture([str(NATIVE.path("retrap-tsc-khz"))]) if arch.native else None
    return int(said) if said else None


def arguments(
    arch: Arch, guest: Guest, initrd: str, parameters: Sequence[str] = ()
) -> list[str]:
    """The command line; file names are relative to the boot's directory.

    `parameters` are more words for the kernel.
    ioeventfd=off makes a virtio request complete inside the vCPU's own
    instruction: an I/O thread would answer at a time of the host's choosing.
    """
    words = [arch.command_line, KERNEL_COMMAND_LINE]
    if khz := tsc_khz(arch, guest):
        words.append(f"{arch.tsc_parameter}={khz}")
    command_line = " ".join([*words, *parameters])
    return [
        *(arch.qemu, *arch.words, *(EXACT if guest.exact else FREE)),
        *_plugin(guest),
        *("-smp", str(guest.cpus), "-m", str(guest.memory_mib)),
        *("-rtc", "base=2011-05-26,clock=vm", "-seed", "1"),
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-global", "virtio-mmio.ioeventfd=off"),
        *("-kernel", IMAGE, "-initrd", initrd, "-append", command_line),
        *("-chardev", f"file,id=console,path={CONSOLE}", "-serial", "chardev:console"),
        *("-chardev", f"file,id=results,path={RESULTS}"),
        *("-device", "virtio-serial-device"),
        *("-device", "virtserialport,chardev=results,name=retrap.results"),
    ]


def _plugin(guest: Guest) -> tuple[str, ...]:
    """By a name of ours: a comma in a path would end it."""
    if guest.plugin is None:
        return ()
    return "-plugin", f"./{PLUGIN},{guest.plugin.arguments}"


def boot(
    name: str,
    arch: Arch,
    guest: Guest,
    image: Path,
    initrd: Path,
    work: Path,
    task: Task,
    parameters: Sequence[str] = (),
) -> Outcome:
    """Boots once and unpacks the guest's results into work/results.

    Errors (EXIT_GUEST): no QEMU, panic, splat, hang (Hang), damaged payload; each
    with the last lines of the console, which stays in work/console.log.
    """
    shutil.copyfile(image, work / IMAGE)
    if guest.plugin:
        shutil.copyfile(guest.plugin.file, work / PLUGIN)
    if guest.exact:
        shutil.copyfile(TURNS_FILE, work / TURNS)
    version(arch)
    argv = arguments(arch, guest, initrd.name, parameters)
    start = time.monotonic()
    status = _run(argv, work, guest, task)
    console = _console(work)
    if line := splat(console):
        raise _failed(name, f"the kernel log has {line!r}", console)
    if status is None:
        wall_s = time.monotonic() - start
        error = _failed(
            name,
            f"no end after {guest.timeout_s} s, less what it waited for a CPU "
            f"({wall_s:.0f} s of wall clock)",
            console,
        )
        raise Hang(error.message, error.remedy, error.exit_code)
    if status != 0:
        raise _failed(name, f"{arch.qemu} exit status {status}: {_log(work)}", console)
    if guest.exact and not takes_turns(_log(work)):
        raise _failed(
            name, f"{arch.qemu} does not take turns, so it is not exact", console
        )
    data = _payload(name, work / RESULTS, console)
    _unpack(name, data, work / "results", console)
    return Outcome(
        argv,
        console,
        len(data),
        hashlib.sha256(data).hexdigest(),
        round(time.monotonic() - start, 1),
    )


def takes_turns(log: str) -> bool:
    """What exact/turns.cc says at QEMU's end, which it says with none too."""
    told = re.search(r"^retrap-turns: (\d+) turns$", log, re.M)
    return told is not None and int(told[1]) > 0


def splat(console: str) -> str | None:
    """The first line of a kernel log that no run may have. A report which
    starts with "cut here" says in the next line what it is about."""
    rows = console.splitlines()
    for number, row in enumerate(rows):
        if SPLAT.search(row):
            return " ".join(rows[number : number + 2]) if "cut here" in row else row
    return None


def _run(argv: list[str], work: Path, guest: Guest, task: Task) -> int | None:
    """Exit status, or None when its limit ended it."""
    if guest.behind:
        argv = ["nice", "-n", "19", *argv]
    env = dict(os.environ)
    if guest.exact:
        env["LD_PRELOAD"] = f"{env.get('LD_PRELOAD', '')}:./{TURNS}".lstrip(":")
    task.update("boots")
    with (work / "qemu.log").open("w") as log:
        with child(argv, cwd=work, stdout=log, stderr=log, env=env) as process:
            if guest.behind:
                _give_way(process.pid)
            patience = Patience(process.pid)
            while (status := process.poll()) is None:
                if patience.used_s() > guest.timeout_s:
                    return None
                time.sleep(0.1)
                if steps := re.findall(
                    r"^retrap: (step .+|sending)", _console(work), re.M
                ):
                    task.update(steps[-1].strip())
            check_interrupted()
            return status


def _give_way(pid: int) -> None:
    """nice(2) counts within a session alone where the kernel makes each a group of
    its own (sched(7), "The autogroup feature")."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("19")


def _log(work: Path) -> str:
    """What QEMU said."""
    return (work / "qemu.log").read_text(errors="replace").strip()


def _console(work: Path) -> str:
    path = work / CONSOLE
    text = path.read_text(errors="replace") if path.exists() else ""
    return text.replace("\r", "")


def _payload(name: str, path: Path, console: str) -> bytes:
    """The tar archive, after its length and hash are found right."""
    raw = path.read_bytes() if path.exists() else b""
    head, _, data = raw.partition(b"\n")
    words = head.decode("ascii", "replace").split()
    if len(words) != 3 or words[0] != MAGIC or not words[1].isdigit():
        raise _failed(name, "the guest stopped without sending results", console)
    if len(data) != int(words[1]):
        raise _failed(
            name, f"results truncated: {len(data)} of {words[1]} bytes", console
        )
    if hashlib.sha256(data).hexdigest() != words[2]:
        raise _failed(name, "results damaged: sha256 differs", console)
    return data


def _unpack(name: str, data: bytes, into: Path, console: str) -> None:
    """Regular files only, below `into` only: the guest is not trusted."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                path = into / member.name
                content = archive.extractfile(member) if member.isfile() else None
                if content is None or not path.resolve().is_relative_to(into.resolve()):
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
    except (tarfile.TarError, OSError, ValueError) as error:
        raise _failed(name, f"results are no tar archive: {error}", console) from None


def _failed(name: str, what: str, console: str) -> RetrapError:
    tail = "\n  ".join(console.splitlines()[-12:]) or "(nothing)"
    return RetrapError(
        f"guest {name}: {what}\n  last lines of the console:\n  {tail}",
        "the results of other variants are kept; the same command tries again",
        EXIT_GUEST,
    )
