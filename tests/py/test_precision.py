# SPDX-License-Identifier: GPL-2.0-only
"""A cell ends when its target is met: by its spread alone, and without false alarms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from scipy import stats as sps
from conftest import Maker
from truths import MEDIAN, TRUTHS, campaign

from retrap.analysis import boots, pairs, planner
from retrap.analysis.verdict import DECIDED, Judgement
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.progress import Task
from retrap.build.programs import Programs
from retrap.campaign.manifest import LOCAL, MACHINE, Job
from retrap.config.experiments import load_experiment
from retrap.config.plan import Run
from retrap.executors import host, precision
from retrap.executors.running import Running
from retrap.report import table
from retrap.results.samples import SAMPLE
from retrap.results.store import load

ROUNDS, MOST, ROWS = 400, 18, 4
KINDS = ("none", "wandering")
LEVEL = 0.05
Medians = list[float]
Ends = Callable[[Medians, Medians], bool]


def spread_of(truth: str) -> float:
    rng = np.random.default_rng([7, crc32(truth.encode())])
    return float(TRUTHS[truth](rng, (1, 4000)).std())


def target_of(truth: str) -> dict[str, object]:
    """What about ten boots find, so that repetitions end at many numbers."""
    one = planner.Spread(("", ""), spread_of(truth) / MEDIAN, 0.0, 20, 0)
    share = one.finds(10, LEVEL / ROWS)
    spreads = planner.spreads_that_find(share, ROWS, MOST)
    return {"share": share, "spreads": spreads}


def by_precision(truth: str) -> Ends:
    target = target_of(truth)
    return lambda a, b: bool(precision.reason([a, b], target))


def by_verdict(a: Medians, b: Medians) -> bool:
    """What must not be done."""
    return boots.judge(a, b).verdict in DECIDED


def alarms(
    truth: str, kind: str, ends: Ends, judge: Callable[..., Judgement]
) -> tuple[int, list[int]]:
    """Of one kernel under two names: how often they differ where the cell ended, and
    where that was."""
    rng = np.random.default_rng([8, crc32(f"{truth} {kind}".encode())])
    both = campaign(truth, kind, rng, ROUNDS, MOST, spread_of(truth))
    found, numbers = 0, []
    for base, test in zip(*both):
        first, second = list(map(float, base)), list(map(float, test))
        n = next(
            (n for n in range(boots.MIN_BOOTS, MOST) if ends(first[:n], second[:n])),
            MOST,
        )
        numbers.append(n)
        found += judge(first[:n], second[:n]).verdict in DECIDED
    return found, numbers


def above_level(found: int) -> bool:
    """Surely: a level that holds looks so once in a thousand."""
    test = sps.binomtest(found, ROUNDS, LEVEL, alternative="greater")
    return bool(test.pvalue < 0.001)


@pytest.mark.parametrize("judge", [boots.judge, pairs.judge], ids=["boots", "pairs"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("truth", TRUTHS)
def test_to_stop_by_precision_makes_no_false_alarms(
    truth: str, kind: str, judge: Callable[..., Judgement]
) -> None:
    found, numbers = alarms(truth, kind, by_precision(truth), judge)
    assert not above_level(found), f"{found} of {ROUNDS}"
    if kind == "none":
        assert len(set(numbers)) > 5  # the rule does end cells, early and late


def test_to_stop_by_the_verdict_would(capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = alarms("normal", "none", by_verdict, boots.judge)
    assert above_level(found)
    assert found > 2 * LEVEL * ROUNDS


def test_the_rule_sees_no_difference_of_sides() -> None:
    target = target_of("normal")
    rng = np.random.default_rng(9)
    for n in range(6, MOST):
        a, b = (list(MEDIAN + 40 * rng.normal(size=n)) for _ in "ab")
        twice = [2 * value for value in b]
        alike = precision.reason([a, b], target)
        assert precision.reason([a, twice], target) == alike


def test_the_least_number_and_the_largest_spread_decide() -> None:
    target = {"share": 0.02, "spreads": {"6": 0.01, "7": 0.02}}
    calm, wild = [100.0, 101, 99, 100, 101, 99, 100], [100.0, 120, 80, 100, 110, 90]
    assert precision.reason([calm, calm], target) == (
        "target met: 7 medians a side find 2 %"
    )
    assert precision.reason([calm, wild], target) == ""
    assert precision.reason([calm, calm[:5]], target) == ""
    assert precision.reason([], target) == ""
    assert precision.spread([90.0, 100.0, 110.0]) == pytest.approx(0.1)


PIPE, FUTEX = "floor.pipe@same-cpu", "floor.futex@same-cpu"
TARGET = {"share": 0.02, "spreads": {"6": 0.01}}


def run(stem: str, cycles: int | None = None) -> Run:
    name, _, rest = stem.partition("@")
    place, plus, through = rest.partition("+")
    scenario = name.replace(".", "/")
    return Run(scenario, place, through or "none", 10, cycles, 1, plus + through)


def stored(boot: Path, block: int, latencies: dict[str, int]) -> None:
    """A boot of that block, whose samples of each cell all take as long."""
    boot.mkdir(parents=True)
    for stem, each in latencies.items():
        samples = np.zeros(9, SAMPLE)
        samples["t_return_ns"] = each
        samples["outcome"][:5] = 1  # these do not count
        samples["t_return_ns"][:5] = 2**64 - 1
        np.save(boot / f"{stem}.npy", samples)
    cells = [f"{stem}.run.json" for stem in latencies]
    (boot / "boot.json").write_text(json.dumps({"block": block, "cells": cells}))


def planned(tmp_path: Path, target: object = TARGET) -> Path:
    (tmp_path / "plan.json").write_text(json.dumps({"target": target}))
    return tmp_path / "raw"


def test_a_cell_ends_and_another_goes_on(tmp_path: Path) -> None:
    raw = planned(tmp_path)
    for block in range(1, 7):
        name = "boot-1" if block == 1 else f"boot-1.{block}"
        latencies = {PIPE: 1000 + block, FUTEX: 1000 * block}
        stored(raw / "host" / name, block, latencies)
    job = Job("host", "boot-1.7", "x86_64", LOCAL, "cells", block=7)
    cells = [run(PIPE), run(FUTEX), run(PIPE, cycles=8)]
    found = precision.met(raw, job, cells)
    assert found == {PIPE: "target met: 6 medians a side find 2 %"}
    assert precision.enough(raw, job, [run(FUTEX).line]) == ""
    assert precision.enough(raw, job, [run(FUTEX).line, run(PIPE).line]) == ""
    assert precision.enough(raw, job, [run(PIPE).line]) == f"{PIPE}: {found[PIPE]}"
    sixth = Job("host", "boot-1.6", "x86_64", LOCAL, "cells", block=6)
    assert precision.met(raw, sixth, cells) == {}  # it sees what was before it
    other = Job("host", "boot-2.7", "x86_64", LOCAL, "cells", block=7)
    assert precision.met(raw, other, cells) == {}  # another boot is not like this one
    assert precision.met(planned(tmp_path, None), job, cells) == {}


def test_a_boot_leaves_out_what_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = planned(tmp_path)
    for block in range(1, 7):
        stored(raw / f"a/block-{block}", block, {PIPE: 1000, FUTEX: 1000 * block})
    job = Job("a", "block-7", "x86_64", MACHINE, "cells", block=7)
    ran: list[str] = []

    def timed(programs: Programs, cell: Run, *rest: object) -> None:
        ran.append(cell.stem)

    monkeypatch.setattr(host, "_timed", timed)
    lines = (run(PIPE).line, run(FUTEX).line)
    kernel = Running("a", ("listen",), None, ("listen",))
    place = raw / "a/block-7"
    host.measure(job, lines, kernel, Programs(tmp_path), place, Task("measure"))
    assert ran == [FUTEX]
    record = json.loads((place / "boot.json").read_text())
    assert record["stopped"] == {PIPE: "target met: 6 medians a side find 2 %"}


def test_interfaces_of_a_cell_end_together(tmp_path: Path) -> None:
    raw = planned(tmp_path)
    both = [f"trap.x@same-cpu+{name}" for name in ("listen", "async-retrap")]
    for block in range(1, 7):
        calm_and_wild = dict(zip(both, (1000, 1000 * block)))
        stored(raw / f"a/block-{block}", block, calm_and_wild)
        stored(raw / f"b/block-{block}", block, dict.fromkeys(both, 1000))
    job = Job("a", "block-7", "x86_64", MACHINE, "cells", block=7)
    assert precision.met(raw, job, map(run, both)) == {}
    for block in range(1, 7):
        record = raw / f"a/block-{block}"
        (record / "boot.json").unlink()  # and what is left of a try is nothing
        record.rename(record.with_name(f"block-{block}-1.partial"))
    assert set(precision.met(raw, job, map(run, both))) == set(both)


def test_what_a_try_left_is_not_counted(tmp_path: Path) -> None:
    raw = planned(tmp_path)
    for block in range(1, 6):
        stored(raw / f"a/block-{block}", block, {PIPE: 1000})
    stored(raw / "a/block-5-1.partial", 5, {PIPE: 1000})
    job = Job("a", "block-6", "x86_64", MACHINE, "cells", block=6)
    assert precision.met(raw, job, [run(PIPE)]) == {}


def test_the_table_says_why(maker: Maker) -> None:
    maker.record = {"stopped": {PIPE: "target met: 6 medians a side find 2 %"}}
    text = table.tables(load(maker.write()))
    assert "stopped: target met: 6 medians a side find 2 % (floor.pipe@same-cpu" in text


@pytest.mark.parametrize("word", ["2", "0%", "100%", "-1%"])
def test_a_target_is_a_percentage(tmp_path: Path, word: str) -> None:
    path = tmp_path / "x.toml"
    text = 'scenarios = ["floor/pipe"]\ntarget = "{}"\n[host]\nsamples = 10\n'
    path.write_text(text.format("2.5%"))
    assert load_experiment(path).target == 0.025
    path.write_text(text.format(word))
    with pytest.raises(RetrapError) as raised:
        load_experiment(path)
    assert (
        raised.value.exit_code == EXIT_CONFIG and ":2: target" in raised.value.message
    )


def test_spreads_are_those_that_the_planner_finds() -> None:
    found = planner.spreads_that_find(0.02, ROWS, MOST)
    assert min(map(int, found)) == planner.attainable(ROWS)
    assert max(map(int, found)) == MOST - 1
    limits = list(found.values())
    assert limits == sorted(limits)  # of more boots each may vary more
    one = planner.Spread(("", ""), found["10"], 0.0, 9, 0)
    assert one.finds(10, LEVEL / ROWS) == pytest.approx(0.02)
