# SPDX-License-Identifier: GPL-2.0-only
"""Placements on a machine that has two sockets of one core of two threads."""

import json
from pathlib import Path

from retrap.build.programs import Programs
from retrap.base.progress import Task
from retrap.config.experiments import Guest
from retrap.executors import guest
from retrap.kernel.kernels import Kernel

# Which CPUs are chosen, and what they are to each other; None: there are none such.
CPUS = {
    "same-cpu": (0, 0, "same-cpu"),
    "smt-sibling": (0, 1, "smt-sibling"),
    "cross-core": None,
    "cross-llc": (0, 2, "cross-llc"),
    "cross-node": None,
    "cross-cpu": (0, 1, "smt-sibling"),
}


class Sockets(int):
    """Four vCPUs, as -smp has them."""

    def __str__(self) -> str:
        return "4,sockets=2,cores=1,threads=2"


def test_each_placement_finds_its_cpus(
    built: dict[str, Kernel], programs: Programs, tmp_path: Path
) -> None:
    lines = [
        f"bench {name} --scenario floor/pipe --placement {name} --samples 20"
        for name in CPUS
    ]
    size, task = Guest(Sockets(4), 300), Task("placement")
    guest.run(built["mainline"], programs, lines, tmp_path / "work", size, task)
    results = tmp_path / "work/results"
    for name, expected in CPUS.items():
        status = (results / f"{name}.status").read_text().strip()
        if expected is None:
            said = (results / f"{name}.log").read_text()
            assert (status, f"{name} needs two " in said) == ("77", True), said
            continue
        run = json.loads((results / f"{name}.run.json").read_text())
        found = run["tracer_cpu"], run["tracee_cpu"], run["placement_found"]
        assert (status, found) == ("0", expected)
