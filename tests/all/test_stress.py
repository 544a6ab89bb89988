# SPDX-License-Identifier: GPL-2.0-only
"""The races of the rule book with many more turns than `retrap conform` takes.

Natively, on the running kernel: 10^5 turns with tracer and tracee on one CPU and as
many on two, of ML22, ML23, P1, C06 and C18. On combined, on two vCPUs that run side by
side, the races that cost a process or a thread: 10^4 in all of each, over the
placements and modes, at 15 to 100 ms a turn; and those of PN24 that begin with a
group-stop, 10^4 at each placement.

A test fails where retrap-conform does: on a failure, on a tracee that hangs. And
when one of its tests was skipped, or took fewer turns than asked, and at a time limit.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import KERNELS, Run

from retrap.build.programs import Programs
from retrap.config.experiments import Guest
from retrap.rules.verdicts import PASS, parse, properties

PLACEMENTS = ("same", "cross")
NATIVE = ("listen",)  # the modes of a kernel without the patches
# Limits, of one rule and of all; with other work beside 520 s and some 2300.
NATIVE_LIMIT_S = 1800
GUEST = Guest(cpus=2, timeout_s=3600, exact=False)
LETHAL, EXEC = 20, 100  # rules/book: lethal_turns(), and a fifth of them
GROUP_STOP = 5  # race_from_group_stop()


@dataclass(frozen=True)
class Stress:
    """A test and the turns it has to take, at each placement and of each of the
    `names` that it counts them by: one for every `share` of --count."""

    test: str
    turns: int
    share: int
    names: tuple[str, ...]

    def arguments(self, report: str) -> list[str]:
        return [
            *("--count", str(self.turns * self.share), "--deadline", "600"),
            f"--gtest_filter=*.{self.test}/*",
            f"--gtest_output=json:{report}",
        ]


C06 = "C06_SigkillThatMeetsARequestEnds"
C18 = "C18_ExecMeetsTheRetrapOfASibling"
P1 = "P1_ListenRightAfterSigkillIsEsrchOrEio"
MODES = KERNELS["combined"].offers
RETRAP = ("async-retrap",)
PN24 = "PN24_EndOfAGroupStopIs"
END_OF_STOP = (
    ("NeverLostByJobctlCont", "jobctl_cont"),
    ("NeverLostByInterrupt", "interrupt"),
    ("OwedToCont", "interrupt"),
)
ON_THIS_KERNEL = (
    Stress("ML22_SigcontIsNeverLostByListen", 100_000, 1, ("listen",)),
    Stress("ML23_InterruptAndSigcontReportTheCurrentState", 100_000, 1, ("interrupt",)),
    Stress(C06, 100_000, LETHAL, NATIVE),
    Stress(P1, 100_000, LETHAL, NATIVE),
    Stress(C18, 100_000, EXEC, NATIVE),
)
IN_A_GUEST = (
    Stress("AR20_SigkillDuringTheRetrapEnds", 5_000, LETHAL, ("wnohang",)),
    Stress("AR21_TracerDeathMeetsTheRetrap", 5_000, LETHAL, RETRAP),
    Stress("AR23_OtherThreadsOfTheTracerSeeNoGap", 10_000, LETHAL, RETRAP),
    Stress("AR23_TheRealParentSeesNoGap", 10_000, LETHAL, RETRAP),
    Stress(C06, 1_700, LETHAL, MODES),
    Stress(P1, 1_700, LETHAL, MODES),
    Stress(C18, 1_700, EXEC, MODES),
    *(Stress(PN24 + name, 10_000, GROUP_STOP, (call,)) for name, call in END_OF_STOP),
)


def turns(recorded: dict[str, str]) -> dict[str, int]:
    """By mode or request: what record_turns() says, or Orders has counted."""
    pattern = re.compile(r"turns_(.+)|(.+)_(?:signal_first|call_first|overlapping)")
    found: Counter[str] = Counter()
    for key, value in recorded.items():
        if match := pattern.fullmatch(key):
            found[match[1] or match[2]] += int(value)
    return dict(found)


def check(stress: Stress, report: dict[str, Any]) -> None:
    verdicts, failures = parse(report)
    assert failures == {}
    tests = [f"{stress.test}/{where}" for where in PLACEMENTS]
    assert verdicts == dict.fromkeys(tests, PASS)
    for test in tests:
        taken = turns(properties(report).get(test, {}))
        print(f"\n{test}: {taken}")
        few = [name for name in stress.names if taken.get(name, 0) < stress.turns]
        assert few == [], taken


@pytest.mark.parametrize("stress", ON_THIS_KERNEL, ids=lambda each: each.test)
def test_races_on_this_kernel(
    programs: Programs, tmp_path: Path, stress: Stress
) -> None:
    report = tmp_path / "report.json"
    argv = [str(programs.path("retrap-conform")), *stress.arguments(str(report))]
    # It goes with its tracees: PR_SET_PDEATHSIG.
    done = subprocess.run(argv, capture_output=True, text=True, timeout=NATIVE_LIMIT_S)
    assert report.exists(), done.stderr
    check(stress, json.loads(report.read_text()))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def reports(run: Run) -> Path:
    """All in one boot, which is most of a minute where other work is beside."""
    lines = [
        " ".join(
            ["exec", each.test, "retrap-conform", *each.arguments(f"{each.test}.json")]
        )
        for each in IN_A_GUEST
    ]
    return run("combined", lines, {}, GUEST)


@pytest.mark.parametrize("stress", IN_A_GUEST, ids=lambda each: each.test)
def test_lethal_races_in_a_guest(reports: Path, stress: Stress) -> None:
    said = (reports / f"{stress.test}.log").read_text()
    report = reports / f"{stress.test}.json"
    assert report.exists(), said
    check(stress, json.loads(report.read_text()))
    assert (reports / f"{stress.test}.status").read_text() == "0\n", said
