# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's selftests say on every kernel what they say on mainline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import selftests
from conftest import DEBUG, FREE, KERNELS, Run, chosen

from retrap.config import Guest

NAMES = [name for name, _ in chosen(DEBUG)]
LIMIT_S = 300  # a program, in the guest: emulated, with KASAN
SETTING = Guest(FREE.cpus, 2400, exact=False, memory_mib=FREE.memory_mib)

Verdicts = dict[str, str]


@pytest.fixture(scope="module")
def verdicts(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Verdicts]:
    """verdicts(kernel): case to verdict; booted once."""
    tree = selftests.tree_of(KERNELS["mainline-debug"])
    built = selftests.build(tree, tmp_path_factory.mktemp("selftests"))
    seen: dict[str, Verdicts] = {}
    files: dict[str, str | Path] = {
        f"/selftests/{name}": path for name, path in built.items()
    }
    limit = f"busybox timeout -s KILL {LIMIT_S}"
    # pidfd_test forks until a process id comes back: 32768 are too many here.
    lines = ["exec pid_max busybox sysctl -w kernel.pid_max=2048"]
    lines += [f"exec {n.replace('/', '.')} {limit} /selftests/{n}" for n in built]

    def of(name: str) -> Verdicts:
        if name not in seen:
            results, found = run(name, lines, files, SETTING), {}
            for test in built:
                stem = results / test.replace("/", ".")
                text = Path(f"{stem}.txt").read_text(errors="replace")
                found |= selftests.verdicts(
                    test, text, Path(f"{stem}.status").read_text()
                )
            seen[name] = found
            print(f"\n{name}: {len(found)} verdicts")
        return seen[name]

    return of


def test_they_run_on_mainline(verdicts: Callable[[str], Verdicts]) -> None:
    """Every program ends by itself, and most of what it has passes."""
    found = verdicts("mainline-debug")
    killed = [case for case, v in found.items() if v == "137"]
    assert killed == []
    values = list(found.values())
    assert values.count("ok") > 100 and values.count("ok") > values.count("not ok") * 10


@pytest.mark.parametrize("name", [n for n in NAMES if n != "mainline-debug"])
def test_as_on_mainline(verdicts: Callable[[str], Verdicts], name: str) -> None:
    mainline, here = verdicts("mainline-debug"), verdicts(name)
    cases = mainline.keys() | here.keys()
    other = {c: (mainline.get(c), here.get(c)) for c in cases}
    assert {c: pair for c, pair in other.items() if pair[0] != pair[1]} == {}
