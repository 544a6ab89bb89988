# SPDX-License-Identifier: GPL-2.0-only
"""The table and the mail: golden text, 72 columns, marks and footnotes.

On a difference the new text is left beside the golden one, as .got.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PLACEMENTS, Maker, long_mail, move, perf_text

from retrap.base import textgrid
from retrap.base.errors import EXIT_UNSUPPORTED, RetrapError
from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import QEMU_EXACT, Job, Payload
from retrap.report import brief, lkml, table
from retrap.results import sealed
from retrap.results.store import load

DATA = Path(__file__).resolve().parents[1] / "data"


def golden(name: str, text: str) -> None:
    expected = DATA / name
    got = DATA / f"{name}.got"
    if not expected.exists() or expected.read_text() != text:
        got.write_text(text)
        pytest.fail(f"differs from {expected}: see {got}")
    got.unlink(missing_ok=True)


def assert_mailable(text: str) -> None:
    assert text.endswith("\n")
    for line in text.splitlines():
        assert len(line) <= 72, line
        assert line.isascii() and line.isprintable() and line == line.rstrip(), line


def test_why_nothing_was_counted_is_a_note(maker: Maker) -> None:
    maker.substrates, maker.boots, maker.record = ("vm",), 2, {"not_counted": "denied"}
    text = " ".join(table.render(maker.write()).split())
    assert "not counted: denied (6 " in text


def test_golden_table(whole: Path) -> None:
    text = table.render(whole)
    assert_mailable(text)
    golden("table.txt", text)


def test_golden_table_of_architectures_and_interfaces(full: Path) -> None:
    text = table.render(full)
    assert_mailable(text)
    golden("full.txt", text)


def test_nothing_is_said_across_architectures(full: Path) -> None:
    """A table is of one architecture: its medians are those of its boots alone."""
    got = body(table.render(full))
    titles = [title for title in got if "Guest instructions" in title]
    assert [t.split("[")[1] for t in titles] == ["exact x86_64]", "exact arm64]"]
    medians = [
        re.findall(r"^  mainline +(\d+)", "\n".join(got[title]), re.MULTILINE)
        for title in titles
    ]
    assert len(medians[0]) == len(medians[1]) == 9
    assert all(int(a) < int(b) for a, b in zip(*medians))
    mail = " ".join(long_mail(load(full)).split())
    assert mail.count("Against mainline, guest instructions [exact") == 2


def test_mail_of_architectures_and_interfaces(full: Path) -> None:
    text = long_mail(load(full))
    assert_mailable(text.partition("\n\n")[2])
    flat = " ".join(text.split())
    assert "* mainline, combined/listen, mainline-6.1: PTRACE_LISTEN" in flat
    assert "* please-notify, combined/please-notify: O. Nesterov" in flat
    assert "mainline-6.1: release 6.1.192" in flat
    assert f"  binary_sha256 arm64 {'c' * 16}\n" in text
    assert "combined: the median" not in flat  # its floors are no path


def test_golden_mail(whole: Path) -> None:
    path = lkml.write(whole)
    assert path == whole / "lkml.eml"
    text = path.read_text()
    golden("lkml.eml", text)
    text = long_mail(load(whole))
    assert "Signed-off-by" not in text
    golden("lkml-long.eml", text)


def body(text: str) -> dict[str, list[str]]:
    """Lines of a table by its title."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in text.splitlines():
        if line.endswith("]") and not line.startswith(" "):
            title = line
        found.setdefault(title, []).append(line)
    return found


def test_one_substrate_a_table(whole: Path) -> None:
    got = body(table.render(whole))
    titles = [title for title in got if title]
    assert [title.split("[")[1] for title in titles] == [
        *("exact x86_64]", "vm x86_64]") * 3,  # integers, samples, x futex
        *["vm x86_64]"] * 3,  # boot against boot: medians, p99; what varies
    ]
    assert titles[0].startswith("Path integers")
    assert "nanoseconds" not in " ".join(got[titles[2]]).lower()
    assert "instructions" not in " ".join(got[titles[3]]).lower()


def test_failed_samples_are_marked_and_told(maker: Maker) -> None:
    maker.failed, maker.samples, maker.boots = 3, 60, 6
    text = table.render(maker.write())
    assert_mailable(text)
    rows = [line for line in text.splitlines() if line.startswith("  mainline ")]
    marked = [line for line in rows if "!" in line]
    assert len(marked) == 3 * 3  # in each table; not the floors, not cross-cpu
    assert "! 3 of 60 samples failed: deadline" in " ".join(text.split())


def test_a_cut_cell_is_marked_and_says_that_it_was_the_deadline(maker: Maker) -> None:
    maker.failed, maker.substrates = 1, ("vm",)
    path = maker.write()
    why = "sample 399: longer than --deadline 60 s"
    for file in path.glob("raw/*/*/retrap.trigger-sigcont@same-cpu*.run.json"):
        run = json.loads(file.read_text())
        run |= {"samples_requested": 20000, "stop_reason": why}
        file.write_text(json.dumps(run))
    text = table.render(path)
    assert_mailable(text)
    times = text[text.index("Nanoseconds from trigger") :]
    row = times[times.index("retrap/trigger:sigcont same-cpu") :].splitlines()[1]
    assert re.search(r"mainline .*\d!", row)
    assert f"400 of 20000 samples taken: {why}" in " ".join(text.split())


def test_every_sample_failed_is_a_dash(maker: Maker) -> None:
    maker.failed = maker.samples = 30
    text = table.render(maker.write())
    assert_mailable(text)
    assert "  mainline             7       -!" in text


def test_a_cell_that_a_kernel_cannot_run_says_why(maker: Maker) -> None:
    maker.substrates = ("exact",)
    path = maker.write()
    boot = path / "raw/please-notify/exact-1"
    for file in boot.glob("floor.futex@*"):
        file.unlink()
    record = json.loads((boot / "boot.json").read_text())
    why = "this kernel does not have futex(2)"
    record["missing"] = {f"floor.futex@{placement}": why for placement in PLACEMENTS}
    (boot / "boot.json").write_text(json.dumps(record))
    text = table.render(path)
    assert_mailable(text)
    row = text[text.index("floor/futex same-cpu") :].splitlines()[3]
    assert row.split() == ["please-notify", "n.a."]
    notes = " ".join(text.split())
    assert f"- n.a.: {why} (floor.futex@same-cpu please-notify; " in notes


def test_a_cell_that_every_kernel_lacks_is_told(maker: Maker) -> None:
    maker.scenarios, maker.substrates = maker.scenarios[2:], ("exact",)
    maker.record = {"missing": {"floor.futex@same-cpu": "no futex(2)"}}
    text = " ".join(table.render(maker.write()).split())
    assert "- n.a.: no futex(2) (floor.futex@same-cpu async-retrap; " in text


def test_few_boots_have_neither_interval_nor_verdict(maker: Maker) -> None:
    maker.boots, maker.substrates, maker.samples = 2, ("vm",), 60
    text = table.render(maker.write())
    assert "need >= 6 boots per variant" in " ".join(text.split())
    assert ".." not in text and "%  " not in text


def test_a_host_alone_says_nothing_of_change(maker: Maker) -> None:
    maker.variants, maker.substrates = ("mainline",), ("vm",)
    path = maker.write()
    for boot in list(path.glob("raw/mainline/*")):
        move(boot, path / "raw/host" / boot.name)
    text = table.render(path)
    assert "Against" not in text and "~" not in text and "host" in text
    assert "no comparison" in long_mail(load(path))


def test_no_counters_no_table(maker: Maker) -> None:
    path = maker.write()
    for file in path.glob("raw/*/*/*.jsonl"):
        file.unlink()
    assert "Path integers" not in table.render(path)


def test_broken_integer_is_shown_and_told(maker: Maker) -> None:
    maker.substrates = ("exact",)
    path = maker.write()
    stem = path / "raw/mainline/exact-1/retrap.trigger-sigcont@cross-cpu"
    for cycles in (100, 200):
        file = stem.with_name(f"{stem.name}.perf-{cycles}.jsonl")
        file.write_text(perf_text((3.33, 2, 1, 4), cycles))
    text = table.render(path)
    assert "3.33" in text
    assert "no whole number" in " ".join(text.split())
    assert "retrap/trigger:sigcont cross-cpu mainline" in " ".join(text.split())


def test_figures_of_the_mail_follow_the_results(maker: Maker) -> None:
    maker.scenarios, maker.substrates = ("retrap/trigger:sigcont",), ("exact",)
    text = " ".join(long_mail(load(maker.write())).split())
    assert "async-retrap: more in 2 (+1128) of 2 cells." in text
    assert "takes 6 context switches instead of 4, 3 wakeups instead of 2" in text
    for file in maker.path.glob("raw/async-retrap/*/*.jsonl"):
        cycles = int(file.stem.rsplit("-", 1)[1])
        file.write_text(perf_text((5, 1, 1, 4), cycles))
    text = " ".join(long_mail(load(maker.path)).split())
    assert "takes 5 context switches instead of 4, 1 wakeup instead of 2." in text


def test_moved_floor_is_a_caution(maker: Maker) -> None:
    maker.substrates, maker.samples = ("exact",), 200
    path = maker.write()
    file = path / "raw/async-retrap/exact-1/floor.futex@same-cpu.npy"
    samples = np.load(file)
    samples["t_return_ns"] += 7
    np.save(file, samples)
    text = " ".join(long_mail(load(path)).split())
    assert "CAUTION: floors, which hold no ptrace work, differ:" in text
    assert "floors: same in 5, more in 1 (+7) of 6 cells." in text


LONG: dict[str, Any] = {
    "source": "git " + "0123456789abcdef" * 8,
    "compiler": "gcc \u00b5\u00e9" + "x" * 90,
    "patches": [
        {"name": f"000{i}-a-patch.patch", "sha256": "0" * 64} for i in range(9)
    ],
}


def test_long_names_and_odd_letters_fit(maker: Maker) -> None:
    maker.record = LONG
    maker.samples, maker.boots = 60, 6
    maker.facts = {"cpu_model": "Intel\u00ae Xe\u00f6n " + "y" * 99}
    path = maker.write()
    long = "please-notify-of-another-tree-2026-11-23"
    for boot in list(path.glob("raw/please-notify/*")):
        move(boot, path / "raw" / long / boot.name)
    plan = json.loads((path / "plan.json").read_text())
    plan["experiment"] = "e" * 80
    (path / "plan.json").write_text(json.dumps(plan))
    assert_mailable(long_mail(load(path)).partition("\n\n")[2])
    assert long in table.render(path)


def test_percent() -> None:
    assert textgrid.percent(10, 1000) == "+1.0%"
    assert textgrid.percent(-0.3, 1000) == "-0.03%"
    assert textgrid.percent(0, 1000) == "+0.0%"
    assert textgrid.percent(50000, 1000) == "+5000%"
    assert textgrid.percent(1, 0) == textgrid.percent(None, 1) == "-"


def test_too_wide_a_number_keeps_its_size() -> None:
    line = textgrid.row("x", ["123456789012!", "7"], (9, 8))
    assert line == "x".ljust(25) + " 123457M!" + "7".rjust(8)


def test_short_and_spread() -> None:
    assert [textgrid.short(v, 5) for v in (12345, 123456, 2296000)] == [
        *("12345", "123k", "2296k"),
    ]
    assert textgrid.spread(8330, 10749, 12) == "8330-10749"
    assert textgrid.spread(99999, 12345678, 12) == "99999-12M"
    assert textgrid.spread(None, 3, 12) == "-"
    for low, high in ((0, 9), (99999, 999999), (10**9, 10**12), (999999, 10**7)):
        assert len(textgrid.spread(low, high, 12)) < 12


def test_what_was_given_up_is_in_the_tables(maker: Maker) -> None:
    """A kernel that can run none of the cells has no row, so a line says why."""
    maker.samples, maker.substrates, maker.variants = 20, ("exact",), ("mainline",)
    path = maker.write()
    (record,) = path.glob("raw/*/*/boot.json")
    sealed.close(record.parent, json.loads(record.read_text()))
    jobs = [
        Job(variant, record.parent.name, "x86_64", QEMU_EXACT, "cells")
        for variant in ("mainline", "mine")
    ]

    def do(job: Job, lines: Payload, directory: Path) -> None:
        if job.variant == "mine":
            raise RetrapError("no cell can run: no such request", "", EXIT_UNSUPPORTED)

    campaign = Campaign(path, "fills", os.open(os.devnull, os.O_RDONLY))
    campaign.plan(jobs, {"cells": ()})
    assert len(campaign.run(do, (jobs, 1))) == 1
    campaign.close()
    flat = " ".join(table.render(path).split())
    assert "given up: no cell can run: no such request (mine/exact-1)" in flat
    assert "Given up, and why stands in table.txt: mine/exact-1." in brief.render(
        load(path)
    )
