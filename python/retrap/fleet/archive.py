# SPDX-License-Identifier: GPL-2.0-only
"""Archives to and from machines. Of one that a machine made, little is believed."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.base.rawfile import atomic_write
from retrap.campaign import journal

_WORD = r"[A-Za-z0-9][A-Za-z0-9@.,:+_-]*"
WANTED = re.compile(rf"journal\.jsonl|raw/{_WORD}/(?!.*\.partial/){_WORD}/{_WORD}")


def pack(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, path.name)


def unpack(archive: Path, directory: Path) -> None:
    """What an archive that a machine made has of its boots, as files of ours; nothing
    else of it is taken. A boot that is here stays. The journal comes last."""
    try:
        with tarfile.open(archive, "r:") as tar:
            _take(tar, directory)
    except (tarfile.TarError, ValueError) as error:
        what = f"{archive.name}: is no whole tar archive: {error}"
        remedy = "the same command fetches it again"
        raise RetrapError(what, remedy, EXIT_MACHINE) from None


def _take(tar: tarfile.TarFile, directory: Path) -> None:
    members = [m for m in tar if m.isfile() and WANTED.fullmatch(m.name)]
    members.sort(key=lambda member: member.name == journal.FILE)
    for member in members:
        path = directory / member.name
        if path.exists() and member.name != journal.FILE:
            continue
        file = tar.extractfile(member)
        assert file
        sealed = 0o644 if member.name == journal.FILE else 0o444
        atomic_write(path, file.read(), sealed)
