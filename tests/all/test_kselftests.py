# SPDX-License-Identifier: GPL-2.0-only
"""The selftests that the patches bring pass where they apply, and skip elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import selftests
from conftest import KERNELS, PLAIN, Run, chosen

from retrap.kernel import kernels, patched_files
from retrap.base.arch import native
from retrap.base.cache import subdirectory

PROGRAMS = {
    "listen": "listen",
    "async_retrap": "async-retrap",
    "please_notify": "please-notify",
}
NAMES = [name for name, _ in chosen(PLAIN)]
FOLDER = Path("tools/testing/selftests")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Those of `combined`, which has them all, static."""
    into = tmp_path_factory.mktemp("kselftests")
    tree = subdirectory("trees") / kernels.kernel_key(KERNELS["mainline"], native())
    patched_files.lay_source(KERNELS["combined"], KERNELS, native(), set(), into)
    for name in ("kselftest.h", "kselftest_harness.h"):
        shutil.copyfile(tree / FOLDER / name, into / FOLDER / name)
    uapi = into / "linux"
    uapi.mkdir()
    shutil.copy(into / "include/uapi/linux/ptrace_notify.h", uapi)
    programs = {}
    for name in PROGRAMS:
        out = into / name
        words = ["gcc", "-O2", "-Wall", "-Werror", "-static", "-pthread"]
        words += ["-D_GNU_SOURCE", "-isystem", str(into), "-o", str(out)]
        subprocess.run([*words, into / FOLDER / f"ptrace/{name}.c"], check=True)
        programs[name] = out
    return programs


@pytest.mark.parametrize("kernel", NAMES)
def test_they_pass_where_they_apply(
    run: Run, built: dict[str, Path], kernel: str
) -> None:
    files = {f"/kselftests/{name}": path for name, path in built.items()}
    results = run(kernel, [f"exec {name} /kselftests/{name}" for name in built], files)
    for name, interface in PROGRAMS.items():
        said = (results / f"{name}.txt").read_text()
        status = (results / f"{name}.status").read_text().strip()
        found = set(selftests.verdicts(name, said, status).values()) - {status}
        offered = interface in KERNELS[kernel].offers
        assert found == ({"ok"} if offered else {"skip"}), said
        assert status in ("0", "4"), said  # KSFT_PASS, KSFT_SKIP
