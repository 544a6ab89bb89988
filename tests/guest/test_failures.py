# SPDX-License-Identifier: GPL-2.0-only
"""Guests that go wrong: each ends in one clear error with the console's end."""

from __future__ import annotations

import dataclasses
import glob
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import VARIANTS, Boot

from retrap.campaign import journal
from retrap.executors import qemu
from retrap.base.arch import X86_64, native
from retrap.build.programs import Programs
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Task

MOUNTS = """#!/bin/sh
export PATH=/bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
set -- /sys/class/virtio-ports/*
port=/dev/${1##*/}
echo retrap-test: here
"""


def boot_error(boot: Boot, init: str, limit_s: int = 120) -> str:
    with pytest.raises(RetrapError) as caught:
        boot("mainline", [], limit_s, init)
    assert caught.value.exit_code == EXIT_GUEST
    assert "last lines of the console" in caught.value.message
    return caught.value.message


def test_panic(boot: Boot) -> None:
    said = boot_error(boot, MOUNTS + "exit 1\n")
    assert "Kernel panic" in said and "Attempted to kill init" in said


def test_warning_in_the_kernel_log(boot: Boot) -> None:
    said = boot_error(
        boot, MOUNTS + "echo 'WARNING: CPU: 0 at x.c:1' >/dev/kmsg\nreboot -f\n"
    )
    assert "the kernel log has 'WARNING: CPU: 0 at x.c:1'" in said


def test_no_results(boot: Boot) -> None:
    said = boot_error(boot, MOUNTS + "reboot -f\n")
    assert "without sending results" in said and "retrap-test: here" in said


def test_hang(boot: Boot) -> None:
    said = boot_error(boot, MOUNTS + "while :; do :; done\n", 30)
    assert "no end after 30 s" in said and "retrap-test: here" in said


def test_truncated_results(boot: Boot) -> None:
    said = boot_error(boot, MOUNTS + 'echo "RETRAP1 99 x" >$port\nreboot -f\n')
    assert "results truncated: 0 of 99 bytes" in said


def test_damaged_results(boot: Boot) -> None:
    send = '{ echo "RETRAP1 5 0000"; echo -n hello; } >$port\nreboot -f\n'
    assert "results damaged: sha256 differs" in boot_error(boot, MOUNTS + send)


def test_image_that_does_not_boot(tmp_path: Path, built: dict[str, Kernel]) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"not a kernel" * 100)
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"")
    with pytest.raises(RetrapError) as caught:
        qemu.boot("x", X86_64, Guest(2, 20), image, initrd, tmp_path, Task("x"))
    assert caught.value.exit_code == EXIT_GUEST


def test_no_qemu() -> None:
    nowhere = dataclasses.replace(X86_64, qemu="qemu-system-nowhere")
    with pytest.raises(RetrapError, match="not found") as caught:
        qemu.version(nowhere)
    assert caught.value.remedy == "./retrap packages x86_64"


# So many samples on the host that the run lasts seconds: with 50 of them it was
# over between two looks of reached(), once in CI.
EXPERIMENT = """variants = ["mainline"]
scenarios = ["floor/syscall", "retrap/trigger:sigcont"]
placements = ["same-cpu"]
[exact]
samples = 50
[host]
samples = 200000
"""


def processes_naming(text: str) -> list[str]:
    """Command lines of live processes that contain `text` or run in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if text in line or text in os.readlink(entry / "cwd"):
                    found.append(line)
            except OSError:
                pass
    return found


GUEST_BOOTS, HOST_RUNS = "console.log", "boot-*/*.partial"


def reached(out: Path, moment: str) -> bool:
    """Whether the run is there; glob, not pathlib, bears a tree that changes."""
    return bool(glob.glob(f"{out}/**/{moment}", recursive=True))


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, GUEST_BOOTS),
        (signal.SIGTERM, GUEST_BOOTS),
        (signal.SIGKILL, GUEST_BOOTS),
        (signal.SIGINT, HOST_RUNS),
        (signal.SIGKILL, HOST_RUNS),
    ],
)
def test_killed_matrix_resumes(
    tmp_path: Path, number: int, moment: str, programs: Programs
) -> None:
    """Stopped in the middle of a step: nothing stays, and it goes on later."""
    experiment = tmp_path / "small.toml"
    experiment.write_text(EXPERIMENT)
    out = tmp_path / "out"
    argv = [ROOT / "retrap", "matrix", experiment, "--results", out]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(argv, stderr=log, stdout=log)
        deadline = time.monotonic() + 120
        while not reached(out, moment):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        status = process.wait(timeout=20)
    assert status == (-number if number == signal.SIGKILL else 130)
    deadline = time.monotonic() + 10  # the kernel delivers the death signals
    while left := processes_naming(str(out)):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    done = [path.parent.name for path in out.rglob("boot.json")]
    assert done == ([] if moment == GUEST_BOOTS else [f"exact-{native().name}-1"])
    if number != signal.SIGKILL:
        assert not list(out.rglob("*.partial*"))
    again = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert "resumes" in again.stderr
    (found,) = out.rglob("journal.jsonl")
    assert journal.read(found.parent).finished
    names = {path.parent.parent.name for path in found.parent.rglob("boot.json")}
    assert names == {"mainline", "host"}
    assert not list(out.rglob("*.partial*"))


def test_all_variants_are_named_here() -> None:
    assert list(VARIANTS) == [
        "mainline",
        "listen-republish",
        "async-retrap",
        "please-notify",
        "combined",
    ]
