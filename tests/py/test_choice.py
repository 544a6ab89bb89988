# SPDX-License-Identifier: GPL-2.0-only
"""What is measured of a patch, by what the scenarios run."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from retrap.base.arch import ARCHES, native
from retrap.base.errors import RetrapError
from retrap.base.paths import ROOT
from retrap.config.variants import Variant, load_variants
from retrap.kernel import source
from retrap.profile import choice, reach
from retrap.profile.reach import Reach

A, B, C = "tracer/attach/attach", "tracer/attach/detach", "tracer/event/exec"
MANY = tuple(f"elsewhere/wait/nohang:{n}" for n in range(30))
KNOWN = (A, B, C, "floor/syscall", "floor/futex", "retrap/trigger:sigcont", *MANY)


def map_of(**functions: set[str]) -> Reach:
    found = {name: frozenset(each) for name, each in functions.items()}
    return Reach("mainline", "x86_64", "linux 6.12", KNOWN, found)


def test_few_scenarios_run_all_that_is_touched() -> None:
    made = map_of(one={A, B}, two={B, C}, three=set(MANY))
    chosen = choice.choose(["one", "two", "three"], made, spread=False)
    for name in ("one", "two", "three"):
        assert made.of(name) & set(chosen.scenarios)
    assert len(chosen.scenarios) == choice.MOST
    assert chosen.scenarios[0] == B  # it runs two of them
    assert chosen.controls == ("floor/syscall", "floor/futex")


def test_a_scenario_of_each_even_if_there_are_many() -> None:
    made = map_of(**{f"f{n}": {name} for n, name in enumerate(MANY)})
    chosen = choice.choose([f"f{n}" for n in range(30)], made, spread=False)
    assert set(chosen.scenarios) == set(MANY)


def test_what_no_scenario_runs() -> None:
    chosen = choice.choose(["gone", "one"], map_of(one={A}), spread=False)
    assert chosen.unreached == ("gone",)
    assert chosen.scenarios == (A,)
    chosen = choice.choose(["gone"], map_of(one={A}), spread=False)
    assert chosen.scenarios == () and chosen.controls


def test_a_control_runs_nothing_of_it() -> None:
    made = map_of(entry={"floor/syscall", "floor/futex", A})
    chosen = choice.choose(["entry"], made, spread=False)
    assert chosen.controls == ("retrap/trigger:sigcont",)


def test_more_than_functions_has_no_control() -> None:
    chosen = choice.choose(["one"], map_of(one={A}), spread=True)
    assert chosen.controls == ()
    assert set(choice.FIRST) <= set(chosen.scenarios)


MAPS = sorted(reach.MAPS.glob("*.json"))


@pytest.mark.parametrize("path", MAPS, ids=[path.stem for path in MAPS])
def test_each_stored_map(path: Path) -> None:
    variants = load_variants(ROOT / "configs/variants.toml")
    found = reach.read(path)
    assert found.variant in variants and path == reach.file_of(
        found.variant, ARCHES[found.arch]
    )
    assert "retrap/trigger:sigcont" in found.of("ptrace_stop")
    assert "floor/syscall" not in found.of("ptrace_stop")
    assert "elsewhere/fork-exit-wait" in found.of("do_exit")
    assert found.of("prepare_signal") and not found.of("no_such_function")
    assert len(found.scenarios) > 80
    controls = choice.choose(["prepare_signal"], found, spread=False).controls
    assert controls == ("floor/syscall", "tracer/request/proc-mem")


def test_a_map_serves_what_is_based_on_its_kernel() -> None:
    variants = load_variants(ROOT / "configs/variants.toml")
    for name, base in (
        ("async-retrap", "mainline"),
        ("async-retrap-7.x", "mainline-7.x"),
        ("mainline-6.1", "mainline"),
    ):
        found = reach.nearest(variants[name], variants, ARCHES["x86_64"])
        assert found and found.variant == base


@pytest.mark.parametrize(
    ("release", "taken"),
    [
        *(((6, 1), "mainline"), ((6, 12), "mainline"), ((6, 18), "mainline")),
        *(((7, 3), "mainline-7.x"), (None, "mainline-7.x")),
    ],
)
def test_another_source_has_the_map_of_the_release_before(
    release: tuple[int, int] | None,
    taken: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A variant with patches has no say."""
    monkeypatch.setattr(reach, "MAPS", tmp_path)
    for name in ("mainline", "please-notify", "mainline-7.x"):
        made = dataclasses.replace(map_of(one={A}), variant=name)
        path = reach.file_of(name, ARCHES["x86_64"])
        path.write_text(json.dumps(made.record()))
    variants = load_variants(ROOT / "configs/variants.toml")
    mine, known = variants["mainline-6.1"], source.version

    def version(of: Variant) -> tuple[int, int] | None:
        return release if of is mine else known(of)

    monkeypatch.setattr(source, "version", version)
    found = reach.nearest(mine, variants, ARCHES["x86_64"])
    assert found and found.variant == taken


def test_a_map_is_read_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "MAPS", tmp_path)
    variants = load_variants(ROOT / "configs/variants.toml")
    assert reach.nearest(variants["mainline"], variants, native()) is None
    made = map_of(one={A, C}, two={B})
    path = reach.file_of("mainline", native())
    path.write_text(json.dumps(made.record()))
    assert reach.nearest(variants["combined"], variants, native()) == made
    path.write_text(
        path.read_text().replace("[0,2]", "[0,99]").replace("[0, 2]", "[99]")
    )
    with pytest.raises(RetrapError, match="does not list"):
        reach.read(path)
