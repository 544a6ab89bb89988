# SPDX-License-Identifier: GPL-2.0-only
"""What a processor counted beside exact mode's count of the same cell."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import Maker

from retrap.base.errors import EXIT_REFUSED, EXIT_USAGE, RetrapError
from retrap.base.paths import ROOT
from retrap.report import besidetable, table
from retrap.results.store import load

PERF = ROOT / "tests/data/perf"
SCENARIOS = ("floor/futex", "retrap/trigger:sigcont")
CELL = "retrap.trigger-sigcont@same-cpu"
HARDWARE = {
    "mainline": (900.0, 14000.0, 1500.0, 9000.0),
    "please-notify": (910.0, 13000.0, 1504.0, 9650.0),
}
TITLE = "Instructions, native beside exact [vm x86_64 / exact x86_64]"


def made(maker: Maker, *substrates: str) -> Path:
    maker.substrates, maker.variants = substrates, tuple(HARDWARE)
    maker.scenarios, maker.placements = SCENARIOS, ("same-cpu",)
    maker.samples, maker.boots, maker.hardware = 600, 1, HARDWARE
    return maker.write()


def rows(text: str) -> dict[str, list[str]]:
    """Of the table, by side."""
    assert TITLE in text
    part = text.partition(TITLE)[2].partition("\n\n")[0]
    found = (line.split() for line in part.splitlines() if line.startswith("  "))
    return {row[0]: row[1:] for row in found}


def two(tmp_path: Path) -> tuple[Path, Path]:
    """Of a machine, and exact ones."""
    native = made(Maker(tmp_path / "native"), "vm")
    return native, made(Maker(tmp_path / "exact"), "exact")


def retrap(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "retrap"), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True)


def test_they_stand_side_by_side_in_one_directory(maker: Maker) -> None:
    path = made(maker, "exact", "vm")
    text = table.render(path)
    got = rows(text)
    median = re.search(r"^  mainline +(\d+) +8\d+-", text, re.M)
    assert median and got["mainline"] == ["10500", "9000", "-", median.group(1)]
    assert got["please-notify"][:4] == ["11154", "9650", "+654", "-"]
    assert got["please-notify"][5] == "+68"  # what is planted, by the shift
    assert max(map(len, text.splitlines())) <= 72
    assert "floor" not in text.partition(TITLE)[2].partition("\n\n")[0]


def test_two_directories(tmp_path: Path) -> None:
    native, exact = two(tmp_path)
    assert TITLE not in table.render(native) and TITLE not in table.render(exact)
    done = retrap("compare", native, "--beside", exact)
    assert done.returncode == 0, done.stderr
    got = rows(done.stdout)
    assert got["mainline"][:2] == ["10500", "9000"]
    assert (got["please-notify"][2], got["please-notify"][5]) == ("+654", "+68")
    for words, told in (
        ((exact, "--beside", native), "has no instructions that a processor counted"),
        ((native, exact, "--beside", exact), "--beside goes with one directory"),
    ):
        done = retrap("compare", *words)
        assert done.returncode in (EXIT_REFUSED, EXIT_USAGE) and told in done.stderr


def test_what_perf_wrote_on_processors(tmp_path: Path) -> None:
    """Its own lines as the run of N cycles, twice their counts as that of 2N."""
    native, exact = two(tmp_path)
    for mode, file in (("u", "amd-user.jsonl"), ("k", "sapphire-rapids.jsonl")):
        text = (PERF / file).read_text()

        def twice(match: re.Match[str]) -> str:
            return f'"counter-value" : "{2 * float(match.group(1)):.6f}"'

        doubled = re.sub(r'"counter-value" : "([0-9.]+)"', twice, text)
        assert doubled != text
        for boot in native.glob("raw/mainline/*"):
            (boot / f"{CELL}.perf-200.{mode}1.jsonl").write_text(text)
            (boot / f"{CELL}.perf-400.{mode}1.jsonl").write_text(doubled)
    got = rows(besidetable.render(native, exact))
    user, kernel = 150684.0, 38620409.0  # instructions, as the mails have them
    assert got["mainline"][:2] == [
        f"{(user + kernel) / 200:.0f}",
        f"{kernel / 200:.0f}",
    ]
    assert got["please-notify"][2] == f"{11154 - (user + kernel) / 200:+.0f}"


def test_what_was_multiplexed_stands_nowhere(tmp_path: Path) -> None:
    native, exact = two(tmp_path)
    text = (PERF / "hybrid-multiplexed.jsonl").read_text()
    for boot in native.glob("raw/mainline/*"):
        for cycles in (200, 400):
            (boot / f"{CELL}.perf-{cycles}.k1.jsonl").write_text(text)
    with pytest.raises(RetrapError, match="has no instructions") as caught:
        besidetable.render(native, exact)
    assert caught.value.exit_code == EXIT_REFUSED


def test_a_guest_that_counts_its_cycles(tmp_path: Path) -> None:
    """As the emulated PMU of arm64 does, in kernel mode."""
    native, exact = two(tmp_path)
    for cycles, count in ((100, 900000.0), (200, 1790000.0)):
        for file in exact.glob(f"raw/*/*/{CELL}.perf-{cycles}.jsonl"):
            line = f'"counter-value" : "{count}"'
            told = '"counter-value" : "<not supported>"'
            file.write_text(file.read_text().replace(told, line))
    got = rows(besidetable.render(native, exact))
    assert got["mainline"][:3] == ["10500", "9000", "8900"]


def test_another_architecture_is_not_beside_it(tmp_path: Path) -> None:
    native, _ = two(tmp_path)
    other = Maker(tmp_path / "other", arches=("arm64",))
    with pytest.raises(RetrapError, match="on one architecture"):
        besidetable.render(native, made(other, "exact"))


def test_a_change_against_another_baseline_is_not_shown(tmp_path: Path) -> None:
    native, exact = two(tmp_path)
    plan = json.loads((exact / "plan.json").read_text())
    (exact / "plan.json").write_text(json.dumps({**plan, "baseline": "please-notify"}))
    assert load(exact).plan["baseline"] == "please-notify"
    got = rows(besidetable.render(native, exact))
    assert len(got["mainline"]) == 4 and len(got["please-notify"]) == 5
