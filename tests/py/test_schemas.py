# SPDX-License-Identifier: GPL-2.0-only
"""schemas/: what is stored and what is shipped agrees with them, and they say all."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from retrap.base import schema
from retrap.base.arch import ARCHES
from retrap.base.paths import ROOT
from retrap.base.tomlfile import read_checked
from retrap.campaign import journal, manifest
from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import QEMU, Job
from retrap.config import experiments
from retrap.config.variants import INTERFACES, PROPERTIES, load_variants
from retrap.machine.machine import SUBSTRATES
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.results.sealed import close

NAMES = sorted(path.stem for path in schema.SCHEMAS.glob("*.json"))
REFERENCE = ROOT / "results/reference"
# By schema, the files of results/reference.
RECORDS = {
    "run": "*/raw/*/*/*.run.json",
    "boot": "*/raw/*/*/boot.json",
    "env": "*/raw/*/*/env-*.json",
    "plan": "*/plan.json",
    "manifest": "*/manifest.json",
    "profile": "profile/profiles/*.json",
    "conform": "*/conform.json",
    "mutate": "mutate/mutate.json",
}
OTHERS = "*.benchmark.json"  # Google Benchmark's
TOML = {
    "experiment": ("configs/experiments/*.toml", "docs/example/wait.toml"),
    "rulebook": ("configs/conform.toml",),
    "mutations": ("kernel-patch/mutations/*.toml",),
    "variants": (
        *("configs/variants.toml", "configs/debug.toml", "configs/kcsan.toml"),
        *("configs/preempt.toml", "docs/example/variants.toml"),
    ),
}


def nodes(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema in a schema, by the path that leads to it."""
    if not isinstance(node, dict):
        return
    yield where, node
    for key in ("properties", "$defs"):
        for name, each in node.get(key, {}).items():
            yield from nodes(each, f"{where}/{name}")
    for key in ("items", "additionalProperties"):
        yield from nodes(node.get(key), f"{where}/{key}")
    for each in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from nodes(each, f"{where}/any")


def strict(name: str) -> dict[str, Any]:
    """The schema, with no field left that it does not describe."""
    whole = copy.deepcopy(schema.load(name))
    for _, node in nodes(whole):
        if "properties" in node:
            node["additionalProperties"] = False
    return whole


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_describes_each_field(name: str) -> None:
    whole = schema.load(name)
    jsonschema.Draft202012Validator.check_schema(whole)
    assert whole["title"] and whole["description"]
    for where, node in nodes(whole):
        for field, each in node.get("properties", {}).items():
            assert each.get("description"), f"{where}/{field}"
        if {"pattern", "anyOf", "oneOf"} & node.keys():
            assert node.get("title"), f"{where}: a message needs a noun"
        if "pattern" in node:
            assert node["pattern"][0] + node["pattern"][-1] == "^$", where


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_stored_is_described(name: str) -> None:
    files = sorted(REFERENCE.glob(RECORDS[name]))
    assert files
    check = jsonschema.Draft202012Validator(strict(name))
    for file in files:
        record = json.loads(file.read_text())
        assert not list(schema.problems(name, record)), file
        assert not [error.message for error in check.iter_errors(record)], file


def test_every_stored_record_is_checked() -> None:
    known = {file for glob in RECORDS.values() for file in REFERENCE.glob(glob)}
    others = set(REFERENCE.rglob(OTHERS))
    assert set(REFERENCE.rglob("*.json")) == known | others


@pytest.mark.parametrize("name", TOML)
def test_what_is_shipped_is_valid(name: str) -> None:
    files = [file for glob in TOML[name] for file in ROOT.glob(glob)]
    assert files
    for file in files:
        read_checked(file, "file", name)


def test_every_toml_file_is_checked() -> None:
    known = {
        file for globs in TOML.values() for glob in globs for file in ROOT.glob(glob)
    }
    for folder in ("configs", "docs", "kernel-patch"):
        assert set((ROOT / folder).rglob("*.toml")) <= known


def test_names_are_those_of_the_code() -> None:
    run = schema.load("run")["properties"]
    assert run["substrate"]["enum"] == list(SUBSTRATES)
    assert set(run["unit"]["enum"]) == set(SUBSTRATES.values())
    job = schema.load("manifest")["$defs"]["job"]["properties"]
    assert job["executor"]["enum"] == list(manifest.EXECUTORS)
    asked = schema.load("experiment")["properties"]
    assert asked["arch"]["items"]["enum"] == list(ARCHES)
    assert asked["placements"]["default"] == list(experiments.PLACEMENTS)
    samples = asked["exact"]["properties"]["samples"]
    assert samples["maximum"] == experiments.MOST_SAMPLES
    cpus = asked["exact"]["properties"]["cpus"]
    assert cpus["maximum"] == experiments.MOST_CPUS
    variant = schema.load("variants")["$defs"]["variant"]["properties"]
    assert variant["properties"]["items"]["enum"] == list(PROPERTIES)
    rules = schema.load("rulebook")
    assert rules["properties"]["waived"]["propertyNames"]["enum"] == list(PROPERTIES)
    family = rules["$defs"]["family"]["properties"]
    assert family["interface"]["enum"] == list(INTERFACES)
    assert family["property"]["enum"] == list(PROPERTIES)


EXPERIMENT = """scenarios = ["floor/clock"]
[host]
samples = 10
"""
RULES = """[families]
C = { rules = 2, interface = "listen" }
[differences.C01_X]
kernels = ["mainline"]
reason = "r"
"""


@pytest.mark.parametrize(
    ("name", "text", "old", "new", "said"),
    [
        ("experiment", EXPERIMENT, "10", "10.0", "3: [host] samples: must be a whole"),
        ("experiment", EXPERIMENT, "10", "true", "3: [host] samples: must be a whole"),
        ("experiment", EXPERIMENT, "10", "9", "3: [host] samples: must be 10 to 1000"),
        ("experiment", EXPERIMENT, 'k"', 'k\\n"', "1: scenarios: must be a scenario"),
        ("experiment", EXPERIMENT, "samples = 10", "", "2: [host] samples: missing"),
        (
            "experiment",
            EXPERIMENT,
            "[host]\nsamples = 10",
            "host = 1",
            "2: host: must be a table",
        ),
        (
            "experiment",
            EXPERIMENT,
            "[host]",
            "placements = []\n[host]",
            "2: placements: is empty",
        ),
        ("rulebook", RULES, "2,", "0,", "2: [families] C.rules: must be 1 to 99, is 0"),
        ("rulebook", RULES, "2,", '"x",', "2: [families] C.rules: must be a number of"),
        (
            "rulebook",
            RULES,
            "interface",
            "x",
            "2: [families] C.x: unknown key; known: ",
        ),
        ("rulebook", RULES, ', interface = "listen"', "", "2: [families] C: must be a"),
        ("rulebook", RULES, "reason", "why", "5: [differences.C01_X] why: unknown key"),
        ("rulebook", RULES, '"r"', '""', "5: [differences.C01_X] reason: is empty"),
        ("rulebook", RULES, "families", "x", "1: x: unknown key; known: families, "),
    ],
)
def test_toml_names_line_and_field(
    tmp_path: Path, name: str, text: str, old: str, new: str, said: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    read_checked(path, "file", name)
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RetrapError) as caught:
        read_checked(path, "file", name)
    assert caught.value.message.startswith(f"{path}:{said}")


def test_a_variant_may_have_several_interfaces_and_not_any(tmp_path: Path) -> None:
    path = tmp_path / "v.toml"
    path.write_text('[a]\npackage = "p"\ninterface = ["listen", "X"]\n')
    said = str(load_variants(path).bad["a"])
    assert f"{path}:3: [a] interface: must be an interface, is " in said
    path.write_text('[a]\npackage = "p"\ninterface = 3\n')
    said = str(load_variants(path).bad["a"])
    assert said.endswith("interface: must be an interface, or a list of them, is 3")


def test_the_document_names_every_schema_and_no_other() -> None:
    text = (ROOT / "docs/data-format.md").read_text()
    found = re.findall(r"\]\(\.\./python/retrap/schemas/([\w-]+)\.json\)", text)
    assert sorted(found) == NAMES


def test_what_a_campaign_writes_is_described(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    campaign = Campaign(tmp_path, "fills", os.open("/dev/null", os.O_RDONLY))
    job = Job("mainline", "vm-x86_64-1", "x86_64", QEMU, "vm", seed=7)
    campaign.plan([job], {"vm": ("bench a --samples 3",)})

    def fail(job: Job, lines: tuple[str, ...], into: Path) -> None:
        raise RetrapError("why", "remedy", EXIT_GUEST)

    def closes(job: Job, lines: tuple[str, ...], into: Path) -> None:
        into.mkdir(parents=True)
        close(into, {})

    campaign.run(fail, ([job], 1))
    campaign.run(closes, ([job], 1))
    campaign.finish()
    campaign.close()
    whole = json.loads((tmp_path / manifest.FILE).read_text())
    assert not list(
        jsonschema.Draft202012Validator(strict("manifest")).iter_errors(whole)
    )
    assert not list(schema.problems("manifest", whole))
    lines = (tmp_path / journal.FILE).read_text().splitlines()
    states = [json.loads(line)["state"] for line in lines]
    assert states == "begun planned running failed running done finished".split()
    check = jsonschema.Draft202012Validator(strict("journal"))
    for line in map(json.loads, lines):
        assert not list(check.iter_errors(line)), line
