# SPDX-License-Identifier: GPL-2.0-only
"""Plan expansion: which processes an experiment amounts to."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from retrap.base.errors import RetrapError
from retrap.campaign.manifest import MACHINE, Job
from retrap.config.experiments import Experiment, Guest, Sampling
from retrap.config.variants import Source, Variant, load_variants
from retrap.config.plan import Run, Scenario, expand, nothing_to_run, shuffled

BOTH = ("same-cpu", "cross-cpu")
REGISTRY = {
    "floor/clock": Scenario(
        "floor/clock", ("same-cpu",), ("listen", "async-retrap"), floor=True
    ),
    "retrap/trigger:interrupt": Scenario("retrap/trigger:interrupt", BOTH, ("listen",)),
}

TRAP = Scenario("trap/trigger:sigstop", BOTH, ("listen", "async-retrap"))


def experiment(placements: tuple[str, ...] = BOTH) -> Experiment:
    return Experiment(
        name="x",
        sha256="",
        variants=(),
        baseline="mainline",
        placements=placements,
        scenarios=tuple(REGISTRY),
        seed=7,
        exact=Sampling(10, 0),
        guest=Guest(2, 60),
        host=None,
    )


def names(cells: list[Run]) -> list[str]:
    return [cell.output for cell in cells]


def test_timed_cells_come_before_counting_runs() -> None:
    cells = expand(experiment(), REGISTRY, ("listen",), Sampling(100, 10))
    assert names(cells) == [
        "floor.clock@same-cpu.run.json",
        "retrap.trigger-interrupt@same-cpu.run.json",
        "retrap.trigger-interrupt@cross-cpu.run.json",
        *(
            f"retrap.trigger-interrupt@{placement}.perf-{cycles}.jsonl"
            for placement in BOTH
            for cycles in (2, 4, 8, 16)
        ),
    ]


SEVERAL = ("listen", "async-retrap", "please-notify")
ALL = {
    name: Scenario(name, BOTH, SEVERAL)
    for name in ("trap/trigger:interrupt", "trap/trigger:sigstop", "retrap/x")
}


def cells_of_several() -> list[Run]:
    asked = dataclasses.replace(experiment(), scenarios=tuple(ALL))
    return expand(asked, ALL, SEVERAL, Sampling(100, 10))


@pytest.mark.parametrize("seed", range(20))
def test_interfaces_of_a_cell_stay_neighbours_in_an_order_of_chance(seed: int) -> None:
    runs = cells_of_several()
    got = shuffled(runs, f"{seed} combined/block-1")
    assert sorted(names(got)) == sorted(names(runs))
    timed = [run for run in got if run.cycles is None]
    assert got[: len(timed)] == timed and len(timed) == 18
    for first in range(0, len(timed), 3):
        three = timed[first : first + 3]
        assert len({(run.scenario, run.placement) for run in three}) == 1
        assert {run.interface for run in three} == set(SEVERAL)
    counted = [run.stem for run in got if run.cycles is not None]
    assert list(dict.fromkeys(counted)) == [run.stem for run in timed]


def test_each_interface_is_first_as_often_as_the_others() -> None:
    """Over boots, in every cell; and so is each cell of a boot."""
    runs = [run for run in cells_of_several() if run.cycles is None]
    firsts: dict[tuple[str, str], Counter[str]] = {}
    begins: Counter[tuple[str, str]] = Counter()
    for boot in range(600):
        got = shuffled(runs, f"7 combined/block-{boot}")
        begins[got[0].scenario, got[0].placement] += 1
        for run in got[::3]:
            where = run.scenario, run.placement
            firsts.setdefault(where, Counter())[run.interface] += 1
    assert len(firsts) == len(begins) == 6
    for counts in firsts.values():
        assert all(150 < counts[name] < 250 for name in SEVERAL)  # of 200; sd 12
    assert all(60 < count < 140 for count in begins.values())  # of 100; sd 9


def test_a_boot_that_is_resumed_has_its_order_again() -> None:
    runs = cells_of_several()
    job = Job("combined", "block-1", "x86_64", MACHINE, "cells", seed=7)
    again = dataclasses.replace(job, boot="block-2")
    assert shuffled(runs, job.order) == shuffled(runs, job.order)
    assert shuffled(runs, job.order) != shuffled(runs, again.order)


def test_a_cell_the_interface_does_not_have_is_left_out() -> None:
    cells = expand(experiment(), REGISTRY, ("async-retrap",), Sampling(100, 10))
    assert names(cells) == ["floor.clock@same-cpu.run.json"]


def test_no_cycles_no_counting_runs() -> None:
    cells = expand(experiment(("same-cpu",)), REGISTRY, ("listen",), Sampling(100, 0))
    assert [cell.cycles for cell in cells] == [None, None]


def test_counting_run_takes_its_cycles_as_samples() -> None:
    cells = expand(experiment(), REGISTRY, ("listen",), Sampling(100, 10))
    arguments = cells[-1].arguments()
    assert arguments[arguments.index("--samples") + 1] == "16"
    assert arguments[arguments.index("--seed") + 1] == "7"
    assert not any("/" == word for word in arguments) and Path(cells[-1].stem).name


def test_an_experiment_may_name_the_interface_of_all_variants() -> None:
    through_listen = dataclasses.replace(experiment(), interface="listen")
    cells = expand(through_listen, REGISTRY, ("async-retrap",), Sampling(100, 0))
    assert [cell.interface for cell in cells] == ["listen"] * 3


def test_interfaces_of_one_kernel_have_files_of_their_own() -> None:
    """All in one boot; a floor once, and no interface that lacks the scenario."""
    cells = expand(
        experiment(("same-cpu",)),
        {**REGISTRY, "trap/trigger:sigstop": TRAP},
        ("listen", "async-retrap"),
        Sampling(100, 1),
    )
    assert names(cells) == [
        "floor.clock@same-cpu.run.json",
        "retrap.trigger-interrupt@same-cpu+listen.run.json",
        *(f"retrap.trigger-interrupt@same-cpu+listen.perf-{n}.jsonl" for n in (1, 2)),
    ]
    both = dataclasses.replace(experiment(), scenarios=("trap/trigger:sigstop",))
    cells = expand(
        both,
        {"trap/trigger:sigstop": TRAP},
        ("listen", "async-retrap"),
        Sampling(100, 0),
    )
    assert [(cell.interface, cell.stem) for cell in cells] == [
        (interface, f"trap.trigger-sigstop@{placement}+{interface}")
        for placement in BOTH
        for interface in ("listen", "async-retrap")
    ]


def test_one_interface_for_all_leaves_no_suffix() -> None:
    listen = dataclasses.replace(experiment(), interface="listen")
    cells = expand(listen, REGISTRY, ("please-notify", "listen"), Sampling(100, 0))
    assert {(cell.interface, cell.suffix) for cell in cells} == {("listen", "")}


VARIANTS = {
    name: Variant(name, None, Source("p", None, None), (), (), (name,))
    for name in ("listen", "async-retrap")
}


@pytest.mark.parametrize(
    ("scenario", "placement", "variants", "host", "key"),
    [
        ("floor/clock", "cross-cpu", ("listen",), False, "scenarios"),
        ("retrap/trigger:interrupt", "same-cpu", ("async-retrap",), False, "scenarios"),
        (
            "retrap/trigger:interrupt",
            "same-cpu",
            ("listen", "async-retrap"),
            False,
            "variants",
        ),
        ("retrap/trigger:interrupt", "same-cpu", (), True, None),
        ("floor/clock", "same-cpu", ("listen", "async-retrap"), False, None),
    ],
)
def test_what_nothing_can_run_is_found_before_a_boot(
    scenario: str, placement: str, variants: tuple[str, ...], host: bool, key: str
) -> None:
    asked = dataclasses.replace(
        experiment((placement,)),
        scenarios=(scenario,),
        variants=variants,
        host=Sampling(10, 0) if host else None,
    )
    found = nothing_to_run(asked, REGISTRY, VARIANTS)
    assert (found and found[0]) == key


def test_a_placement_is_one_of_the_program_s() -> None:
    found = nothing_to_run(experiment(("same-cpu", "cross-nope")), REGISTRY, VARIANTS)
    assert found == (
        "placements",
        "no placement 'cross-nope': same-cpu, cross-cpu",
    )


def test_a_guest_of_one_cpu_has_no_second_one() -> None:
    alone = dataclasses.replace(experiment(), guest=Guest(1, 60))
    found = nothing_to_run(alone, REGISTRY, VARIANTS)
    assert found == ("placements", "cross-cpu needs 2 CPUs, [exact] cpus is 1")
    same = dataclasses.replace(alone, placements=("same-cpu",), host=Sampling(1, 0))
    assert nothing_to_run(same, {"x": TRAP, **REGISTRY}, VARIANTS) is None


def test_an_interface_is_one_of_the_program_s(tmp_path: Path) -> None:
    asked = dataclasses.replace(experiment(), interface="poll", host=Sampling(1, 0))
    found = nothing_to_run(asked, REGISTRY, VARIANTS)
    assert found == ("interface", "must be one of listen, async-retrap")
    file = tmp_path / "v.toml"
    file.write_text('[a]\npackage = "p"\ninterface = "lisen"\n')
    asked = dataclasses.replace(experiment(), variants=("a",))
    with pytest.raises(RetrapError) as caught:
        nothing_to_run(asked, REGISTRY, load_variants(file))
    said = f"{file}:3: [a] interface: no 'lisen': listen, async-retrap"
    assert caught.value.message == said
