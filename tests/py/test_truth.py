# SPDX-License-Identifier: GPL-2.0-only
"""The truth table: changes of known size, planted on real samples, in every cell.

Of each kernel of the reference run the first half of a cell's samples is the
baseline and the second half, moved by what is planted, the other side: they lie at
other phases, in other shares of the classes, and differ by nothing else. Read from
what is printed, no verdict may be wrong and nine tenths must be decided.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import profiled
import pytest
from conftest import long_mail

from retrap.analysis import written
from retrap.analysis.compare import comparisons
from retrap.profile import difference, report
from retrap.profile.summary import ALL
from retrap.report import before_after, table
from retrap.results.store import Results, load

REFERENCE = Path(__file__).resolve().parents[2] / "results/reference/quick"
BOOT = "exact-x86_64-1"
# Off the path, a few instructions, the distances of classes, a system call.
PLANTED = (0, 1, -2, 9, 17, -17, 61, -61, 100, 117, 147, 428)


def name_of(change: int) -> str:
    return f"by{change:+d}" if change else "off-path"


def copy(kernel: str, into: Path, variant: str, part: slice, change: int) -> None:
    """A boot of the reference as one of `variant`: a part of its samples, moved."""
    boot = into / "raw" / variant / BOOT
    shutil.copytree(REFERENCE / "raw" / kernel / BOOT, boot)
    for file in boot.glob("*.npy"):
        samples = np.load(file)[part]
        samples["t_return_ns"] += np.uint64(change % 2**64)
        np.save(file, samples)
        path = boot / f"{file.stem}.run.json"
        run = json.loads(path.read_text())
        run.update(variant=variant, samples_taken=len(samples))
        run.update(samples_requested=len(samples))
        path.write_text(json.dumps(run))
    record = json.loads((boot / "boot.json").read_text())
    record.pop("sha256", None)
    (boot / "boot.json").write_text(json.dumps({**record, "variant": variant}))


def planted(kernel: str, into: Path) -> Path:
    """mainline: the first half; a variant a change: the second half."""
    names = ["mainline", *map(name_of, PLANTED)]
    plan = json.loads((REFERENCE / "plan.json").read_text())
    first = plan["variants"][0]
    plan["variants"] = [{**first, "name": name} for name in names]
    into.mkdir()
    (into / "plan.json").write_text(json.dumps(plan))
    copy(kernel, into, "mainline", slice(0, 500), 0)
    for change in PLANTED:
        copy(kernel, into, name_of(change), slice(500, 1000), change)
    return into


def truth(change: int, said: str) -> str:
    """Of what a column says: `right`, `undecided`, `wrong`."""
    if said.startswith("~"):
        return "undecided"
    right = f"{change:+d}" if change else "same"
    return "right" if said == right else f"wrong: {said} for {right}"


def columns(text: str) -> list[tuple[int, str]]:
    """(planted, what the column `change` says) of each row of the long table."""
    begin = text.index("Guest instructions from trigger")
    text = text[begin : text.index("Within a sample", begin)]
    found = re.findall(
        r"^  (off-path|by\S+) +\d+ +\S+ +(\S+) +(?:\d+% +)?\d+ +", text, re.M
    )
    return [(0 if n == "off-path" else int(n[2:]), said) for n, said in found]


def judged(said: list[tuple[int, str]]) -> Counter[str]:
    """None wrong; of the planted ones nine tenths decided."""
    got = Counter(truth(*each) for each in said)
    assert not [key for key in got if key.startswith("wrong")], got
    changed = Counter(truth(*each) for each in said if each[0])
    assert changed["right"] >= 0.9 * changed.total(), got
    return got


@pytest.fixture(
    scope="module", params=["mainline", "listen-republish", "please-notify"]
)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return planted(request.param, tmp_path_factory.mktemp("truth") / "quick")


@pytest.fixture(scope="module")
def results(made: Path) -> Results:
    return load(made)


def test_the_table(results: Results) -> None:
    said = columns(table.tables(results))
    assert len(said) == len(comparisons(results)) >= 14 * len(PLANTED)
    judged(said)


def test_the_mail(results: Results) -> None:
    """Its table is that one; its sentences count the same verdicts."""
    text = long_mail(results)
    said = columns(text)
    judged(said)
    flat = " ".join(text.split())
    rows = [row for row in comparisons(results) if row.scenario not in results.floors]
    for change in PLANTED:
        sign = "more" if change > 0 else "fewer"
        mine = [row for row in rows if row.test == name_of(change)]
        (told,) = re.findall(
            rf"\* {re.escape(name_of(change))}: (.*?) of \d+ cells", flat
        )
        decided = sum(row.decided for row in mine)
        if change and decided:
            assert f"{sign} in {decided} ({change:+d})" in told
        else:
            assert "more" not in told and "fewer" not in told


def test_the_csv(made: Path) -> None:
    written.write(load(made))
    with open(made / "comparison.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change = 0 if row["test"] == "off-path" else int(row["test"][2:])
        sign = "more" if change > 0 else "fewer" if change else "same"
        assert row["verdict"] in (sign, "undecided"), row
        if row["verdict"] == "undecided":
            assert row["decided_by"].startswith(f"./retrap profile {row['scenario']} ")
        else:
            assert row["estimate"] == str(change)
            assert int(row["low"]) <= change <= int(row["high"])


def test_two_directories(tmp_path: Path) -> None:
    """The same variant in both, so that B less A is what is planted."""
    plan = (REFERENCE / "plan.json").read_text()
    kernels = ("mainline", "async-retrap")
    a = tmp_path / "a"
    boots = [REFERENCE / "raw" / kernel / BOOT for kernel in kernels]
    cells = sum(len(list(boot.glob("*.npy"))) for boot in boots)
    for change in PLANTED:
        b = tmp_path / name_of(change)
        for path, part, moved in ((a, slice(0, 500), 0), (b, slice(500, 1000), change)):
            if not path.exists():
                path.mkdir()
                (path / "plan.json").write_text(plan)
                for kernel in kernels:
                    copy(kernel, path, kernel, part, moved)
        text = before_after.render(before_after.compared(a, b))
        rows = re.findall(r"^  (?:mainline|async-retrap) .* (\S+)$", text, re.M)
        assert len(rows) == cells
        judged([(change, said) for said in rows])
    text = before_after.render(before_after.compared(a, a))
    assert f"B less A: same in {cells} of {cells} cells." in text


def test_the_profile(results: Results) -> None:
    """The windows of a profile are the samples of its cell."""
    one = profiled.profile("mainline", profiled.BASE)
    said = []
    for row in comparisons(results):
        base, test = (
            replace(one, windows=tuple(side.values.tolist()))
            for side in row.sides
            if side
        )
        found = difference.compare(base, test, ALL)
        (told,) = re.findall(
            r"^verdict: (\S+)", report.difference(found, ALL, False, 9), re.M
        )
        change = 0 if row.test == "off-path" else int(row.test[2:])
        said.append((change, told.rstrip(",")))
    judged(said)


def test_equal_samples_are_the_same(tmp_path: Path) -> None:
    """Whatever they are, in every cell."""
    made = planted("mainline", tmp_path / "quick")
    shutil.rmtree(made / "raw" / name_of(1) / BOOT)
    copy("mainline", made, name_of(1), slice(0, 500), 0)
    rows = [row for row in comparisons(load(made)) if row.test == name_of(1)]
    assert {row.verdict for row in rows} == {"same"} and len(rows) >= 14


def test_what_a_kernel_does_not_have_has_no_number() -> None:
    """retrap/trigger:interrupt is not async-retrap's."""
    results = load(REFERENCE)
    rows = [row for row in comparisons(results) if row.verdict == "n.a."]
    assert {(row.scenario, row.test) for row in rows} == {
        ("retrap/trigger:interrupt", "async-retrap")
    }
    assert all(row.judgement.estimate is None and row.change == "n.a." for row in rows)
    text = table.tables(results)
    lines = [line for line in text.splitlines() if line.startswith("  async-retrap")]
    assert [line.split()[1:] for line in lines].count(["n.a."]) == 2 * len(rows)
