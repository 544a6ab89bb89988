# SPDX-License-Identifier: GPL-2.0-only
"""What a guest is told at its boot: the rate of its timer and of its clock."""

from __future__ import annotations

import dataclasses
import json
import resource
import shutil
from pathlib import Path

import pytest

from retrap.executors import guest
from retrap.base.arch import native
from retrap.build.programs import Programs
from retrap.config.experiments import Guest
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Task

CLOCK = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
FREE = Guest(cpus=2, timeout_s=120, exact=False)
EXACT = Guest(cpus=2, timeout_s=120)
only_x86_64 = pytest.mark.skipif(
    native().name != "x86_64", reason="arm64 has nothing to be told"
)


@pytest.mark.parametrize("how", [FREE, EXACT], ids=["free", "exact"])
def test_the_clock_is_the_documented_one(
    how: Guest, built: dict[str, Kernel], programs: Programs, tmp_path: Path
) -> None:
    work = tmp_path / "w"
    lines = [f"exec clock cat {CLOCK}"]
    guest.run(built["mainline"], programs, lines, work, how, Task("clock"))
    assert (work / "results/clock.txt").read_text().strip() == native().clock_source


def test_ballast_is_there_while_a_guest_measures(
    built: dict[str, Kernel], programs: Programs, tmp_path: Path
) -> None:
    seen = []
    for name in ("mainline", "mainline+ballast=3"):
        variant = dataclasses.replace(built["mainline"].variant, name=name)
        kernel = dataclasses.replace(built["mainline"], variant=variant)
        work, lines = tmp_path / "w", ["exec seen ls /proc"]
        guest.run(kernel, programs, lines, work, EXACT, Task(name))
        names = (work / "results/seen.txt").read_text().split()
        packed = (work / "initramfs.cpio").stat().st_size
        seen.append((sum(each.isdecimal() for each in names), packed // 1_000_000))
        assert not list((work / "results").glob("ballast*"))
    assert [more - less for less, more in zip(*seen, strict=True)] == [3, 3]


def other_clock(results: Path) -> Path:
    """Facts of a guest whose clock is jiffies, as x86_64's was without its rate."""
    file = results / "env-before" / CLOCK.lstrip("/")
    file.parent.mkdir(parents=True)
    file.write_text("jiffies\n")
    return results


def test_another_clock_ends_an_exact_boot(
    built: dict[str, Kernel], tmp_path: Path
) -> None:
    with pytest.raises(RetrapError, match="its clock source is jiffies") as caught:
        guest.check_clock(built["mainline"], EXACT, other_clock(tmp_path))
    assert caught.value.exit_code == EXIT_GUEST


def test_another_clock_of_a_free_guest_is_said(
    built: dict[str, Kernel], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guest.check_clock(built["mainline"], FREE, other_clock(tmp_path))
    assert "mainline: its clock source is jiffies" in capsys.readouterr().err


def cpu_s() -> float:
    """CPU time of the children that have ended, QEMU among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@only_x86_64
def test_a_kernel_that_is_not_told_boots_slowly_and_says_so(
    built: dict[str, Kernel],
    programs: Programs,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same image: without its patch it is the kernel of a source to which that
    does not apply."""
    kernel = built["mainline"]
    assert kernel.meta()["boot_patches"]
    slow = tmp_path / "slow"
    shutil.copytree(kernel.directory, slow)
    meta = {**kernel.meta(), "boot_patches": []}
    (slow / "meta.json").write_text(json.dumps(meta))
    took = []
    for each in (kernel, dataclasses.replace(kernel, directory=slow)):
        begin, work = cpu_s(), tmp_path / "w"
        guest.run(each, programs, ["exec x true"], work, EXACT, Task("boot"))
        took.append(cpu_s() - begin)
        told = "lapic_timer_khz: 1000000, not calibrated" in (
            work / "console.log"
        ).read_text(errors="replace")
        said = "boots slowly" in capsys.readouterr().err
        assert (told, said) == ((True, False) if each is kernel else (False, True))
    assert took[1] > 3 * took[0]
