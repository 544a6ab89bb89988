# SPDX-License-Identifier: GPL-2.0-only
"""retrap kernel and retrap packages from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import SECTIONS, refused, retrap

VERBS = ("list", "build", "path", "clean", "prune", "deb")


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb(verb: str) -> None:
    text = retrap("kernel", verb, "--help").stdout
    heads = [line for line in text.splitlines() if line[:1].isupper()]
    assert heads == [*SECTIONS, "EXAMPLES"]
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2, ["kernel"]),
        (2, ["kernel", "frob"]),
        (2, ["kernel", "build"]),
        (2, ["kernel", "path", "mainline", "async-retrap"]),
        (2, ["kernel", "path", "mainline", "--arch", "pdp11"]),
        (2, ["kernel", "clean"]),
        (2, ["kernel", "clean", "mainline", "--all"]),
        (2, ["kernel", "prune"]),
        (2, ["kernel", "prune", "--to", "much"]),
        (4, ["kernel", "deb", "mainline", "--config", "/none"]),
        (2, ["packages"]),
        (2, ["packages", "sysroot"]),
        (4, ["kernel", "path", "nosuch"]),
        (4, ["kernel", "path", "../../etc"]),
        (4, ["kernel", "build", "mainline", "nosuch"]),
        (4, ["kernel", "clean", "nosuch"]),
        (4, ["kernel", "list", "--variants", "/nonexistent"]),
    ],
)
def test_nonsense_is_refused(
    code: int, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path))
    refused(code, *words)


def test_list_of_an_empty_cache(tmp_path: Path) -> None:
    done = retrap("kernel", "list", "--json", RETRAP_CACHE=str(tmp_path))
    rows = json.loads(done.stdout)
    pairs = {(row["variant"], row["arch"]) for row in rows}
    assert {("mainline", "x86_64"), ("mainline", "arm64")} <= pairs
    assert {row["state"] for row in rows} <= {"to build", "unknown"}


def test_path_of_a_kernel_not_built(tmp_path: Path) -> None:
    done = retrap("kernel", "path", "mainline", RETRAP_CACHE=str(tmp_path))
    assert done.returncode == 6 and done.stdout == ""
    assert "./retrap kernel build mainline" in done.stderr


def test_packages_says_the_command() -> None:
    """Of a set with nothing missing there is nothing to say."""
    done = retrap("packages", "build", "--no-install")
    assert (done.returncode, done.stdout) == (0, "")
