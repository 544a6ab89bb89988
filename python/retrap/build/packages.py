# SPDX-License-Identifier: GPL-2.0-only
"""What this machine must have for a command, and having it installed.

configs/packages.txt lists it in sets. A thing is looked for itself, so that it
does not matter which distribution it came from, or whether any did.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import importlib.util
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrap.build import apt, suites
from retrap.base.arch import Arch, native
from retrap.base.paths import ROOT
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_PACKAGES, EXIT_USAGE, RetrapError
from retrap.base.process import capture
from retrap.base.progress import Progress, say

LIST = ROOT / "configs/packages.txt"
COMPILER = re.compile(r"((?:gcc|clang)-\d+)(?:-([a-z0-9-]+))?")
SKIP, NO, YES = "skip", "no", "yes"  # RETRAP_INSTALL; --no-install is "no"


@dataclass(frozen=True)
class Need:
    """`kind` and `name` say what is looked for, `packages` what has it."""

    group: str
    packages: tuple[str, ...]
    kind: str
    name: str
    why: str

    def there(self) -> bool:
        return _FOUND[self.kind](self.name)

    @property
    def thing(self) -> str:
        return f"{self.kind} {self.name}"


def program(name: str) -> str | None:
    """Where it is. sbin/ is not on every user's PATH, but the kernel's scripts look
    there."""
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}:/usr/sbin:/sbin")


def _command(name: str) -> bool:
    return program(name) is not None


def _module(name: str) -> bool:
    importlib.invalidate_caches()
    return importlib.util.find_spec(name) is not None


def _header(name: str) -> bool:
    """Where the compilers look, and below CMAKE_PREFIX_PATH."""
    roots = ["/usr", "/usr/local", *os.getenv("CMAKE_PREFIX_PATH", "").split(":")]
    multiarch = f"include/{native().triplet}"
    return any(
        (Path(root) / folder / name).is_file()
        for root in filter(None, roots)
        for folder in ("include", multiarch)
    )


def _static(name: str) -> bool:
    """An ELF file whose head names no dynamic loader."""
    try:
        with open(program(name) or name, "rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return head[:4] == b"\x7fELF" and b"/ld-" not in head


_FOUND = {
    "command": _command,
    "module": _module,
    "header": _header,
    "file": lambda name: Path(name).is_file(),
    "static": _static,
}


def needs() -> list[Need]:
    """Every line of the list."""
    found = []
    for line in LIST.read_text().splitlines():
        if not line.startswith("#"):
            group, packages, how, why = line.split(maxsplit=3)
            kind, _, name = how.partition(":")
            found.append(Need(group, tuple(packages.split("|")), kind, name, why))
    return found


def names(wanted: str) -> list[str]:
    """The packages of one set; of a|b the first."""
    return [need.packages[0] for need in needs() if need.group == wanted]


def installable() -> list[str]:
    """The sets that may be installed, as listed."""
    groups = dict.fromkeys(need.group for need in needs() if need.kind != "unpacked")
    return list(groups)


def sets(arch: Arch) -> tuple[str, ...]:
    """What kernels and guests of an architecture need on this machine."""
    return (arch.name,) if arch.native else (arch.name, f"cross-{arch.name}")


def guests(arches: Iterable[Arch], variants: Iterable[Variant]) -> tuple[str, ...]:
    """What `ensure` is asked for where guests of these variants boot. What a
    foreign architecture needs is asked for with its programs (build.py)."""
    arches, variants = tuple(arches), tuple(variants)
    machines = (arch.name for arch in arches if arch.native)
    return "build", "count", "guest", *machines, *of_variants(variants, *arches)


def of_variants(variants: Iterable[Variant], *arches: Arch) -> tuple[str, ...]:
    """The packages with the source of the variants that have no tree of their own,
    and those with the compilers that variants name."""
    variants = tuple(variants)
    found = [variant.source.package for variant in variants]
    found += [
        compiler_package(arch, variant.compiler)
        for variant in variants
        for arch in arches
        if variant.compiler
    ]
    return tuple(dict.fromkeys(package for package in found if package))


def compiler_package(arch: Arch, name: str) -> str:
    """Debian's package of gcc-11 or clang-14 for an architecture."""
    cross = arch.cross.rstrip("-").replace("_", "-")
    return f"{name}-{cross}" if cross and name.startswith("gcc") else name


def compiler_command(arch: Arch, name: str) -> str:
    """Its program; each clang compiles for all architectures."""
    return arch.cross + name if name.startswith("gcc") else name


def tarball(package: str) -> Path:
    """Where a package with a kernel's source puts it, or a suite's lies."""
    if suites.is_of_one(package):
        return suites.tarball(package)
    return Path(f"/usr/src/{package}.tar.xz")


@functools.cache
def version(package: str) -> str:
    """Of a kernel's source: what dpkg says, or what the source itself is."""
    if suites.is_of_one(package):
        return suites.version(package)
    text = capture(["dpkg-query", "-W", "-f", "${Version}", package])
    if text:
        return text.strip()
    with tarball(package).open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"


def missing(wanted: Iterable[str]) -> list[Need]:
    """What is not here of the sets, and of the sources and compilers among them."""
    known = set(installable())
    why = "kernel source, for a variant without a tree"
    asked = [need for need in needs() if need.group in wanted]
    for package in wanted:
        if match := COMPILER.fullmatch(package):
            name, target = match.groups()
            command = f"{target.replace('x86-64', 'x86_64')}-{name}" if target else name
            what = "compiler that a variant names"
            asked.append(Need("", (package,), "command", command, what))
        elif package not in known:
            asked.append(Need("", (package,), "file", str(tarball(package)), why))
    return [need for need in asked if not need.there()]


def asked(word: str) -> str:
    """A SET of the command line."""
    one = rf"linux-source-[0-9.]+(/[a-z-]+)?|{COMPILER.pattern}"
    if word in installable() or re.fullmatch(one, word):
        return word
    raise argparse.ArgumentTypeError(
        f"no set {word!r}; there are {', '.join(installable())}, linux-source-*, gcc-N "
        "and clang-N"
    )


def ensure(*wanted: str) -> None:
    """Installs what is missing of the sets, and of kernel sources and compilers by
    package name.

    Errors: EXIT_PACKAGES, when it may not or cannot; each thing is named."""
    mode = os.environ.get("RETRAP_INSTALL", YES)
    if mode not in (SKIP, NO, YES):
        raise RetrapError(
            f"RETRAP_INSTALL is {mode!r}", "set it to yes, no or skip", EXIT_USAGE
        )
    lacking = [] if mode == SKIP else missing(wanted)
    if not lacking:
        return
    may = mode == YES and apt.is_here()
    say("installs these packages:" if may else "missing, and the package of each:")
    for need in lacking:
        package = need.packages[0]
        say(f"  {package:21} {need.why}" if may else f"  {need.thing:37} {package}")
    if not may:
        raise _refused(lacking)
    fetched = [n for n in lacking if suites.is_of_one(n.packages[0])]
    if rest := [need.packages for need in lacking if need not in fetched]:
        apt.install(rest)
    with Progress() as progress:
        for need in fetched:
            suites.fetch(need.packages[0], progress)
    if left := missing(wanted):
        raise RetrapError(
            "installed, but still not found: " + ", ".join(need.thing for need in left),
            "is another one in front of it on PATH, or an old release installed?",
            EXIT_PACKAGES,
        )


def _refused(lacking: list[Need]) -> RetrapError:
    go_on = ["RETRAP_INSTALL=skip goes on without"]
    if any(need.kind == "file" for need in lacking):
        go_on.append("a variant with a tree needs no package with a kernel's source")
    if apt.is_here():
        here = [n.packages for n in lacking if not suites.is_of_one(n.packages[0])]
        if here:
            print(apt.command(here), flush=True)
        for need in lacking:
            if need.packages not in here:
                print(f"./retrap packages {need.packages[0]}", flush=True)
        what = "packages are missing"
        remedy = "the command on standard output installs them"
    else:
        what = "there is no apt-get here to install that with"
        remedy = "install it your way; packages are named as Debian names them"
    return RetrapError(what, "\nretrap: ".join([remedy, *go_on]), EXIT_PACKAGES)
