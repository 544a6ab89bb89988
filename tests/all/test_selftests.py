# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's selftests say on every kernel what they say on mainline."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import selftests
from conftest import DEBUG, FREE, KERNELS, Run, chosen

from retrap.config.experiments import Guest

NAMES = [name for name, _ in chosen(DEBUG)]
LIMIT_S = 300  # a program, in the guest: emulated, with KASAN
SETTING = Guest(FREE.cpus, 2400, exact=False, memory_mib=FREE.memory_mib)
# Decided by time: it looks right after waitpid() whether the cgroup is frozen, but
# ptrace_stop() calls cgroup_enter_frozen() after it has notified. A vCPU that the
# host holds up there fails it, on mainline too (seen with QEMU at nice 15).
TIMED = "cgroup/test_freezer"
ROUNDS = 5

Verdicts = dict[str, str]
Difference = dict[str, tuple[str | None, str | None]]


@pytest.fixture(scope="module")
def boot(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, list[str]], Verdicts]:
    """boot(kernel, programs): case to verdict."""
    tree = selftests.tree_of(KERNELS["mainline-debug"])
    built = selftests.build(tree, tmp_path_factory.mktemp("selftests"))
    files: dict[str, str | Path] = {
        f"/selftests/{name}": path for name, path in built.items()
    }
    limit = f"busybox timeout -s KILL {LIMIT_S}"
    # pidfd_test forks until a process id comes back: 32768 are too many here.
    lines = ["exec pid_max busybox sysctl -w kernel.pid_max=2048"]

    def of(name: str, programs: list[str]) -> Verdicts:
        steps = [f"exec {p.replace('/', '.')} {limit} /selftests/{p}" for p in programs]
        results = run(name, lines + steps, files, SETTING)
        found: Verdicts = {}
        for test in programs:
            stem = results / test.replace("/", ".")
            text = Path(f"{stem}.txt").read_text(errors="replace")
            found |= selftests.verdicts(test, text, Path(f"{stem}.status").read_text())
        print(f"\n{name}: {len(found)} verdicts")
        return found

    return of


@pytest.fixture(scope="module")
def verdicts(boot: Callable[[str, list[str]], Verdicts]) -> Callable[[str], Verdicts]:
    """verdicts(kernel): of every program; booted once."""
    return functools.cache(lambda name: boot(name, list(selftests.PROGRAMS)))


def difference(mainline: Verdicts, here: Verdicts) -> Difference:
    pairs = {c: (mainline.get(c), here.get(c)) for c in mainline.keys() | here.keys()}
    return {c: pair for c, pair in pairs.items() if pair[0] != pair[1]}


def test_they_run_on_mainline(verdicts: Callable[[str], Verdicts]) -> None:
    """Every program ends by itself, and most of what it has passes."""
    found = verdicts("mainline-debug")
    killed = [case for case, v in found.items() if v == "137"]
    assert killed == []
    values = list(found.values())
    assert values.count("ok") > 100 and values.count("ok") > values.count("not ok") * 10


@pytest.mark.parametrize("name", [n for n in NAMES if n != "mainline-debug"])
def test_as_on_mainline(
    verdicts: Callable[[str], Verdicts],
    boot: Callable[[str, list[str]], Verdicts],
    name: str,
) -> None:
    """Where time decides, more rounds do: a case may fail once more than on
    mainline."""
    other = difference(verdicts("mainline-debug"), verdicts(name))
    if other and all(case.startswith(TIMED) for case in other):
        print(f"\n{ROUNDS} rounds, for {other}")
        failed = {
            each: Counter(
                case
                for _ in range(ROUNDS)
                for case, verdict in boot(each, [TIMED]).items()
                if verdict not in ("ok", "skip", "0")
            )
            for each in ("mainline-debug", name)
        }
        print(failed)
        more = failed[name] - failed["mainline-debug"]
        other = {case: (None, f"{n} more fail") for case, n in more.items() if n > 1}
    assert other == {}
