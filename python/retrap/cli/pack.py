# SPDX-License-Identifier: GPL-2.0-only
"""`retrap pack` and `retrap verify`: results that go from one person to another."""

from __future__ import annotations

import os
import shutil
import tempfile
from argparse import Namespace
from pathlib import Path

from retrap.base.errors import EXIT_OK, EXIT_USAGE, RetrapError
from retrap.base.rawfile import read_json
from retrap.results import pack, redacted, unpack
from retrap.results.store import Results, load


def write(args: Namespace) -> int:
    """Errors: EXIT_USAGE, where the file is there; EXIT_RESULTS."""
    if args.out is not None and args.out.exists():
        raise RetrapError(f"--out {args.out}: is there", "name a new file", EXIT_USAGE)
    found = pack.collect(args.dir)
    print("\n".join(pack.render(found)))
    if args.list:
        return EXIT_OK
    file = args.out or _default(args.dir)
    pack.store(found, file)
    size = os.path.getsize(file)
    print(f"{file}: {size / 1024:.0f} KiB; ./retrap verify {file}")
    return EXIT_OK


def _default(directory: Path) -> Path:
    plan = read_json(directory / "plan.json")
    name = str(plan["experiment"]).partition("@")[0]
    return Path(f"{name}-{str(plan.get('plan_sha256', 'old'))[:8]}.pack")


def verify(args: Namespace) -> int:
    """Errors: EXIT_USAGE, where DIR is there; EXIT_RESULTS, of a pack that is none."""
    into: Path | None = args.unpack
    if into is not None and (into.exists() or into.is_symlink()):
        raise RetrapError(f"--unpack {into}: is there", "name a new one", EXIT_USAGE)
    if into is not None:
        into.parent.mkdir(parents=True, exist_ok=True)
    beside = into.parent if into else None
    work = Path(tempfile.mkdtemp(prefix=".retrap-pack-", dir=beside))
    try:
        found = work / "pack"
        found.mkdir()
        unpack.unpack(args.file, found)
        print("\n".join(_told(args.file, load(found))))
        if into is not None:
            os.rename(found, into)
            print(f"unpacked into {into}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return EXIT_OK


def _told(file: Path, results: Results) -> list[str]:
    machines = ", ".join(map(str, results.machines))
    changed = redacted.note(results.path)
    return [
        f"{file}: whole: {len(results.boots)} boots of {results.plan['experiment']}"
        f" [{machines}]; every seal holds",
        *([changed] if changed else []),
    ]
