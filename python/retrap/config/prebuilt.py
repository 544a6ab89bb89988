# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that somebody else has built, by its image or its build directory: what
is known of it without its source.

Its config is in the image (CONFIG_IKCONFIG), or lies beside it as in /boot, or in the
build directory.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import re
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrap.base import elf
from retrap.base.arch import Arch
from retrap.base.errors import EXIT_CONFIG, RetrapError

# What a guest cannot do without, built in: it has no modules.
NEEDED = {
    "": """BLK_DEV_INITRD BINFMT_ELF BINFMT_SCRIPT PROC_FS SYSFS TMPFS DEVTMPFS TTY
        PRINTK PERF_EVENTS EVENT_TRACING VIRTIO_MMIO VIRTIO_CONSOLE""",
    "x86_64": "X86_MPPARSE VIRTIO_MMIO_CMDLINE_DEVICES SERIAL_8250_CONSOLE",
    "arm64": "SERIAL_AMBA_PL011_CONSOLE",
}
# With one of these exact boots do not agree to the instruction.
RANDOM = "RANDOMIZE_BASE RANDOMIZE_KSTACK_OFFSET_DEFAULT SLAB_FREELIST_RANDOM"
IKCONFIG = re.compile(rb"IKCFG_ST(\x1f\x8b.+?)IKCFG_ED", re.S)
PACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": lambda data: zlib.decompressobj(31).decompress(data),
    b"\xfd7zXZ": lambda data: lzma.LZMADecompressor().decompress(data),
    b"]\0\0": lambda data: lzma.LZMADecompressor().decompress(data),
    b"BZh": lambda data: bz2.BZ2Decompressor().decompress(data),
    b"\x28\xb5\x2f\xfd": lambda data: _by("zstd", data),
    b"\x02\x21\x4c\x18": lambda data: _by("lz4", data),
}


@dataclass(frozen=True)
class Prebuilt:
    """`system_map` and `vmlinux` are None where they are not known."""

    image: Path
    config: str
    build_id: str
    system_map: Path | None
    vmlinux: Path | None

    @property
    def compiler(self) -> str:
        """As its config says."""
        match = re.search(r'^CONFIG_CC_VERSION_TEXT="(.*)"$', self.config, re.M)
        return match.group(1) if match else "not known"

    def lacks(self, arch: Arch) -> list[str]:
        """Symbols that a guest needs."""
        words = f"{NEEDED['']} {NEEDED[arch.name]}".split()
        return [f"CONFIG_{word}" for word in words if not self._has(word)]

    def random(self) -> list[str]:
        return [f"CONFIG_{word}" for word in RANDOM.split() if self._has(word)]

    def _has(self, word: str) -> bool:
        return f"CONFIG_{word}=y\n" in self.config


@functools.cache
def read(place: Path, arch: Arch) -> Prebuilt:
    """The kernel of an image, or of a build directory. Errors: EXIT_CONFIG, with what
    is missing or is no kernel of `arch`."""
    try:
        return _directory(place, arch) if place.is_dir() else _image(place, arch)
    except OSError as error:
        what = f"{error.filename or place}: {error.strerror or error}"
    except (zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        what = f"{place}: it cannot be unpacked: {error}"
    raise RetrapError(what, "name an image, or what make O= has built", EXIT_CONFIG)


def _directory(place: Path, arch: Arch) -> Prebuilt:
    image, vmlinux = place / arch.image, place / "vmlinux"
    for file in (image, vmlinux, place / ".config"):
        if not file.is_file():
            raise RetrapError(
                f"{place}: no {file.relative_to(place)} in it",
                f"build it: make O={place} {arch.target}",
                EXIT_CONFIG,
            )
    config = (place / ".config").read_text(errors="replace")
    return Prebuilt(
        image, config, _id(image, vmlinux), _file(place / "System.map"), vmlinux
    )


def _image(image: Path, arch: Arch) -> Prebuilt:
    data = image.read_bytes()
    if arch.name != "x86_64" or data[0x202:0x206] != b"HdrS":
        raise RetrapError(
            f"{image}: no bzImage of x86_64",
            'name its build directory, as in build = "/path"; for arm64 always',
            EXIT_CONFIG,
        )
    vmlinux = _unpacked(image, data)
    release = image.name.removeprefix("vmlinuz") if "vmlinuz" in image.name else ""
    beside = _file(image.with_name(f"config{release}"))
    if match := IKCONFIG.search(vmlinux):
        config = gzip.decompress(match.group(1)).decode(errors="replace")
    elif beside:
        config = beside.read_text(errors="replace")
    else:
        raise RetrapError(
            f"{image}: its config is not in it (CONFIG_IKCONFIG), and there is no "
            f"config{release} beside it",
            "put that there, or name its build directory: build =",
            EXIT_CONFIG,
        )
    system_map = _file(image.with_name(f"System.map{release}"))
    found = _id(image, io.BytesIO(vmlinux))
    return Prebuilt(image, config, found, system_map, None)


def _id(image: Path, vmlinux: Path | io.BytesIO) -> str:
    if found := elf.build_id(vmlinux):
        return found
    raise RetrapError(
        f"{image}: no build id, so no boot can tell that it is this kernel",
        "link it with --build-id, as kbuild does",
        EXIT_CONFIG,
    )


def _unpacked(image: Path, data: bytes) -> bytes:
    """vmlinux, by the head of the image (Documentation/arch/x86/boot.rst)."""
    sectors = data[0x1F1] or 4
    start, size = (int.from_bytes(data[at : at + 4], "little") for at in (0x248, 0x24C))
    start += (sectors + 1) * 512
    payload = data[start : start + size]
    if len(payload) < size:
        raise RetrapError(
            f"{image}: cut off, it ends at {len(data)} of {start + size} bytes",
            "copy it again",
            EXIT_CONFIG,
        )
    for magic, unpack in PACKERS.items():
        if payload.startswith(magic):
            return unpack(payload)
    raise RetrapError(
        f"{image}: packed in a way that retrap does not know",
        "name its build directory: build =",
        EXIT_CONFIG,
    )


def _by(program: str, data: bytes) -> bytes:
    """By a program, which complains of what follows the packed data."""
    try:
        done = subprocess.run([program, "-dc"], input=data, capture_output=True)
    except FileNotFoundError:
        raise RetrapError(
            f"a kernel packed with {program}, which is not installed",
            f"apt-get install {program}, or name its build directory: build =",
            EXIT_CONFIG,
        ) from None
    return done.stdout


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None
