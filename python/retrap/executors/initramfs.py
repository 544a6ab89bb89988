# SPDX-License-Identifier: GPL-2.0-only
"""The guest's root: busybox, our programs, perf, and the libraries they need.

The same inputs make the same bytes, whatever the directory and the date, so
that exact runs repeat. Nothing of the results directory enters it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from retrap.build import packages, sysroot
from retrap.base.arch import Arch
from retrap.build.programs import BENCH, Programs
from retrap.base.paths import ROOT
from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.base.process import capture

APPLETS = (
    "sh cat cut echo ls mkdir mkfifo mount reboot rm sha256sum sleep stat sync tail"
    " tar wc"
)


def library_dirs(root: Path, arch: Arch) -> list[Path]:
    """Where the dynamic loader of an installation below `root` looks."""
    names = (f"lib/{arch.triplet}", f"usr/lib/{arch.triplet}", "lib", "usr/lib")
    return [root / name for name in (*names, "lib64")]


def needed_libraries(programs: list[Path], dirs: list[Path]) -> dict[str, Path]:
    """Every shared library the programs load, by soname; the loader too."""
    found: dict[str, Path] = {}
    todo = list(programs)
    while todo:
        elf = todo.pop()
        text = capture(["readelf", "-d", "-l", str(elf)]) or ""
        names = re.findall(r"\(NEEDED\)\s+Shared library: \[(.+)\]", text)
        names += [
            Path(loader).name
            for loader in re.findall(r"program interpreter: (.+)\]", text)
        ]
        for name in names:
            if name in found:
                continue
            path = next((d / name for d in dirs if (d / name).exists()), None)
            if path is None:
                raise RetrapError(
                    f"{elf}: its library {name} is nowhere in "
                    f"{', '.join(map(str, dirs))}",
                    "install the package that holds it",
                    EXIT_GUEST,
                )
            found[name] = path.resolve()
            todo.append(found[name])
    return found


def perf_program(root: Path = Path("/")) -> Path | None:
    """perf's binary; Debian's /usr/bin/perf is it, Ubuntu's is a script."""
    candidates = [root / "usr/bin/perf", *sorted(root.glob("usr/lib/linux-*/perf"))]
    for path in candidates:
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
            return path.resolve()
    return None


Files = Mapping[str, str | Path]  # by path in the guest: a text, or a host's file


def make(work: Path, arch: Arch, programs: Programs, files: Files) -> Path:
    """Builds work/initramfs.cpio, with the libraries its programs need; perf,
    which counts for retrap-bench, only beside it."""
    root, origin = work / "root", sysroot.root(arch)
    for name in ("bin", "lib", "lib64", "proc", "sys", "dev", "tmp", "results"):
        (root / name).mkdir(parents=True)
    busybox = origin / "bin/busybox"
    if arch.native:
        busybox = Path(packages.program("busybox") or busybox)
    _copy(busybox, root / "bin/busybox", "busybox-static")
    for applet in APPLETS.split():
        (root / "bin" / applet).symlink_to("busybox")
    elfs = [programs.path(name) for name in programs.names]
    perf = perf_program(origin) if BENCH in programs.names else None
    if perf:
        elfs.append(perf)
    for elf in elfs:
        _copy(elf, root / "bin" / ("perf" if elf == perf else elf.name), "")
    elfs += [file for file in files.values() if isinstance(file, Path) and _elf(file)]
    libraries = needed_libraries(elfs, library_dirs(origin, arch))
    for name, path in sorted(libraries.items()):
        folder = "lib64" if name.startswith("ld-linux-x86-64") else "lib"
        _copy(path, root / folder / name, "")
    _copy(ROOT / "exact/guest/init", root / "init", "")
    _copy(ROOT / "bench/retrap-count", root / "bin/retrap-count", "")
    for guest_path, content in files.items():
        target = root / guest_path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            _copy(content, target, "")
        else:
            target.write_text(content)
    return _pack(root, work / "initramfs.cpio")


def _elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path, package: str) -> None:
    try:
        shutil.copyfile(source, target)
        target.chmod(0o755)
    except FileNotFoundError:
        raise RetrapError(
            f"{source}: not found, the guest needs it",
            f"install {package}" if package else "run ./retrap matrix again",
            EXIT_GUEST,
        ) from None


def _pack(root: Path, out: Path) -> Path:
    """newc cpio: sorted names, no times, owner root, inodes renumbered."""
    names = []
    for path in sorted(root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
        os.utime(path, (0, 0), follow_symlinks=False)
        names.append(str(path.relative_to(root)))
    with out.open("wb") as file:
        argv = ["cpio", "--quiet", "--reproducible", "-o", "-H", "newc", "-R", "+0:+0"]
        done = subprocess.run(
            argv,
            input="\n".join(names),
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
        )
    if done.returncode != 0:
        raise RetrapError(
            f"{out}: cpio failed: {done.stderr.strip()}",
            "is the disk full? is cpio installed?",
            EXIT_GUEST,
        )
    shutil.rmtree(root)
    return out
