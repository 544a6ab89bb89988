# SPDX-License-Identifier: GPL-2.0-only
"""Rounds of one boot, and one scenario against another: what a process may stand for,
and what it may not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import Maker
from scipy import stats as sps

from retrap.analysis import rounds
from retrap.analysis.comparison import BOOT, PROCESS, Comparison
from retrap.base.errors import EXIT_CONFIG, EXIT_DEARER, EXIT_REFUSED
from retrap.base.errors import EXIT_RESULTS, EXIT_USAGE
from retrap.base.paths import ROOT
from retrap.config.experiments import load_experiment
from retrap.analysis.side import Side

FIRST, SECOND = "trap/trigger:interrupt", "retrap/trigger:sigcont"
BOTH = f"{FIRST},{SECOND}"
ONE_BOOT = {"boot_id": "7bdcba8f-0000-4000-8000-000000000000"}


def retrap(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True)


def made(
    maker: Maker, by: float, number: int = 8, one_boot: bool = True, spread: float = 20
) -> Path:
    """Rounds of mainline in which SECOND is dearer by `by` ns than FIRST, give or take
    `spread` a process; each round has a level of its own."""
    maker.substrates, maker.boots, maker.samples = ("vm",), number, 100
    maker.scenarios, maker.placements = (FIRST, SECOND), ("same-cpu",)
    maker.variants = ("mainline",)
    maker.facts = ONE_BOOT if one_boot else {}
    path, rng = maker.write(), np.random.default_rng(5)
    for place in sorted((path / "raw").glob("*/vm-*")):
        level = 5000 + 300 * rng.normal()
        for file in sorted(place.glob("*@*.npy")):
            samples = np.load(file)
            value = level + by * file.name.startswith("retrap") + spread * rng.normal()
            spans = value + 10 * rng.normal(size=samples.size)
            samples["t_return_ns"] = samples["t_trigger_ns"] + spans.astype(np.uint64)
            np.save(file, samples)
    return path


def compared(path: Path) -> dict[str, object]:
    done = retrap("compare", path, "--scenarios", BOTH, "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["compared"][0]["rows"]
    assert isinstance(row, dict)
    return row


@pytest.mark.parametrize(
    ("by", "said"), [(100.0, "more"), (-100.0, "fewer"), (0.0, "same")]
)
def test_what_is_planted_between_scenarios_is_found(
    maker: Maker, by: float, said: str
) -> None:
    row = compared(made(maker, by))
    assert (row["verdict"], row["units"]) == (said, PROCESS)
    names = (row["side"], row["base"], row["test"], row["scenario"])
    assert names == ("mainline", FIRST, SECOND, SECOND) and row["decided_by"] == ""
    low, high = row["low"], row["high"]
    assert isinstance(low, float) and isinstance(high, float) and low < by < high
    assert "8 pairs of processes of one boot stand for boots" in str(row["warnings"])


def test_boots_are_the_units_where_there_are_boots(maker: Maker) -> None:
    row = compared(made(maker, 100, one_boot=False))
    assert (row["verdict"], row["units"], row["warnings"]) == ("more", BOOT, [])


def test_two_kernels_are_not_compared_by_the_rounds_of_a_boot_each(
    maker: Maker,
) -> None:
    """A process is no boot: what the two boots differ by would be taken for what the
    kernels do."""
    maker.substrates, maker.boots = ("vm",), 8
    maker.scenarios, maker.variants = (FIRST,), ("mainline", "please-notify")
    path = maker.write()
    for file in path.glob("raw/*/*/env-before.json"):
        record = json.loads(file.read_text())
        record["facts"]["boot_id"] = f"boot of {file.parent.parent.name}"
        file.write_text(json.dumps(record))
    done = retrap("compare", path, "--json")
    rows = json.loads(done.stdout)["compared"][0]["rows"]
    assert {row["verdict"] for row in rows} == {"undecided"}
    assert {(row["base_boots"], row["test_boots"]) for row in rows} == {(1, 1)}
    assert "Boots: mainline 1, please-notify 1." in retrap("compare", path).stdout


def test_the_table_says_what_its_units_are(maker: Maker) -> None:
    done = retrap("compare", made(maker, 100), "--scenarios", BOTH)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 72
    (row,) = [line for line in lines if line.startswith("  mainline")]
    assert "8p" in row.split() and "+1.9%" in row.split()


def test_a_script_can_ask(maker: Maker) -> None:
    path = made(maker, 100)
    words = ("compare", path, "--scenarios", BOTH, "--fail-if-dearer")
    assert retrap(*words, "1%").returncode == EXIT_DEARER
    assert retrap(*words, "3%").returncode == 0


def test_nonsense_is_refused(maker: Maker) -> None:
    path = made(maker, 0)
    for words, code in (
        (("--scenarios", FIRST), EXIT_USAGE),
        (("--scenarios", "a,b,c"), EXIT_USAGE),
        ((path, "--scenarios", BOTH), EXIT_USAGE),
        (("--scenarios", "no/such,nor/this"), EXIT_REFUSED),
    ):
        done = retrap("compare", path, *words)
        assert done.returncode == code and "Traceback" not in done.stderr
    one = retrap("compare", path, "--scenarios", f"{FIRST},no/such")
    assert one.returncode == 0 and "n.a." in one.stdout


def test_a_plan_finds_what_it_says(maker: Maker) -> None:
    """In four of five repetitions, of pairs whose spread is the upper limit."""
    one = rounds.Pairs(_row(), 0.01, 10)
    n = one.rounds(0.008, rows=2)
    assert n is not None and n > rounds.attainable(2)
    rng, found = np.random.default_rng(3), 0
    for _ in range(600):
        differences = 0.008 + one.upper * rng.normal(size=n)
        found += sps.wilcoxon(differences).pvalue <= 0.05 / 2
    assert 0.74 <= found / 600 <= 0.9


def _row() -> Comparison:
    from retrap.analysis.verdict import Judgement
    from retrap.machine.machine import machine

    none: tuple[Side | None, Side | None] = (None, None)
    where = ("b", "same-cpu")
    vm = machine("vm", "x86_64")
    return Comparison(vm, where, "a", "b", none, Judgement("undecided"), ())


def test_holm_takes_as_many_rounds_as_the_least_p_allows() -> None:
    for rows, n in ((1, 8), (6, 8), (7, 9), (20, 10)):
        assert rounds.attainable(rows) == n


def test_a_plan_of_rounds(maker: Maker, tmp_path: Path) -> None:
    path = made(maker, 0)
    words = ("plan", "--scenarios", BOTH, "--from", path, "--detect")
    found = json.loads(retrap(*words, "1%", "--json").stdout)
    (cell,) = found["cells"]
    assert cell["pairs"] == 8 and cell["spread"] == pytest.approx(0.0057, rel=0.5)
    assert found["rounds"] == cell["rounds"] >= 8 and found["duration_s"] is None
    told = retrap(*words, "1%").stdout
    assert f"[host] rounds = {found['rounds']}" in told
    assert max(map(len, told.replace(str(path), "").splitlines())) <= 80
    assert ">1000" in retrap(*words, "0.01%").stdout
    few = retrap("plan", "--scenarios", "a,b", "--from", path)
    assert few.returncode == EXIT_RESULTS and "measure a pilot" in few.stderr


def test_rounds_of_an_experiment(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = 'variants = []\nplacements = ["same-cpu"]\nscenarios = ["floor/pipe"]\n'
    file.write_text(f"{text}seed = 1\n[host]\nsamples = 20\nrounds = 7\n")
    assert load_experiment(file).rounds == 7
    assert "7 rounds of 1 x 20 samples" in retrap("run", file, "--dry-run").stdout
    file.write_text(f"{text}seed = 1\n[host]\nsamples = 20\nrounds = 0\n")
    done = retrap("run", file)
    assert done.returncode == EXIT_CONFIG and "rounds" in done.stderr
