# SPDX-License-Identifier: GPL-2.0-only
"""What retrap-bench says that it can measure, and the names that are asked for."""

import json
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_CONFIG
from retrap.base.paths import ROOT
from retrap.build.programs import Programs
from retrap.config import registry
from retrap.config.experiments import load_experiment, scenario_error
from retrap.config.variants import load_variants

LISTED = {
    "schema": "retrap.list/1",
    "placements": [{"name": "same-cpu", "cpus": 1}, {"name": "cross-llc", "cpus": 2}],
    "interfaces": ["listen"],
    "scenarios": [
        {
            "scenario": name,
            "placements": ["same-cpu"],
            "interfaces": ["listen"],
            "floor": name.startswith("floor"),
        }
        for name in ("floor/clock", "mt/threads:1..9/depth:0..3", "trap/trigger:x")
    ],
}
KNOWN = registry.read(json.dumps(LISTED))


def test_any_number_of_a_range_is_a_scenario() -> None:
    assert "mt/threads:7/depth:0" in KNOWN
    found = KNOWN["mt/threads:7/depth:0"]
    assert (found.name, found.placements) == ("mt/threads:7/depth:0", ("same-cpu",))
    assert KNOWN["floor/clock"].floor and not found.floor
    assert KNOWN.placements == {"same-cpu": 1, "cross-llc": 2}


@pytest.mark.parametrize(
    "name",
    [
        *("mt/threads:0/depth:0", "mt/threads:10/depth:0", "mt/threads:7/depth:4"),
        *("mt/threads:07/depth:0", "mt/threads:7", "mt/threads:7/depth:0/", "mt", ""),
        *("trap/triggerAx", "floor/clock:1", "xmt/threads:7/depth:0"),
    ],
)
def test_no_other_name_is(name: str) -> None:
    assert name not in KNOWN
    with pytest.raises(KeyError):
        KNOWN[name]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mt/threads:10/depth:0", "mt/threads:10/depth:0: threads is 1 to 9, not 10"),
        ("mt/threads:1/depth:4", "mt/threads:1/depth:4: depth is 0 to 3, not 4"),
        ("floor/clocks", "no scenario 'floor/clocks'; of the 3 there are, the nearest"),
        ("mt/threads:x/depth:0", "are mt/threads:1..9/depth:0..3"),
    ],
)
def test_a_wrong_name_is_told_with_line_and_range(
    tmp_path: Path, name: str, said: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f'seed = 1\nscenarios = ["{name}"]\n')
    error = scenario_error(path, name, list(KNOWN))
    assert error.message.startswith(f"{path}:2: scenarios: ") and said in error.message
    assert error.exit_code == EXIT_CONFIG


@pytest.mark.parametrize("text", ["[]", '{"schema": "retrap.list/2"}', "{"])
def test_another_schema_is_no_registry(text: str) -> None:
    with pytest.raises(ValueError):
        registry.read(text)


def test_the_catalogue_has_a_scenario_of_each_family() -> None:
    """So whoever adds a family sees what it takes to measure all."""
    catalogue = ROOT / "configs/experiments/catalogue.toml"
    known = Programs(ROOT / "build/release").registry()
    names = load_experiment(catalogue, load_variants()).scenarios
    kinds = [registry.Registry([each], {}, ()) for each in known.values()]
    assert [list(k) for k in kinds if not any(name in k for name in names)] == []
