# SPDX-License-Identifier: GPL-2.0-only
"""The last screen of `retrap try`, and the files that it writes, without a guest."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Maker

from retrap.analysis.within import changed
from retrap.base.paths import ROOT
from retrap.cli import attempt
from retrap.config.experiments import load_experiment
from retrap.config.variants import load_variants
from retrap.report import tried
from retrap.results.store import Results, load

QUICK = ROOT / "results/reference/quick"
TITLES = ["signal: one", "signal: two", "signal: three"]
PATHS = 2  # lines that `try` prints below


@pytest.fixture(scope="module")
def results() -> Results:
    """Its four kernels, as if each were the one before and a patch."""
    return load(QUICK)


def test_it_fits_a_screen(results: Results) -> None:
    for titles in (TITLES, [f"{'x' * 90} {n}" for n in range(9)]):
        lines = tried.render(results, titles).splitlines()
        assert len(lines) + PATHS <= 24
        assert max(map(len, lines)) <= 80


def test_many_patches_fit_a_screen(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.substrates = ("exact",)
    maker.variants = ("mainline", "async-retrap", "please-notify", "combined")
    made = load(maker.write())
    monkeypatch.setattr(tried, "code", lambda _: None)
    assert len(made.sides(made.machines[0])) > 4
    lines = tried.render(made, ["one", "two", "three", "four", "five"]).splitlines()
    assert max(map(len, lines)) <= 80
    assert "1 to 5" in lines[3] and "1 to 2" not in lines[3]


def test_its_numbers_are_those_of_the_results(results: Results) -> None:
    text = tried.render(results, TITLES)
    (machine,) = results.machines
    rows = [line.split() for line in text.splitlines() if "-cpu  " in line]
    assert len(rows) >= 3
    sides = ("listen-republish", "async-retrap", "please-notify")
    for scenario, placement, _, *changes in rows:
        for side, change in zip(sides, changes, strict=True):
            found = changed(results, machine, side, (scenario, placement))
            assert found and found.change == change


def test_what_is_decided_comes_first(results: Results) -> None:
    text = tried.render(results, TITLES)
    last = [line.split()[-1] for line in text.splitlines() if "-cpu  " in line]
    assert not any(change.startswith("~") for change in last)


def test_what_moves_most_is_profiled(results: Results) -> None:
    (machine,) = results.machines
    found = tried.changed_scenarios(results)
    most = [
        max(
            abs(row.judgement.estimate or 0)
            for place in results.placements(machine)
            if (row := changed(results, machine, "please-notify", (name, place)))
        )
        for name in found
    ]
    assert most and most == sorted(most, reverse=True)
    assert not set(found) & results.floors


def test_code_that_is_not_in_the_cache_is_not_spoken_of(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path))
    assert "Code:" not in tried.render(results, TITLES)
    keys = [each["kernel_key"]["x86_64"] for each in results.plan["variants"]]
    for key, end in ((keys[0], "20"), (keys[-1], "30")):
        (tmp_path / "kernels" / key).mkdir(parents=True)
        (tmp_path / "kernels" / key / "System.map").write_text(
            f"0000000000000010 T do_wait\n00000000000000{end} T _etext\n"
        )
    assert "Code: +16 bytes: do_wait() +16." in tried.render(results, TITLES)


def test_its_files_are_read_by_every_command(tmp_path: Path) -> None:
    files = [tmp_path / f"000{n}-x.patch" for n in (1, 2)]
    for file in files:
        file.write_text("")
    shipped = ROOT / "configs/variants.toml"
    base = load_variants(shipped)["async-retrap"]
    text = attempt._variants(shipped.read_text(), base, files)
    (tmp_path / "variants.toml").write_text(text)
    variants = load_variants(tmp_path / "variants.toml")
    last = variants["patched-2"]
    assert last.patches == (*base.patches, *files)
    assert last.interfaces == base.interfaces
    (tmp_path / "mine.cc").write_text("int x;")
    own = [str(tmp_path / "mine.cc")]
    text = attempt._experiment(base, 2, "x86_64", ["floor/futex"], own)
    (tmp_path / "try.toml").write_text(text)
    experiment = load_experiment(tmp_path / "try.toml", variants)
    assert experiment.variants == ("async-retrap", "patched-1", "patched-2")
    assert experiment.baseline == "async-retrap"
    assert [file.path for file in experiment.files] == [tmp_path / "mine.cc"]
