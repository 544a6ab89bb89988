# SPDX-License-Identifier: GPL-2.0-only
"""Variants against the baseline, directory against directory, and refusals."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import FLOORS, Maker, move

from retrap.analysis import written
from retrap.analysis.comparison import COLUMNS
from retrap.report import before_after
from retrap.base.errors import EXIT_REFUSED, EXIT_RESULTS, RetrapError
from retrap.results.store import load

DOCS = Path(__file__).resolve().parents[2] / "docs/data-format.md"
Row = dict[str, str]


def render(a: Path, b: Path, allow_mismatch: bool = False) -> str:
    return before_after.render(before_after.compared(a, b, allow_mismatch))


def rows(path: Path) -> dict[tuple[str, str, str, str], Row]:
    written.write(load(path))
    with open(path / "comparison.csv", newline="") as file:
        found = [r for r in csv.DictReader(file) if r["statistic"] == "median"]
    keys = ("substrate", "scenario", "placement", "test")
    return {tuple(row[k] for k in keys): row for row in found}  # type: ignore[misc]


def test_columns_are_those_of_the_documentation() -> None:
    assert f"`{','.join(COLUMNS)}`" in DOCS.read_text()


def test_exact(whole: Path) -> None:
    got = rows(whole)
    row = got["exact", "retrap/trigger:sigcont", "same-cpu", "async-retrap"]
    assert row["verdict"] == "more"
    assert row["base"] == "mainline" and row["base_boots"] == "1"
    assert row["estimate"] == row["low"] == row["high"] == "1128"
    assert row["share"] == "1" and row["p_value"] == row["decided_by"] == ""
    row = got["exact", "retrap/trigger:interrupt", "same-cpu", "please-notify"]
    assert (row["verdict"], row["estimate"]) == ("fewer", "-3590")


def test_what_an_interface_lacks_is_not_applicable(whole: Path) -> None:
    got = rows(whole)
    for substrate in ("exact", "vm"):
        row = got[substrate, "retrap/trigger:interrupt", "same-cpu", "async-retrap"]
        assert row["verdict"] == "n.a."
        assert row["warnings"] == "the interface has no such scenario"
        assert row["test_median"] == row["estimate"] == row["low"] == row["high"] == ""
        assert row["test_boots"] == "0" and row["base_median"] != ""


def test_floors_do_not_differ(whole: Path) -> None:
    got = rows(whole)
    floors = {k: r["verdict"] for k, r in got.items() if k[1] in FLOORS}
    assert {said for k, said in floors.items() if k[0] == "exact"} == {"same"}
    assert not set(floors.values()) & {"fewer", "more"}


def test_boots_are_the_unit_of_ns(whole: Path) -> None:
    row = rows(whole)["vm", "retrap/trigger:sigcont", "same-cpu", "async-retrap"]
    assert (row["verdict"], row["base_boots"], row["test_boots"]) == ("more", "7", "7")
    assert float(row["p_value"]) < 0.01
    assert 0 < float(row["low"]) < float(row["estimate"]) < float(row["high"])
    assert row["share"] == ""


def test_few_boots_are_undecided_and_told(maker: Maker) -> None:
    maker.boots, maker.substrates = 5, ("vm",)
    row = rows(maker.write())[
        "vm", "retrap/trigger:sigcont", "same-cpu", "async-retrap"
    ]
    assert row["verdict"] == "undecided" and row["p_value"] == ""
    assert float(row["estimate"]) > 0
    assert row["decided_by"].startswith("./retrap run, in more boots")
    assert row["warnings"] == "need >= 6 boots per variant"


def test_without_the_baseline_the_first_of_the_others_stands_in(maker: Maker) -> None:
    maker.samples, maker.boots = 50, 1
    maker.variants = ("async-retrap", "please-notify")
    got = rows(maker.write())
    assert {row["base"] for row in got.values()} == {"async-retrap"}
    assert {row["test"] for row in got.values()} == {"please-notify"}


def test_every_sample_failed_is_undecided(maker: Maker) -> None:
    maker.samples, maker.failed, maker.boots = 30, 30, 1
    got = rows(maker.write())
    for substrate in ("exact", "vm"):
        row = got[substrate, "retrap/trigger:sigcont", "same-cpu", "async-retrap"]
        assert row["verdict"] == "undecided" and row["estimate"] == ""
        assert "30 of 30 samples failed: deadline" in row["warnings"]


def test_exact_boots_that_differ_are_told(maker: Maker) -> None:
    maker.substrates, maker.samples = ("exact",), 50
    path = maker.write()
    first = path / "raw/mainline/exact-1"
    second = first.with_name("exact-2")
    other = Maker(path.parent / "other", 50, substrates=("exact",), scale=1.5).write()
    move(other / "raw/mainline/exact-1", second)
    got = rows(path)["exact", "retrap/trigger:sigcont", "same-cpu", "async-retrap"]
    assert got["base_boots"] == "2"
    assert "exact did not repeat exactly" in got["warnings"]


def two(tmp_path: Path, **change: Any) -> tuple[Path, Path]:
    """A, and B with fields of Maker changed."""
    common = {"samples": 60, "boots": 6}
    a = Maker(tmp_path / "a", **common).write()  # type: ignore[arg-type]
    b = Maker(tmp_path / "b", **{**common, **change}).write()
    return a, b


def test_same_directory_twice_is_identical(tmp_path: Path) -> None:
    a, b = two(tmp_path)
    text = render(a, b)
    assert "Identical sample by sample: 25 of 25 cells." in text
    body = [line for line in text.splitlines() if line.startswith("  ")]
    assert len(body) > 40 and all("%" not in line for line in body)


def test_slower_directory_is_found(tmp_path: Path) -> None:
    a, b = two(tmp_path, scale=1.25)
    text = render(a, b)
    assert "Identical sample by sample: 3 of 25 cells." in text  # the clock floor
    assert len(re.findall(r"\+2[456]\.\d%", text)) >= 10
    assert text.count("  void ") == 3 * 2 * 3 - 2  # of vm: the floors are slower too
    assert "[exact x86_64]" in text and "[vm x86_64]" in text
    for line in text.splitlines():
        assert len(line) <= 72 and line.isascii() and line == line.rstrip(), line


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"record": {"arch": "aarch64"}}, "arch: x86_64 / arm64"),
    ({"facts": {"cpu_model": "Other"}}, "cpu_model: Imaginary CPU @ 2.10GHz / Other"),
    ({"record": {"tuned": {"isolate": "isolated 1-2"}}}, "tuned: nothing / isolate"),
    ({"record": {"config_sha256": "c" * 64}}, "config_sha256 of mainline: aaaaaaaaa"),
    (
        {"record": {"qemu_version": "8.0"}},
        "qemu_version of mainline: QEMU emulator version 7.2.22",
    ),
    ({"record": {"compiler": "gcc 13"}}, "compiler of mainline: gcc (Debian"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_unlike_is_refused_or_footnoted(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    a, b = two(tmp_path, **change)
    with pytest.raises(RetrapError) as caught:
        render(a, b)
    assert caught.value.exit_code == EXIT_REFUSED
    assert said in caught.value.message
    assert "--allow-mismatch" in caught.value.remedy
    flat = " ".join(render(a, b, allow_mismatch=True).split())
    assert f"compared in spite of different {said.split(':')[0]}" in flat


def test_no_directory_is_no_mismatch(tmp_path: Path) -> None:
    """Not refused as different: told that it is not there."""
    a = Maker(tmp_path / "a", 60, substrates=("exact",)).write()
    for one, other in ((a, tmp_path / "no"), (tmp_path / "no", a)):
        with pytest.raises(RetrapError, match="no: is not a result dir") as caught:
            render(one, other)
        assert caught.value.exit_code == EXIT_RESULTS


def test_cpu_and_compiler_matter_where_they_decide(tmp_path: Path) -> None:
    """The CPU does not change an instruction count, nor QEMU the host's time."""
    change: dict[str, Any] = {"facts": {"cpu_model": "Other"}}
    a = Maker(tmp_path / "a", 60, substrates=("exact",)).write()
    b = Maker(tmp_path / "b", 60, substrates=("exact",), **change).write()
    assert "Identical" in render(a, b)
    a = Maker(tmp_path / "c", 60, 6, substrates=("vm",)).write()
    change = {"record": {"compiler": "gcc 13"}}
    b = Maker(tmp_path / "d", 60, 6, substrates=("vm",), **change).write()
    assert "[vm x86_64]" in render(a, b)


def test_instructions_of_two_architectures_are_never_compared(tmp_path: Path) -> None:
    a = Maker(tmp_path / "a", 60, substrates=("exact",)).write()
    b = Maker(tmp_path / "b", 60, substrates=("exact",), arches=("arm64",)).write()
    for allow in (False, True):
        said = "nothing in common to compare: exact x86_64 / exact arm64"
        with pytest.raises(RetrapError, match=said) as caught:
            render(a, b, allow)
        assert caught.value.exit_code == EXIT_REFUSED
    a, b = two(tmp_path, record={"arch": "arm64"})
    assert "[exact" not in render(a, b, True)  # nanoseconds may be


def test_architectures_in_common_are_compared_each_with_itself(full: Path) -> None:
    text = render(full, full)
    titles = [line for line in text.splitlines() if line.startswith("Median of A")]
    assert [t.split("[")[1] for t in titles] == ["exact x86_64]", "exact arm64]"]
    # Six cells of a path through each of 7 sides, less 2 x 2 n.a.; 3 of 5 floors.
    assert text.count("Identical sample by sample: 53 of 53 cells.") == 2
    assert "  combined/please-notify" in text


def test_rows_name_architecture_and_interfaces(full: Path) -> None:
    written.write(load(full))
    with open(full / "comparison.csv", newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["arch"] for row in found} == {"x86_64", "arm64"}
    for row in found:
        floor = row["scenario"] in FLOORS
        assert row["base_interface"] == ("none" if floor else "listen")
        if "/" in row["test"] and row["test_interface"]:
            assert row["test"] == f"combined/{row['test_interface']}"
        assert ("/" in row["test"]) is (not floor and "combined" in row["test"])
    ends = {
        row["arch"]: row["estimate"]
        for row in found
        if (row["scenario"], row["test"]) == ("trap/trigger:interrupt", "mainline-6.1")
    }
    assert ends == {"x86_64": "300", "arm64": "337"}  # an eighth more


def test_exact_and_ns_are_never_compared(tmp_path: Path) -> None:
    a = Maker(tmp_path / "a", 60, substrates=("exact",)).write()
    b = Maker(tmp_path / "b", 60, 6, substrates=("vm",)).write()
    for allow in (False, True):
        with pytest.raises(RetrapError, match="nothing in common to compare") as caught:
            render(a, b, allow)
        assert caught.value.exit_code == EXIT_REFUSED


def test_vm_against_bare_metal_is_a_mismatch(tmp_path: Path) -> None:
    a = Maker(tmp_path / "a", 60, 6, substrates=("vm",)).write()
    b = Maker(tmp_path / "b", 60, 6, substrates=("bare-metal",)).write()
    with pytest.raises(RetrapError, match="substrate: vm / bare-metal"):
        render(a, b)
    assert "[vm x86_64 / bare-metal x86_64]" in render(a, b, True)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    a, b = two(tmp_path)
    for file in b.glob("raw/*/*/*.run.json"):
        text = file.read_text().replace("retrap.run/1", "retrap.run/9")
        file.write_text(text)
    with pytest.raises(RetrapError, match="run schema: retrap.run/1 / retrap.run/9"):
        render(a, b)


def test_another_binary_is_footnoted(tmp_path: Path) -> None:
    a, b = two(tmp_path, plan={"binary_sha256": "c" * 64})
    assert "binary_sha256 differs" in render(a, b)


def test_missing_variant_and_cell(tmp_path: Path) -> None:
    a, b = two(tmp_path, variants=("mainline",), placements=("same-cpu",))
    text = render(a, b)
    assert "async-retrap" not in text
    assert text.count("n.a.") >= 4  # B has no cross-cpu cell
