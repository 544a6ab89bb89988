# SPDX-License-Identifier: GPL-2.0-only
"""Every kernel does what the models of its designs allow, on 1, 2 and 4 vCPUs.

Random sequences (docs/model.md): a million steps and more over the kernels.
"""

from __future__ import annotations

import json

import pytest
from conftest import KERNELS, PLAIN, Run, chosen, of_model

from retrap.config.experiments import Guest

CPUS = (1, 2, 4)
NAMES = [name for name, _ in chosen(PLAIN)]
STEPS = 50_000  # of each interface, on each kernel, with each number of vCPUs


def total() -> int:
    return STEPS * len(CPUS) * sum(len(KERNELS[name].offers) for name in NAMES)


def test_a_million_steps() -> None:
    assert total() >= 1_000_000


@pytest.mark.parametrize("cpus", CPUS)
@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_does_what_the_model_allows(run: Run, name: str, cpus: int) -> None:
    where = "both" if cpus > 1 else "same"
    seed = 20110526 + cpus
    line = f"exec model retrap-model --steps {STEPS} --seed {seed} --cpus {where}"
    line += of_model(KERNELS[name])
    results = run(
        name, [f"{line} --json model.json"], {}, Guest(cpus, 1800, exact=False)
    )
    said = (results / "model.txt").read_text()
    assert (results / "model.status").read_text() == "0\n", said
    print(f"\n{said}")
    report = json.loads((results / "model.json").read_text())
    done = {each["interface"]: each["steps"] for each in report["results"]}
    assert set(done) == set(KERNELS[name].offers)
    assert min(done.values()) >= STEPS
