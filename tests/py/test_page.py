# SPDX-License-Identifier: GPL-2.0-only
"""docs/conformance.md shows what the stored runs say, and nothing else."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import Maker

from retrap.base import marked
from retrap.base.errors import RetrapError
from retrap.report import elsewheretable, numbers, results_page
from retrap.rules import docs_tables, rulebook


def test_page_is_made_of_the_stored_runs() -> None:
    """Else: ./retrap conform --from results/reference/conform --write-docs."""
    text = docs_tables.PAGE.read_text()
    assert marked.fill(text, docs_tables.tables(), docs_tables.PAGE) == text


def test_the_results_are_made_of_the_stored_runs() -> None:
    """Else: ./retrap docs."""
    assert results_page.PAGE.read_text() == results_page.render()


def test_the_cost_elsewhere_is_made_of_the_stored_run() -> None:
    """Else: ./retrap docs."""
    text = elsewheretable.PAGE.read_text()
    assert elsewheretable.made(text, results_page.REFERENCE) == text
    assert re.search(r"^wait/nohang:1 +same +\+7 +same +\+7$", text, re.M)


@pytest.mark.parametrize("page", numbers.PAGES, ids=lambda page: page.name)
def test_no_number_of_a_page_is_typed(page: Path) -> None:
    """Else: ./retrap docs. Each scenario that a page names is stored."""
    text = page.read_text()
    assert numbers.made(text, results_page.REFERENCE) == text
    assert "not stored" not in text
    typed = numbers.LINE.sub(
        lambda found: found[0] + " 1" * ((found["what"] or "") in numbers.KINDS), text
    )
    assert numbers.made(typed, results_page.REFERENCE) == text != typed


def test_a_line_about_what_is_not_stored_says_so(tmp_path: Path) -> None:
    text = "- `no/such`: 5\n- `no/such`, switches: 6\n- `a`, other things: 7\n"
    assert numbers.made(text, tmp_path) == (
        "- `no/such`: not stored\n- `no/such`, switches: not stored\n"
        "- `a`, other things: 7\n"
    )


def test_a_stage_and_a_share_of_a_task_are_those_of_the_samples() -> None:
    scenario = "tracer/stop/seize/at-once/asleep/threads:10"
    raw = results_page.REFERENCE / "tracers-stop/raw/mainline/exact-x86_64-1"
    taken, stopped = [], []
    for place in ("same-cpu", "cross-cpu"):
        stem = scenario.replace("/", ".").replace(":", "-")
        samples = np.load(raw / f"{stem}@{place}.npy")
        for values, end in ((taken, "t_return_ns"), (stopped, "t_stopped_ns")):
            times = (samples[end] - samples["t_trigger_ns"]).astype(int)
            values.append(np.quantile(times, 0.5, method="inverted_cdf"))
    lines = f"- `{scenario}`, a task: 0\n- `{scenario}`, stopped: 0\n"
    assert numbers.made(lines, results_page.REFERENCE) == (
        f"- `{scenario}`, a task: {taken[0] / 10:.0f}/{taken[1] / 10:.0f}\n"
        f"- `{scenario}`, stopped: {stopped[0]}/{stopped[1]}\n"
    )


def test_an_exponent_is_that_of_growth_csv() -> None:
    family = "tracer/stop/seize/one-by-one/busy/threads:N"
    table = results_page.REFERENCE / "tracers-stop/growth.csv"
    with table.open(newline="") as file:
        fitted = [r["exponent"] for r in csv.DictReader(file) if r["family"] == family]
    told = "/".join(f"{float(text):.2f}" for text in fitted)
    line = f"- `{family}`, exponent:"
    assert len(fitted) == 2
    assert numbers.made(line, results_page.REFERENCE) == f"{line} {told}"


def test_looks_in_vain_are_counted() -> None:
    scenario = "window/sigcont-wait/busy:8/nice:0"
    raw = results_page.REFERENCE / "starved/raw"
    early: dict[str, list[str]] = {}
    for name in ("mainline", "async-retrap"):
        for place in ("same-cpu", "cross-cpu"):
            pattern = f"{name}/*/window.sigcont-wait.busy-8.nice-0@{place}.npy"
            (file,) = raw.glob(pattern)
            values = np.load(file)["n_early"]
            median = int(np.quantile(values, 0.5, method="inverted_cdf"))
            early.setdefault(name, []).append(str(median))
    line = f"- `{scenario}`, looks too early:"
    told = numbers.made(line, results_page.REFERENCE)
    assert f" {'/'.join(early['mainline'])} (mainline, " in told and "%" not in told
    assert set(early["async-retrap"]) == {"0"} and " 0 (async-retrap)" in told


def test_looks_in_time_are_of_the_guests() -> None:
    """The middle one of each boot's median."""
    scenario = "window/sigcont-wait/busy:0/nice:0"
    raw = results_page.REFERENCE / "combined-guests/raw/combined"
    name = "window.sigcont-wait.busy-0.nice-0@{}+async-retrap.npy"
    first = []
    for place in ("same-cpu", "cross-cpu"):
        medians = []
        for file in raw.glob(f"*/{name.format(place)}"):
            samples = np.load(file)
            spans = (samples["t_first_ns"] - samples["t_trigger_ns"]).astype(np.int64)
            good = spans[samples["outcome"] == 0]
            medians.append(np.quantile(good, 0.5, method="inverted_cdf"))
        assert len(medians) == 24
        first.append(int(np.quantile(medians, 0.5, method="inverted_cdf")))
    line = f"- `{scenario}`, first look in time:"
    told = numbers.made(line, results_page.REFERENCE)
    found = re.search(r"(\d+)/(\d+) \(async-retrap\)", told)
    assert found and [int(n) for n in found.groups()] == first


def test_the_only_placement_is_named_where_it_is_not_the_usual_one(
    tmp_path: Path,
) -> None:
    for place, told in (("cross-cpu", True), ("same-cpu", False)):
        made = Maker(tmp_path / place / "quick", placements=(place,))
        made.substrates = ("exact",)
        made.write()
        line = numbers.made("- `retrap/trigger:sigcont`, medians:", tmp_path / place)
        assert line.endswith(" [cross-cpu]") is told and "(mainline)" in line


def test_a_table_beside_a_stored_run_is_the_one_of_it() -> None:
    """Of mutate: its rules are counted by the code that the page uses, too."""
    made = docs_tables.tables()["mutations"]
    stored = docs_tables.REFERENCE / "mutate/table.txt"
    assert stored.read_text() == made


def test_every_rule_has_its_text() -> None:
    text = docs_tables.PAGE.with_name("rules.md").read_text()
    named = re.findall(r"^- \*\*((?!Q)\w+)\*\* \S", text, re.M)
    assert sorted(named) == sorted(rulebook.load().rules)


def test_fill_replaces_the_table() -> None:
    text = "a\n<!-- table t -->\nold\n<!-- end t -->\nb\n"
    filled = marked.fill(text, {"t": "new \\1\n"}, docs_tables.PAGE)
    assert filled == "a\n<!-- table t -->\n```\nnew \\1\n```\n<!-- end t -->\nb\n"
    assert marked.fill(filled, {"t": "new \\1\n"}, docs_tables.PAGE) == filled


def test_a_place_must_be_there_once() -> None:
    with pytest.raises(RetrapError, match="0 places for the table t"):
        marked.fill("nothing", {"t": "x\n"}, docs_tables.PAGE)
