# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of damage to a result directory is refused by name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Maker

from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.report import lkml, table
from retrap.results import store

BOOT = "raw/mainline/exact-1/boot.json"
STEM = "raw/mainline/exact-1/retrap.trigger-sigcont@same-cpu"


def edit(name: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        file = path / name
        record = json.loads(file.read_text())
        change(record)
        file.write_text(json.dumps(record))

    return apply


def text(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda path: (path / name).write_bytes(content) and None


def samples(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        array = np.load(path / f"{STEM}.npy")
        with open(path / f"{STEM}.npy", "wb") as file:
            np.save(file, change(array))

    return apply


def size(length: int) -> Callable[[Path], None]:
    return lambda path: os.truncate(path / f"{STEM}.npy", length)


def set_at(field: str, value: int) -> Callable[[Any], Any]:
    def apply(array: Any) -> Any:
        array[field][0] = value
        return array

    return apply


DAMAGE: list[tuple[Callable[[Path], None], str, str]] = [
    (size(500), ".npy", "not a whole .npy file"),
    (size(50), ".npy", "not a whole .npy file"),
    (size(1000), ".npy", "bytes after the samples"),
    (text(f"{STEM}.npy", b""), ".npy", "not a whole .npy file"),
    (text(f"{STEM}.npy", b"\x93NUMPY\x01\x00\xff\xff{"), ".npy", "not a whole"),
    (text(f"{STEM}.npy", b"PK\x03\x04 nonsense"), ".npy", "not a whole .npy file"),
    (lambda p: (p / f"{STEM}.npy").unlink(), ".npy", "cannot be read"),
    (samples(lambda a: np.arange(20)), ".npy", "wrong dtype or shape"),
    (samples(lambda a: np.array([{}], dtype=object)), ".npy", "not a whole"),
    (samples(lambda a: a.reshape(2, 10)), ".npy", "wrong dtype or shape"),
    (samples(lambda a: a[:-1]), ".npy", "19 samples, 0 failed; "),
    (samples(set_at("outcome", 2)), ".npy", "20 samples, 1 failed; "),
    (samples(set_at("outcome", 5)), ".npy", "outcome 5 does not exist"),
    (samples(set_at("t_return_ns", 2**64 - 1)), ".npy", "never returned"),
    (samples(set_at("t_trigger_ns", 2**62)), ".npy", "never returned"),
    (text(f"{STEM}.run.json", b'{"schema": '), ".run.json", "line 1: not JSON"),
    (text(f"{STEM}.run.json", b"[]"), ".run.json", "not a JSON object"),
    (text(f"{STEM}.run.json", b"\xff\xfe"), ".run.json", "not JSON"),
    (text(f"{STEM}.run.json", b"[" * 100000), ".run.json", "nested too deep"),
    (edit(f"{STEM}.run.json", lambda r: r.pop("unit")), ".run.json", ": unit: missing"),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(seed="7")),
        ".run.json",
        ": seed: must be a whole number, is '7'",
    ),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(samples_taken=True)),
        ".run.json",
        ": samples_taken: must be a whole number, is True",
    ),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(unit="ns")),
        ".run.json",
        "unit 'ns' does not go with 'exact'",
    ),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(schema="retrap.run/2")),
        ".run.json",
        "schema is 'retrap.run/2'",
    ),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(placement="cross-cpu")),
        ".run.json",
        "is about retrap/trigger:sigcont@cross-cpu",
    ),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(substrate="vm", unit="ns")),
        ".run.json",
        "substrate 'vm' in a boot of 'exact'",
    ),
    (
        edit(f"{STEM}.run.json", lambda r: r.update(interface="ouija")),
        ".run.json",
        "interface 'ouija' is none of its kernel's",
    ),
    (
        lambda p: (p / f"{STEM}.run.json").rename(p / f"{STEM}+listen-to.run.json"),
        ".run.json",
        "is about retrap/trigger:sigcont@same-cpu through listen",
    ),
    (edit(BOOT, lambda r: r.pop("arch")), "boot.json", ": arch: missing"),
    (
        edit(BOOT, lambda r: r.update(substrate="x")),
        "boot.json",
        "substrate: must be one of exact, ",
    ),
    (text(BOOT, b""), "boot.json", "not JSON"),
    (text(BOOT, b"{}"), "boot.json", "schema is None, not retrap.boot/1"),
    (
        text(
            "raw/mainline/exact-1/env-before.json",
            b'{"schema": "retrap.env/1", "facts": 3}',
        ),
        "env-before.json",
        ": facts: must be a table, is 3",
    ),
    (text("plan.json", b"{"), "plan.json", "not JSON"),
    (
        edit("plan.json", lambda r: r.pop("baseline")),
        "plan.json",
        ": baseline: missing",
    ),
    (
        edit("plan.json", lambda r: r.update(variants=[{}])),
        "plan.json",
        ": variants[0].name: missing",
    ),
    (lambda p: (p / "plan.json").unlink(), "2026", "not a result directory"),
]


@pytest.mark.parametrize(("hurt", "file", "said"), DAMAGE)
def test_damage_is_an_error_that_names_the_file(
    maker: Maker, hurt: Callable[[Path], None], file: str, said: str
) -> None:
    maker.samples, maker.substrates = 20, ("exact",)
    path = maker.write()
    hurt(path)
    for reader in (store.load, table.render, lkml.write):
        with pytest.raises(RetrapError) as caught:
            reader(path)
        assert caught.value.exit_code == EXIT_RESULTS
        assert said in caught.value.message
        assert file in caught.value.message.split(":")[0]
        assert caught.value.remedy
