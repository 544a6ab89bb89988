# SPDX-License-Identifier: GPL-2.0-only
"""What doctor and the counting runs say of permissions: the same, and true."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retrap.machine import confinement, counting, doctor

PYTHON = Path(counting.__file__).parents[2]
ALL = 0x1FFFFFFFFFF
WITHOUT = ALL & ~(1 << confinement.PERFMON) & ~(1 << confinement.SYS_ADMIN)


def root(path: Path, caps: int, seccomp: int = 0, yama: str | None = None) -> Path:
    (path / "proc/self").mkdir(parents=True)
    status = f"Name:\tx\nCapEff:\t{caps:016x}\nSeccomp:\t{seccomp}\n"
    (path / "proc/self/status").write_text(status)
    if yama is not None:
        (path / "proc/sys/kernel/yama").mkdir(parents=True)
        (path / "proc/sys/kernel/yama/ptrace_scope").write_text(f"{yama}\n")
    return path


def test_what_proc_says(tmp_path: Path) -> None:
    got = confinement.confinement(root(tmp_path / "a", WITHOUT, 2, "1"))
    assert (got.perfmon, got.ptrace, got.seccomp, got.yama) == (False, True, 2, 1)
    one = 1 << confinement.SYS_ADMIN  # stands for CAP_PERFMON
    got = confinement.confinement(root(tmp_path / "b", one))
    assert (got.perfmon, got.ptrace, got.seccomp, got.yama) == (True, False, 0, None)
    got = confinement.confinement(tmp_path / "nothing")
    assert (got.perfmon, got.seccomp, got.yama) == (False, None, None)


def test_a_remedy_for_each_cause(tmp_path: Path) -> None:
    kept = root(tmp_path / "a", ALL)
    dropped = root(tmp_path / "b", WITHOUT, 2)
    filtered = root(tmp_path / "c", ALL, 2)
    assert "--cap-add SYS_ADMIN" in counting._remedy(0, dropped)
    assert "seccomp=unconfined" in counting._remedy(0, filtered)
    assert "mount -t tracefs" in counting._remedy(0, kept)
    assert "perf_event_paranoid=-1" in counting._remedy(1000, dropped)


PROBE = """
import platform
from retrap.machine import counting, doctor, environment
refused = counting.refusal(platform.machine())
found = doctor._perf(environment.read())
print(found.verdict, found.remedy == (refused.remedy if refused else ""))
print(found.remedy)
"""


def probe(*wrapper: str) -> list[str]:
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", PROBE],
        env={**os.environ, "PYTHONPATH": str(PYTHON)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="dropping capabilities needs root")
@pytest.mark.skipif(shutil.which("perf") is None, reason="perf is not installed")
def test_root_without_the_capability_is_told_what_to_add() -> None:
    if counting.refusal(platform.machine()):
        pytest.skip("counting is not permitted here in the first place")
    assert probe()[0] == "good True"
    dropped = "-perfmon,-sys_admin"
    wrapper = ("setpriv", "--bounding-set", dropped, "--inh-caps", dropped)
    verdict, remedy = probe(*wrapper)
    assert verdict == "bad True"
    assert "CAP_PERFMON" in remedy and "--cap-add SYS_ADMIN" in remedy


def test_ptrace_is_tried() -> None:
    assert confinement.seize() == 0
    found = {each.fact: each for each in doctor.diagnose()}
    assert found["ptrace permission"].verdict == "good"
    assert "PTRACE_SEIZE of a child works" in found["ptrace permission"].value
    assert found["seccomp"].value in ("off", "strict", "filter", "cannot be read")


def test_doctor_fits_a_terminal() -> None:
    remedy = "run it with --cap-add PERFMON and -v /sys/kernel/tracing:/elsewhere " * 2
    text = doctor.render([doctor.Finding("a fact", "x " * 80, doctor.BAD, remedy)])
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "--cap-add" in text and "-v" in text
