# SPDX-License-Identifier: GPL-2.0-only
"""Result directories read whole, and every kind of damage refused by name."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Maker, long_mail
from test_damage import edit

from retrap.analysis import compare
from retrap.report import brief, table
from retrap.results import sealed, store
from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.results.store import Machine

EXACT, VM = Machine("exact", "x86_64"), Machine("vm", "x86_64")
BOOT = "raw/mainline/exact-1/boot.json"
STEM = "raw/mainline/exact-1/retrap.trigger-sigcont@same-cpu"


def test_whole_directory(whole: Path) -> None:
    got = store.load(whole)
    assert got.machines == (EXACT, VM)
    assert got.variants(EXACT) == ("mainline", "async-retrap", "please-notify")
    assert got.sides(EXACT) == got.sides(EXACT, "floor/futex") == got.variants(EXACT)
    assert got.base(VM) == "mainline" and got.base(Machine("vm", "arm64")) is None
    assert len(got.boots) == 3 + 3 * 7
    assert got.unfinished == ()
    where = ("retrap/trigger:sigcont", "same-cpu")
    (cell,) = got.of(EXACT, "mainline", where)
    assert cell.interface == "listen" and cell.machine.unit == "instructions"
    assert sorted(cell.counts) == [100, 200]
    assert cell.latencies.min() >= 8012
    assert cell.summary and cell.summary.failures == {}
    where = ("retrap/trigger:interrupt", "same-cpu")
    assert got.of(EXACT, "async-retrap", where) == []


def test_interfaces_of_one_kernel_are_sides_of_their_own(full: Path) -> None:
    got = store.load(full)
    arm64 = Machine("exact", "arm64")
    assert got.machines == (EXACT, arm64)
    for machine in got.machines:
        assert got.sides(machine) == (
            *("mainline", "async-retrap", "please-notify"),
            *("combined/listen", "combined/async-retrap", "combined/please-notify"),
            "mainline-6.1",
        )
        assert got.sides(machine, "floor/futex") == got.variants(machine)
        assert got.base(machine) == got.base(machine, "floor/futex") == "mainline"
    where = ("retrap/trigger:sigcont", "same-cpu")
    (cell,) = got.of(arm64, "combined/please-notify", where)
    assert cell.interface == "please-notify" and cell.variant == "combined"
    assert sorted(cell.counts) == [100, 200]


def test_a_baseline_of_several_interfaces_is_the_first_of_them(maker: Maker) -> None:
    maker.samples, maker.boots = 20, 1
    maker.variants, maker.plan = ("combined", "mainline"), {"baseline": "combined"}
    got = store.load(maker.write())
    assert got.base(EXACT) == "combined/listen"
    assert got.base(EXACT, "floor/futex") == "combined"
    assert "change: against combined/listen" in table.render(maker.path)


def test_another_version_is_in_the_name(maker: Maker) -> None:
    maker.samples, maker.boots = 20, 1
    maker.variants = ("mainline", "please-notify", "mainline-6.1")
    path = maker.write()
    for file in path.glob("raw/please-notify/*/*.run.json"):
        file.write_text(file.read_text().replace("6.12.117", "6.1.192"))
    names = ("mainline", "please-notify (6.1)", "mainline-6.1")
    assert store.load(path).sides(EXACT) == names
    assert "\n  please-notify (6.1) " in table.render(path)


def test_the_host_is_called_as_its_kernel_is(maker: Maker) -> None:
    """uname(2) says aarch64."""
    maker.samples, maker.boots, maker.record = 20, 1, {"arch": "aarch64"}
    (exact, vm) = store.load(maker.write()).machines
    assert (exact.arch, vm.arch) == ("arm64", "arm64")


def test_failed_samples_stay_and_are_counted(maker: Maker) -> None:
    maker.failed, maker.boots, maker.samples = 3, 1, 50
    got = store.load(maker.write())
    (cell,) = got.of(EXACT, "mainline", ("trap/trigger:interrupt", "same-cpu"))
    assert cell.summary and cell.summary.failures == {"deadline": 3}
    assert cell.latencies.size == 50 and int(cell.ok.sum()) == 47


def test_boot_without_boot_json_is_left_out_and_told(maker: Maker) -> None:
    maker.boots, maker.samples = 1, 20
    path = maker.write()
    (path / BOOT).unlink()
    (path / "raw/async-retrap/exact-1").rename(
        path / "raw/async-retrap/exact-1.partial"
    )
    got = store.load(path)
    assert got.unfinished == ("async-retrap/exact-1.partial", "mainline/exact-1")
    assert "boot mainline/exact-1 is not finished" in table.render(path)
    assert got.variants(EXACT) == ("please-notify",)


def test_a_baseline_without_a_boot_is_told(maker: Maker) -> None:
    """The first of the others stands in for it, and everything says so."""
    maker.boots, maker.samples = 1, 20
    maker.variants = ("async-retrap", "please-notify")
    got = store.load(maker.write())
    assert got.baseline(EXACT) == got.base(EXACT) == "async-retrap"
    told = "the baseline, mainline, has no boot [exact x86_64]: changes are against"
    reports = table.tables(got), long_mail(got), brief.render(got)
    for report in reports:
        assert told.lower() in " ".join(report.split()).lower()
        assert "against async-retrap" in " ".join(report.split())


def test_a_variant_alone_needs_no_baseline(maker: Maker) -> None:
    maker.boots, maker.samples, maker.variants = 1, 20, ("please-notify",)
    got = store.load(maker.write())
    assert got.stand_ins == [] and got.baseline(EXACT) == "mainline"


def test_a_boot_is_read_once_and_its_samples_when_they_are_asked_for(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Reports over boots do with what is remembered of them."""
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    maker.samples, maker.boots, maker.substrates = 20, 6, ("vm",)
    maker.scenarios = ("retrap/trigger:sigcont",)
    path = maker.write()
    for record in path.glob("raw/*/*/boot.json"):
        sealed.close(record.parent, json.loads(record.read_text()))
    first = [one.row() for one in compare.comparisons(store.load(path))]
    assert len(first) == 4

    def opened(*_: object) -> None:
        raise AssertionError("a file is read again")

    for name in ("read_samples", "perf_stat.parse", "sealed.verify"):
        monkeypatch.setattr(f"retrap.results.boots.{name}", opened)
    monkeypatch.setattr("retrap.results.measured.read_samples", opened)
    again = store.load(path)
    assert [one.row() for one in compare.comparisons(again)] == first
    with pytest.raises(AssertionError, match="read again"):
        next(again.cells()).samples


def test_no_finished_boot(maker: Maker) -> None:
    maker.substrates = ()
    with pytest.raises(RetrapError, match="holds no finished boot"):
        store.load(maker.write())


def test_atomic_write_replaces_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "measured.csv"
    store.atomic_write(path, "one\n")
    store.atomic_write(path, b"two\n")
    assert path.read_bytes() == b"two\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["measured.csv"]


def test_atomic_write_that_fails_keeps_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "measured.csv"
    store.atomic_write(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RetrapError, match="No space left") as caught:
        store.atomic_write(path, "new")
    assert caught.value.exit_code == EXIT_RESULTS
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["measured.csv"]


def test_seal(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"")
    store.seal(path)
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_record_declares_its_samples(maker: Maker) -> None:
    """Stamps of stages follow the head; an outcome has the record's name for it."""
    maker.failed, maker.boots, maker.samples = 3, 1, 50
    path = maker.write()
    for file in path.glob("raw/mainline/exact-1/*.npy"):
        samples = np.load(file)
        staged = np.zeros(samples.size, [*store.SAMPLE.descr, ("t_exit_ns", "<u8")])
        for name in store.SAMPLE.names or ():
            staged[name] = samples[name]
        staged["t_exit_ns"] = samples["t_return_ns"]
        np.save(file, staged)
        record = file.with_suffix(".run.json")
        run = json.loads(record.read_text())
        names = ["ok", "b", "c", "d", "too late"]
        run["sample"] = {"dtype": staged.dtype.descr, "outcomes": names}
        record.write_text(json.dumps(run))
    (cell,) = store.load(path).of(
        EXACT, "mainline", ("trap/trigger:interrupt", "same-cpu")
    )
    assert cell.summary and cell.summary.failures == {"too late": 3}
    assert cell.samples.dtype.names[-1] == "t_exit_ns"


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({}, "declares no samples"),
        ({"dtype": [["a", "?!"]], "outcomes": ["ok"]}, "declares no samples"),
        ({"dtype": [["a", "<u8"]], "outcomes": ["ok"]}, "samples of another kind"),
        ({"dtype": store.SAMPLE.descr, "outcomes": []}, "samples of another kind"),
        (
            {"dtype": [*store.SAMPLE.descr, ("x", "<u8")], "outcomes": ["ok"]},
            "wrong dtype",
        ),
    ],
)
def test_a_declaration_that_is_not_of_the_samples_is_refused(
    maker: Maker, declared: dict[str, Any], said: str
) -> None:
    maker.boots, maker.samples = 1, 20
    path = maker.write()
    edit(f"{STEM}.run.json", lambda run: run.update(sample=declared))(path)
    with pytest.raises(RetrapError, match=said):
        store.load(path)


def test_the_collector_is_on_again(maker: Maker) -> None:
    path = maker.write()
    store.load(path)
    assert gc.isenabled()
    (path / "raw/mainline/vm-x86_64-1/boot.json").write_text("{")
    with pytest.raises(RetrapError):
        store.load(path)
    assert gc.isenabled()


def test_a_file_whose_parts_end_early_is_not_there(tmp_path: Path) -> None:
    def parts() -> Iterator[str]:
        yield "begun"
        raise RetrapError("damaged", "", EXIT_RESULTS)

    with pytest.raises(RetrapError):
        store.atomic_write(tmp_path / "x.csv", parts())
    assert list(tmp_path.iterdir()) == []
