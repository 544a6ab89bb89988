# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try --every-tag`: three releases, in a tree, are those of Debian's sources.

Needs linux-source-6.1, which only Debian 12 has.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from linux_tree import add, git, made

from retrap.base.errors import RetrapError
from retrap.base.paths import ROOT
from retrap.config.variants import load_variants
from retrap.kernel import source

RELEASES = {"v6.1": "mainline-6.1", "v6.12": "mainline", "v7.3": "mainline-7.x"}
SCENARIOS = "retrap/trigger:sigcont,floor/syscall"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    variants = load_variants()
    for name in RELEASES.values():
        try:
            source.identify(variants[name])
        except RetrapError as error:
            pytest.skip(error.message)
    first, *others = RELEASES.items()
    found = made(tmp_path_factory.mktemp("releases"), first[1], first[0])
    for tag, variant in others:
        add(found, variant, tag)
    git(found, "tag", "v6.12-rc1", "v6.12")
    return found


def test_a_path_over_releases(tree: Path, tmp_path: Path) -> None:
    argv = [ROOT / "retrap", "try", "--tree", tree, "--every-tag", "v6.1.."]
    argv += ["--scenarios", SCENARIOS, "--results", tmp_path / "results"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) <= 24
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    rows = [line.split() for line in lines if line.startswith("v")]
    assert [row[0] for row in rows] == [*RELEASES]
    for name, *cells in rows:  # three cells; after the first release with a change
        assert len(cells) == (3 if name == "v6.1" else 6)
        assert all(
            float(cells[at]) > 100 for at in range(0, len(cells), len(cells) // 3)
        )
    (directory,) = (tmp_path / "results").glob("*/2*")
    assert list((directory / "figures").glob("releases-*.svg"))
