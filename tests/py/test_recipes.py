# SPDX-License-Identifier: GPL-2.0-only
"""The recipes of CONTRIBUTING.md: their code compiles and runs, their names exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from retrap.base.paths import ROOT
from retrap.campaign.directory import identified, open_campaign
from retrap.campaign.manifest import LOCAL, Job
from retrap.config.variants import load_variants
from retrap.results import store

TEXT = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Recipes\n")[2]
# `A variant`: what it says, up to the next.
RECIPES = dict(re.findall(r"^\*\*(.+?)\.\*\*(.*?)(?=^\*\*|\Z)", TEXT, re.M | re.S))
CODE = re.compile(r"^```\w+\n(.*?)^```$", re.M | re.S)
CPP = ("c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
FOLDERS = "bench|configs|docs|kernel-patch|plots|python|rules|tests"
NEW = {"plots/failures.py"}  # what a recipe has its reader write


def code(recipe: str) -> str:
    (block,) = CODE.findall(RECIPES[recipe])
    return str(block)


def module(recipe: str) -> ModuleType:
    found = ModuleType("recipe")
    exec(compile(code(recipe), recipe, "exec"), found.__dict__)
    return found


def compiles(source: Path) -> None:
    include = [f"-I{ROOT / folder}" for folder in ("bench", "rules")]
    argv = [*CPP, *include, "-x", "c++", str(source)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_variant(tmp_path: Path) -> None:
    file = tmp_path / "variants.toml"
    shipped = (ROOT / "configs/variants.toml").read_text()
    text = shipped.replace('"kernel-patch/', f'"{ROOT}/kernel-patch/')
    patch = tmp_path / "mine.patch"
    patch.touch()
    file.write_text(text + code("A variant").replace("/tmp/mine.patch", str(patch)))
    assert load_variants(file)["mine"].patches == (patch,)


def test_a_figure(tmp_path: Path) -> None:
    results = store.load(ROOT / "results/reference/quick")
    paths = module("A figure").draw(results, tmp_path)
    assert paths and all(path.stat().st_size for path in paths)


def test_a_scenario(tmp_path: Path) -> None:
    source = tmp_path / "floor_yield.cc"
    source.write_text(code("A scenario"))
    compiles(source)


def test_a_rule(tmp_path: Path) -> None:
    """In the file of its family."""
    text = (ROOT / "rules/book/common_rules.cc").read_text()
    above, end = text.rsplit("}  // namespace\n}", 1)
    source = tmp_path / "common_rules.cc"
    source.write_text(f"{above}{code('A rule')}\n}}  // namespace\n}}{end}")
    compiles(source)


def test_an_executor(tmp_path: Path) -> None:
    """A campaign runs it, and readers read what it leaves."""
    plan = {
        "schema": "retrap.plan/1",
        "experiment": "e",
        "baseline": "v",
        "variants": [],
        "scenarios": ["floor/clock"],
        "placements": ["same-cpu"],
    }
    campaign = open_campaign(tmp_path, identified(plan), fresh=False)
    job = Job("v", "nothing-1", "x86_64", LOCAL, "p")
    campaign.plan([job], {"p": ()})
    assert campaign.run(module("An executor").Nothing(), ([job], 1)) == []
    campaign.finish()
    campaign.close()
    (boot,) = store.load(campaign.path).boots
    assert (boot.variant, boot.name, boot.cells) == ("v", "nothing-1", ())


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_it_names_is_there(recipe: str) -> None:
    """Each path; each word of code, in a file that the recipe names."""
    said = CODE.sub("", RECIPES[recipe])
    paths = set(re.findall(rf"(?<![\w/])(?:{FOLDERS})/[\w./-]*\w/?", said)) - NEW
    assert paths and [path for path in paths if not (ROOT / path).exists()] == []
    files = [ROOT / path for path in paths if (ROOT / path).is_file()]
    known = "".join(file.read_text() for file in files)
    for name in re.findall(r"`(?:\w+\.)*(\w+(?:\(\))?)`", said):
        assert name.removesuffix(")") in known, name


def test_every_recipe_is_looked_at() -> None:
    assert list(RECIPES) == [
        *("A variant", "A figure", "A scenario", "An experiment key"),
        *("A rule", "An executor"),
    ]
