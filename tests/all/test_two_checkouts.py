# SPDX-License-Identifier: GPL-2.0-only
"""The programs that measure are the same file in every clone, at every commit that
does not change them: else no two runs are of one plan."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from retrap.base.paths import ROOT
from retrap.build.programs import MEASURING


def built(clone: Path) -> dict[str, str]:
    preset = ["cmake", "--preset", "release"]
    build = ["cmake", "--build", "build/release", "--target", *MEASURING]
    for argv in (preset, build):
        subprocess.run(argv, cwd=clone, check=True, stdout=subprocess.DEVNULL)
    files = {name: (clone / "build/release" / name).read_bytes() for name in MEASURING}
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_another_place_and_another_commit(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "of/another/name"
    for clone in (one, other):
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    (other / "docs/methodology.md").write_text("Another commit.\n")
    user = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *user, "commit", "-qam", "docs"], cwd=other, check=True)
    assert built(one) == built(other)
