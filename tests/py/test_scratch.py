# SPDX-License-Identifier: GPL-2.0-only
"""What a killed retrap leaves is cleared by the next, what a living one uses not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from retrap.base import scratch

HOLDER = """
import sys, time
from pathlib import Path
from retrap.base import scratch
with scratch.directory(Path(sys.argv[1])) as place:
    (place / "events").write_text("x")
    print(place, flush=True)
    time.sleep(60)
"""


def holder(where: Path) -> tuple[subprocess.Popen[str], Path]:
    python = str(Path(scratch.__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(where)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": python},
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_cleared_by_the_next_once_its_retrap_is_killed(tmp_path: Path) -> None:
    other = tmp_path / "retrap-of-somebody"
    other.mkdir()
    with holder(tmp_path)[0] as process:
        try:
            (left,) = tmp_path.glob(f"{scratch.PREFIX}*")
            with scratch.directory(tmp_path) as mine:
                assert (left / "events").exists() and mine != left
        finally:
            process.kill()
    assert left.exists()  # nobody could clear it
    with scratch.directory(tmp_path) as mine:
        assert not left.exists() and mine.exists()
    assert list(tmp_path.iterdir()) == [other]
