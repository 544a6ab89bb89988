# SPDX-License-Identifier: GPL-2.0-only
"""Rows over boots are decided together: by Holm, with floors and A/A as controls."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import Maker
from scipy import stats as sps

from retrap.analysis import again, boots, family, verdict
from retrap.analysis.compare import comparisons
from retrap.base.errors import EXIT_DEARER, EXIT_OK, EXIT_USAGE
from retrap.base.paths import ROOT
from retrap.results.store import load

SCENARIOS = ("floor/futex", "trap/trigger:interrupt", "retrap/trigger:sigcont")
SIGCONT = "retrap/trigger:sigcont"
Row = dict[str, str]


def plant(
    path: Path, shares: dict[tuple[str, str], float], spread: float = 0.01
) -> None:
    """Each boot of a kernel at 5000 ns, times what is planted for (kernel, scenario),
    give or take `spread` from boot to boot."""
    rng = np.random.default_rng(5)
    for boot in sorted((path / "raw").glob("*/*")):
        for file in sorted(boot.glob("*.npy")):
            scenario = file.name.partition("@")[0].replace(".", "/").replace("-", ":")
            by = shares.get((boot.parent.name, scenario), 0.0)
            value = 5000 * (1 + by + spread * rng.normal())
            samples = np.load(file)
            spans = value + 20 * rng.normal(size=samples.size)
            samples["t_return_ns"] = samples["t_trigger_ns"] + spans.astype(np.uint64)
            np.save(file, samples)


def made(
    maker: Maker, shares: dict[tuple[str, str], float], boots: int = 8, **more: float
) -> Path:
    maker.substrates, maker.scenarios, maker.samples = ("vm",), SCENARIOS, 60
    maker.variants, maker.boots = ("mainline", "async-retrap"), boots
    path = maker.write()
    plant(path, shares, **more)
    return path


def twice(path: Path, by: float = 0.0) -> None:
    """Every second boot of the baseline becomes the one before it, again."""
    kept = sorted((path / "raw/mainline").iterdir())
    for number, boot in enumerate(kept):
        name = f"block-{number // 2 + 1}{'-again' if number % 2 else ''}"
        record = json.loads((boot / "boot.json").read_text())
        (boot / "boot.json").write_text(json.dumps({**record, "boot": name}))
        for file in boot.glob("*.npy") if number % 2 else ():
            samples = np.load(file)
            spans = samples["t_return_ns"] - samples["t_trigger_ns"]
            later = (spans * (1 + by)).astype(np.uint64)
            samples["t_return_ns"] = samples["t_trigger_ns"] + later
            np.save(file, samples)
        boot.rename(boot.with_name(name))


def retrap(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True)


def rows(path: Path) -> list[Row]:
    assert retrap("compare", path).returncode == 0
    with (path / "comparison.csv").open() as file:
        return list(csv.DictReader(file))


def test_holm_is_that_of_the_paper() -> None:
    """The example of Holm (1979), as R's p.adjust() has it."""
    p_values = [0.01, 0.02, 0.03, 0.04, 0.05]
    assert family.holm(p_values) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert family.holm(p_values[::-1])[::-1] == family.holm(p_values)
    assert family.holm([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    assert family.holm([]) == []


def test_a_change_is_found_among_the_others(maker: Maker) -> None:
    path = made(maker, {("async-retrap", SIGCONT): 0.1})
    found = {(r["scenario"], r["placement"]): r for r in rows(path)}
    for place in ("same-cpu", "cross-cpu"):
        row = found[SIGCONT, place]
        assert (row["family"], row["verdict"]) == ("paths", "more")
        assert float(row["p_value"]) < float(row["p_holm"]) <= boots.ALPHA
        other = found["floor/futex", place]
        assert other["family"] == "floors" and other["verdict"] != "more"
    assert not any(r["family"] == "again" for r in found.values())


def test_what_is_decided_alone_may_not_be_among_others(maker: Maker) -> None:
    """Five boots' worth of a change in one row of twelve."""
    path = made(maker, {("async-retrap", SIGCONT): 0.012})
    results = load(path)
    told = [
        row for row in comparisons(results) if "alone it is more" in str(row.warnings)
    ]
    assert told
    for row in told:
        got = row.judgement
        assert got.verdict == verdict.UNDECIDED and row.decided_by
        assert got.p_value is not None and got.p_holm is not None
        assert got.p_value <= boots.ALPHA < got.p_holm
        assert got.low is not None and got.low > 0


def test_a_floor_that_moves_voids_the_paths_of_its_kernel_alone(maker: Maker) -> None:
    maker.plan = {}
    shares = {("async-retrap", "floor/futex"): 0.2, ("async-retrap", SIGCONT): 0.2}
    path = made(maker, shares)
    found = comparisons(load(path))
    for row in found:
        floor = row.scenario == "floor/futex"
        assert (row.verdict == verdict.VOID) is not floor
        assert row.decided is floor
        if not floor:
            assert row.warnings[0].startswith("void: of async-retrap, floor/futex ")
            assert row.judgement.estimate is not None and row.change == "void"
    text = retrap("compare", path).stdout
    assert "! VOID: of async-retrap" in text and "more with async-retrap" not in text
    mail = retrap("lkml", path).stdout
    assert "void" in mail and "Floors, which hold" not in mail  # VOID has said it


def test_a_floor_that_moves_by_less_than_the_margin_voids_nothing(maker: Maker) -> None:
    path = made(maker, {("async-retrap", "floor/futex"): 0.004}, spread=0.0005)
    found = comparisons(load(path))
    floors = [row for row in found if row.scenario == "floor/futex"]
    assert floors and all(row.decided for row in floors)
    assert not any(row.verdict == verdict.VOID for row in found)


def test_the_baseline_twice_is_pooled_where_it_is_the_same(maker: Maker) -> None:
    path = made(maker, {}, spread=0.002, boots=16)
    twice(path)
    results = load(path)
    pairs = again.rows(results)
    assert len(pairs) == 6 and {row.verdict for row in pairs} == {verdict.SAME}
    assert {row.test for row in pairs} == {"mainline again"}
    assert {row.sides[0].boots for row in comparisons(results) if row.sides[0]} == {16}
    assert {r["family"] for r in rows(path)} == {"paths", "floors", "again"}
    assert (
        "A/A, mainline against itself: same in 6 of 6" in retrap("compare", path).stdout
    )


def test_where_it_is_not_the_first_of_each_block_is_the_base(maker: Maker) -> None:
    path = made(maker, {}, spread=0.05)
    twice(path)
    found = comparisons(load(path))
    assert {row.sides[0].boots for row in found if row.sides[0]} == {4}
    assert all(again.NOT_POOLED in row.warnings for row in found)
    text = retrap("compare", path, "--full").stdout
    assert text.count("  mainline             4 ") == 6  # beside its own change
    assert text.count("  again                4 ") == 6
    (one,) = [row for row in found if row.where == (SIGCONT, "same-cpu")]
    assert one.sides[0] and one.sides[0].median
    (line,) = [
        line
        for line in retrap("lkml", path).stdout.splitlines()
        if line.startswith("  same-cpu async-retrap")
    ]
    assert f" {one.sides[0].median:.0f} " in line


def test_a_baseline_that_differs_from_itself_is_told(maker: Maker) -> None:
    path = made(maker, {}, spread=0.001)
    for boot in sorted((path / "raw/mainline").iterdir()):
        twin = boot.with_name(f"{boot.name}x")
        subprocess.run(["cp", "-r", str(boot), str(twin)], check=True)
    twice(path, by=0.3)
    found = comparisons(load(path))
    assert found and all(again.MOVED in row.warnings for row in found)


def test_what_is_detectable_is_that_of_the_formula(maker: Maker) -> None:
    """evidence.md: 1.84 deviations at six boots, 1.36 at ten, 0.93 at twenty."""
    rng = np.random.default_rng(1)
    for n, factor in ((6, 1.84), (10, 1.36), (20, 0.93)):
        base, test = (list(sps.zscore(rng.normal(size=n))) for _ in range(2))
        spread = np.sqrt(n / (n - 1))  # zscore() divides by n
        found = boots.detectable(base, test, boots.ALPHA)
        assert found == pytest.approx(factor * spread, abs=0.011)
    assert boots.detectable([1.0] * 5, [2.0] * 9, 0.05) is None


def test_a_script_learns_what_is_dearer(maker: Maker) -> None:
    path = made(maker, {("async-retrap", SIGCONT): 0.1})
    for limit, status in (("3%", EXIT_DEARER), ("3", EXIT_DEARER), ("20%", EXIT_OK)):
        done = retrap("compare", path, "--fail-if-dearer", limit)
        assert done.returncode == status, done.stderr
    done = retrap("compare", path, "--fail-if-dearer", "3%", "--json")
    assert f"dearer: {SIGCONT} same-cpu [vm x86_64]: async-retrap: +" in done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "retrap.comparison/1"
    (one,) = document["compared"]
    assert one["b"] is None and len(one["rows"]) == 6
    assert {row["verdict"] for row in one["rows"]} >= {"more"}


def test_two_others_are_held_against_the_first(maker: Maker, tmp_path: Path) -> None:
    path = made(maker, {})
    other = tmp_path / "other"
    subprocess.run(["cp", "-r", str(path), str(other)], check=True)
    done = retrap("compare", path, other, path, "--json", "--fail-if-dearer", "1%")
    assert done.returncode == EXIT_OK, done.stderr
    found = json.loads(done.stdout)["compared"]
    assert [Path(each["b"]).name for each in found] == ["other", path.name]
    assert retrap("compare", *[path] * 4).returncode == EXIT_USAGE
    assert "B: " in retrap("compare", path, other, path).stdout


def test_the_margin_is_what_counts_as_the_same(maker: Maker) -> None:
    """And another one than the stored is printed alone."""
    path = made(maker, {}, spread=0.01)
    before = rows(path)
    wide = retrap("compare", path, "--margin", "20%", "--json")
    found = json.loads(wide.stdout)["compared"][0]["rows"]
    assert {row["verdict"] for row in found} == {"same"}
    assert {row["verdict"] for row in before} != {"same"}
    with (path / "comparison.csv").open() as file:
        assert list(csv.DictReader(file)) == before
    for word in ("x", "-1", "1e9", "nan"):
        done = retrap("compare", path, f"--margin={word}")
        assert done.returncode == EXIT_USAGE and "is no percentage" in done.stderr
