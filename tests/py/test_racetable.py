# SPDX-License-Identifier: GPL-2.0-only
"""The table of the races says what the stored run counted."""

from __future__ import annotations

from typing import Any

from retrap.rules import docs_tables, racetable

HEAD = {"stamp": "20260101-000000", "version": "v1", "cpus": 2}


def boot(**properties: dict[str, str]) -> dict[str, Any]:
    tests = {name.replace("__", "/"): values for name, values in properties.items()}
    return {"properties": tests}


def record(**boots: dict[str, Any]) -> dict[str, Any]:
    column = {"kernel": "mainline", "boots": boots}
    return {**HEAD, "columns": {"x86_64/mainline": column}}


def test_each_outcome_is_a_row_with_its_turns_of_all() -> None:
    smp = boot(
        R01_A__same={"outcome_first": "2", "outcome_never": "1", "turns_listen": "9"},
        R01_A__cross={"outcome_first": "30"},
        R02_B__same={"outcome_lost": "4"},
    )
    assert racetable.render(record(smp=smp)) == (
        "20260101-000000 UTC, retrap v1, 2 vCPUs side by side\n"
        "\n"
        "x86_64/mainline\n"
        "race   outcome  same-cpu  cross-cpu\n"
        "R01_A  first      2 of 3   30 of 30\n"
        "       never      1 of 3    0 of 30\n"
        "R02_B  lost       4 of 4          -\n"
    )


def test_the_counts_of_the_exact_boot_are_none_of_a_race() -> None:
    exact = boot(R01_A__same={"outcome_first": "2"})
    smp = boot(R01_A__same={"turns_listen": "2"})
    made = racetable.render(record(exact=exact, smp=smp))
    assert made.splitlines()[1:] == []


def test_a_run_of_other_kernels_is_not_the_one_of_the_races() -> None:
    names = ("mainline", "mainline-ia32", "combined")
    columns = {name: {"kernel": name} for name in names}
    assert docs_tables.kind_of({"columns": columns}) == "conform"
    del columns["combined"]
    assert docs_tables.kind_of({"columns": columns}) == "races"
