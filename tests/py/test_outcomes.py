# SPDX-License-Identifier: GPL-2.0-only
"""p99 and the share of the upper mode: judged as medians are, and beside them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import truths
from conftest import Maker
from test_family import retrap

from retrap.analysis import boots, family, modes, verdict, written
from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import BOOT, PROCESS, Comparison
from retrap.analysis.outcomes import further
from retrap.analysis.side import Side
from retrap.report import table
from retrap.report.html import page
from retrap.results import stats
from retrap.results.store import load

FLOOR, TAIL, MODES = "floor/futex", "trap/trigger:interrupt", "retrap/trigger:sigcont"
Floats = npt.NDArray[np.float64]


def made(maker: Maker, samples: int = 400, floor: float = 0.0) -> Path:
    """Eight boots; async-retrap has a longer tail in one path, at same-cpu, and more
    samples in the upper mode of another. Its floor's tail is longer by `floor`."""
    maker.substrates, maker.samples, maker.boots = ("vm",), samples, 8
    maker.scenarios = (FLOOR, TAIL, MODES)
    maker.variants = ("mainline", "async-retrap")
    path = maker.write()
    rng = np.random.default_rng(6)
    for boot in sorted(path.glob("raw/*/*")):
        other = boot.parent.name != "mainline"
        for file in sorted(boot.glob("*.npy")):
            values = 5000 * (1 + 0.005 * rng.normal() + 0.02 * rng.normal(size=samples))
            chance = rng.random(samples)
            if file.name.startswith("retrap"):
                values[chance < (0.5 if other else 0.3)] *= 1.5
            elif file.name == "trap.trigger-interrupt@same-cpu.npy" and other:
                values[chance < 0.04] += 4000
            elif file.name.startswith("floor") and other and floor:
                values[chance < 0.04] += floor
            found = np.load(file)
            found["t_return_ns"] = found["t_trigger_ns"] + values.astype(np.uint64)
            np.save(file, found)
    return path


def by_name(path: Path, name: str) -> dict[tuple[str, str], Comparison]:
    return {r.where: r for r in further(load(path)) if r.statistic.name == name}


def test_a_longer_tail_is_found_by_p99_alone(maker: Maker) -> None:
    path = made(maker)
    found = by_name(path, "p99")
    assert len(found) == 6
    row = found[TAIL, "same-cpu"]
    assert row.verdict == verdict.MORE and 3000 < (row.judgement.estimate or 0) < 5000
    assert found[TAIL, "cross-cpu"].verdict != verdict.MORE
    (median,) = [r for r in comparisons(load(path)) if r.where == (TAIL, "same-cpu")]
    assert median.verdict != verdict.MORE
    side = row.sides[1]
    assert side
    assert list(row.values(side)) == list(p99_of(side))
    assert row.levels[1] == np.median(p99_of(side))


def test_other_statistics_take_nothing_from_the_medians(maker: Maker) -> None:
    """Holm counts each among the rows of its own."""
    results = load(made(maker))
    for rows in (comparisons(results), tuple(by_name(results.path, "p99").values())):
        for name in (family.PATHS, family.FLOORS):
            mine = [row.judgement for row in rows if row.family == name]
            alone = [got.p_value for got in mine if got.p_value is not None]
            assert family.holm(alone) == [got.p_holm for got in mine]
            assert len(alone) == (4 if name == family.PATHS else 2)


def test_few_samples_have_no_p99_and_the_table_says_so(maker: Maker) -> None:
    path = made(maker, samples=stats.P99_FROM - 1)
    assert not by_name(path, "p99")
    told = " ".join(table.render(path).split())
    assert "no row of p99: a boot has fewer than 368 samples" in told
    assert "99th percentiles, boot" not in told


def test_one_boot_with_few_takes_p99_from_its_cell(maker: Maker) -> None:
    path = made(maker)
    file = path / "raw/async-retrap/vm-x86_64-3/trap.trigger-interrupt@same-cpu.npy"
    samples = np.load(file)
    samples["outcome"][:40] = 4
    samples["t_return_ns"][:40] = 2**64 - 1
    np.save(file, samples)
    run = file.with_suffix(".run.json")
    run.write_text(json.dumps({**json.loads(run.read_text()), "samples_failed": 40}))
    found = by_name(path, "p99")
    assert (TAIL, "same-cpu") not in found and len(found) == 5


def test_the_share_of_the_upper_mode_is_an_outcome(maker: Maker) -> None:
    path = made(maker)
    found = by_name(path, "upper mode")
    assert {where for where, _ in found} == {MODES} and len(found) == 2
    for row in found.values():
        assert row.verdict == verdict.MORE and row.change.endswith("pp")
        assert 0.15 < (row.judgement.estimate or 0) < 0.25
        split = row.statistic.split
        assert split and 5600 < split < 7000
        for side in row.sides:
            assert side
            shares = [float((cell.latencies >= split).mean()) for cell in side.cells]
            assert list(row.values(side)) == shares


def test_the_margin_of_a_share_is_a_point(maker: Maker) -> None:
    """Not a share of the share, which may be small."""
    shares = [0.05 + 0.001 * n for n in range(8)]
    assert boots.judge(shares, shares, 0.01, 1.0).verdict == verdict.SAME
    assert boots.judge(shares, shares, 0.01).verdict == verdict.UNDECIDED


@pytest.mark.parametrize("truth", truths.TRUTHS)
@pytest.mark.parametrize("size", [100, 1000])
def test_there_are_two_modes_where_there_are(
    truth: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where boots differ, tails are long, samples depend or the clock is coarse."""
    drawn: list[Floats] = []

    def kept(boot: Floats, samples: Floats) -> Floats:
        drawn.append(truths.MEDIAN + boot[..., None] + samples)
        return boot

    monkeypatch.setattr(truths, "_boots", kept)
    monkeypatch.setattr(truths, "SAMPLES", size)
    tick = truths.TICKS.get(truth, 1)
    for seed in range(10):
        truths.TRUTHS[truth](np.random.default_rng(seed), (1, 8))
        found = two_modes([np.round(drawn[-1][0] / tick) * tick])
        assert found is (truth == "two modes")


@pytest.mark.parametrize("tick", [1, 4, 40])
def test_ticks_of_a_coarse_clock_are_no_modes(tick: int) -> None:
    rng = np.random.default_rng(2)
    for median in (52, 500, 1000):
        values = median * np.exp(0.05 * rng.normal(size=(8, 1000)))
        assert not two_modes([np.round(values / tick) * tick])


def test_two_kernels_of_one_mode_each_have_no_two(maker: Maker) -> None:
    rng = np.random.default_rng(3)
    one = 5000 * np.exp(0.05 * rng.normal(size=(8, 300)))
    assert not two_modes([one, 1.5 * one])
    upper = np.where(rng.random(one.shape) < 0.3, 1.5 * one, one)
    assert two_modes([one, upper])  # and here one of them has
    late = rng.random(one.shape) < 0.03
    assert not two_modes([np.where(late, 20 * one, one)])  # a few outliers
    assert two_modes([np.where(late, 20 * one, upper)])  # which do not hide any


def test_a_valley_is_deep() -> None:
    """Of what lies evenly a third is missing in the middle, surely, and less than half;
    where three quarters are missing there are two modes."""
    rng = np.random.default_rng(4)
    even = rng.uniform(0, 1, size=(8, 4000))
    for missing, expected in ((0.35, False), (0.75, True)):
        kept = [
            boot[(abs(boot - 0.5) > 0.1) | (rng.random(boot.size) > missing)]
            for boot in even
        ]
        assert two_modes([5000 * 2 ** np.stack([boot[:3000] for boot in kept])]) is (
            expected
        )


def test_boots_that_have_one_of_two_modes_each_differ_as_boots() -> None:
    """One that has both does not make it otherwise; most do."""
    rng = np.random.default_rng(5)
    low = 5000 * np.exp(0.03 * rng.normal(size=(8, 300)))
    upper = np.arange(8)[:, None] % 2 + np.zeros(low.shape)
    upper[:1] = rng.random(low.shape[1]) < 0.5
    assert not two_modes([low * (1 + 0.5 * upper)])
    upper[:5] = rng.random((5, low.shape[1])) < 0.5
    assert two_modes([low * (1 + 0.5 * upper)])


def two_modes(sides: list[Floats]) -> bool:
    """Of one row of samples a boot."""
    counted = [
        [stats.bins(np.maximum(boot, 1).astype(np.int64)) for boot in side]
        for side in sides
    ]
    return modes.found(counted) is not None


def test_a_floor_voids_by_what_it_moves_by(maker: Maker) -> None:
    """By p99 the rows of p99; and by its median the rows of all."""
    path = made(maker, floor=4000)
    results = load(path)
    for row in further(results):
        floor, p99 = row.scenario == FLOOR, row.statistic.name == "p99"
        assert (row.verdict == verdict.VOID) is (p99 and not floor)
        if row.verdict == verdict.VOID:
            assert row.warnings[0].startswith("void: of async-retrap, p99 of floor/")
    assert not any(row.verdict == verdict.VOID for row in comparisons(results))
    for file in path.glob("raw/async-retrap/*/floor*.npy"):
        found = np.load(file)
        spans = 2 * (found["t_return_ns"] - found["t_trigger_ns"])
        found["t_return_ns"] = found["t_trigger_ns"] + spans
        np.save(file, found)
    rows = further(load(path))
    paths = [row for row in rows if row.scenario != FLOOR]
    assert {row.statistic.name for row in paths} == {"p99", "upper mode"}
    assert {row.verdict for row in paths} == {verdict.VOID}


def test_they_stand_everywhere_but_on_the_last_screen(maker: Maker) -> None:
    path = made(maker)
    shown = retrap("compare", path).stdout
    full = retrap("compare", path, "--full").stdout
    assert "99th percentiles" not in shown and "Two modes" not in shown
    assert "pp" not in shown and "pp" not in retrap("lkml", path).stdout
    assert "99th percentiles, boot against boot [vm x86_64]" in full
    assert f"{MODES} same-cpu, from " in full
    with (path / "comparison.csv").open() as file:
        stored = list(csv.DictReader(file))
    count = {name: 0 for name in ("median", "p99", "upper mode")}
    for row in stored:
        count[row["statistic"]] += 1
        share = row["statistic"] == "upper mode"
        assert row["unit"] == ("of the samples" if share else "ns")
        assert (row["split"] != "") is share
    assert count == {"median": 6, "p99": 6, "upper mode": 2}
    printed = json.loads(retrap("compare", path, "--json").stdout)
    rows = printed["compared"][0]["rows"]
    assert [r["statistic"] for r in rows] == [r["statistic"] for r in stored]
    html = page.render(load(path))
    assert html.count('data-statistic="upper mode"') == 2
    assert 'data-statistic="p99"' in html and "% of the samples" in html


def test_what_is_dearer_is_so_by_its_median(maker: Maker) -> None:
    path = made(maker)
    asked = retrap("compare", path, "--fail-if-dearer", "1%")
    assert asked.stderr.count(f"dearer: {MODES}") == 2 == asked.stderr.count("dearer")


@pytest.mark.parametrize("facts", [{}, {"boot_id": "one boot"}])
def test_interfaces_are_held_against_each_other_by_them(
    maker: Maker, facts: dict[str, str]
) -> None:
    """Within boots, by one difference of p99 each; of one boot a round."""
    maker.facts = facts
    maker.substrates, maker.boots, maker.samples = ("vm",), 8, 400
    maker.variants, maker.scenarios = ("combined",), (MODES,)
    path = maker.write()
    results = load(path)
    rows = [row for row in further(results) if row.within]
    assert {row.statistic.name for row in rows} == {"p99"} and len(rows) == 4
    for row in rows:
        base, test = (side for side in row.sides if side)
        assert row.unit == (PROCESS if facts else BOOT)
        differences = np.subtract(*(p99_of(side) for side in (test, base)))
        first, second = np.triu_indices(8)
        walsh = (differences[first] + differences[second]) / 2
        assert row.judgement.estimate == np.median(walsh)
    written.write(results)
    assert (path / written.WITHIN).read_text().count(",p99,") == 4
    (told,) = table.render(path).split("p99 in nanoseconds, within boots, against ")[1:]
    assert told.startswith("combined/listen [vm x86_64]")
    assert f"please-notify {'8p' if facts else '8'} " in " ".join(told.split())


def p99_of(side: Side) -> Floats:
    """By hand: of 400 samples the 396th."""
    return np.array([np.sort(cell.latencies)[395] for cell in side.cells], float)


def test_a_boot_of_several_rounds_is_one_observation(maker: Maker) -> None:
    """Its p99 is the one in the middle."""
    path = made(maker)
    for file in path.glob("raw/*/*/env-before.json"):
        record = json.loads(file.read_text())
        number = int(file.parent.name.rpartition("-")[2])
        record["facts"]["boot_id"] = f"{file.parent.parent.name} {(number + 1) // 2}"
        file.write_text(json.dumps(record))
    row = by_name(path, "p99")[TAIL, "same-cpu"]
    side = row.sides[1]
    assert side and side.boots == 4 and len(side.cells) == 8
    assert list(row.values(side)) == list(p99_of(side).reshape(4, 2).mean(axis=1))
    assert row.verdict == verdict.UNDECIDED  # of four boots, however many rounds


def test_exact_has_medians_alone(whole: Path) -> None:
    """Though each of its boots has samples enough."""
    assert {row.machine.exact for row in further(load(whole))} == {False}
