# SPDX-License-Identifier: GPL-2.0-only
"""The command lines of `retrap kernel` and `retrap packages`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from retrap.build import packages
from retrap.base.arch import ARCHES
from retrap.cli.parts import json_option, subcommand, variants_option

NAME = "the name of a table in the variants file"
# VARIANT arguments (None: none, "": one), what, how, arguments of the example.
VERBS = {
    "list": (
        None,
        "every kernel: key, built or not, size",
        """A stale kernel is in the cache, and what is on this machine now would
        make another one. of another file: a file of variants that is named below
        made it. unknown: its source or compiler is not installed. bad: its table
        is, as said below. The last line says what the whole cache takes.""",
        "",
    ),
    "build": (
        "+",
        "build kernels for guests",
        "Builds what is not in the cache and prints the path of each image.",
        " mainline --arch arm64",
    ),
    "path": (
        "",
        "print where a built kernel's image is",
        "For scripts. Exits 6 when the kernel is not built.",
        " mainline",
    ),
    "size": (
        None,
        "lines, functions and bytes that the patches add",
        """Of what is built, variant against base. Lines of documentation and
        selftests are not counted. Functions and bytes are read off System.map,
        with the padding between functions; a function that changed and kept its
        length is not seen.""",
        "",
    ),
    "clean": (
        "*",
        "delete kernels from the cache",
        """Deletes the VARIANTs' kernels, stale ones too, and their build trees,
        once no other retrap builds; prints what it deletes. Logs, results and
        packages made by deb stay.""",
        " --all",
    ),
    "prune": (
        None,
        "trim the cache to a size, least recently used first",
        """Deletes kernels and build trees until they take no more than SIZE, those
        first that no command used for longest; prints what it deletes. Waits for
        a retrap that builds, and keeps what one that runs has in use. What is
        deleted is built again when it is asked for.""",
        " --to 2G",
    ),
    "deb": (
        "",
        "a kernel as packages, to install and boot on a machine",
        """Builds with the distribution's config, LOCALVERSION=-retrap-VARIANT and no
        debug information, and prints the packages' paths. That takes hours and
        10 GiB; interrupted, the same command goes on where it was. Nothing is
        installed on this machine but what builds them.""",
        " please-notify",
    ),
}


def add(adder: Any) -> None:
    command = subcommand(
        adder,
        "kernel",
        "the kernels: list, build, path, size, clean, prune, deb",
        """Shows and makes the kernels of configs/variants.toml, which matrix and
        conform otherwise build by themselves. `retrap kernel VERB --help` says
        more.""",
        "./retrap kernel list",
        "./retrap kernel build mainline --arch arm64",
        "./retrap kernel deb please-notify",
    )
    verbs = command.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, (names, what, how, example) in VERBS.items():
        verb = subcommand(verbs, name, what, how, f"./retrap kernel {name}{example}")
        if names == "":
            verb.add_argument("name", metavar="VARIANT", help=NAME)
        elif names:
            verb.add_argument("names", nargs=names, metavar="VARIANT", help=NAME)
        if name == "prune":
            continue
        verb.add_argument(
            "--arch",
            choices=tuple(ARCHES),
            help="of that architecture (default: "
            + ("all)" if name in ("list", "size", "clean") else "this machine's)"),
        )
        variants_option(verb)
    json_option(verbs.choices["list"])
    json_option(verbs.choices["size"])
    verbs.choices["clean"].add_argument(
        "--all",
        action="store_true",
        help="every kernel, tree and fetched package (default: VARIANTs)",
    )
    verbs.choices["prune"].add_argument(
        "--to",
        type=size,
        metavar="SIZE",
        required=True,
        help="what may stay: a number and K, M, G or T (no default)",
    )
    verbs.choices["deb"].add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="kernel config, or .xz of one (default: the distribution's for this "
        "version, else the running kernel's)",
    )


def size(text: str) -> int:
    """Bytes of `2G`, `500M`, `0`."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([KMGT]?)", text, re.I)
    if match is None:
        raise argparse.ArgumentTypeError(f"must be a size as 2G or 500M, is {text!r}")
    number, unit = match.groups()
    return int(float(number) * 1024 ** " KMGT".index(unit.upper() or " "))


def add_packages(adder: Any) -> None:
    command = subcommand(
        adder,
        "packages",
        "install sets of packages",
        """Installs what is missing of sets of configs/packages.txt, as every
        command does for the sets it needs; linux-source-* as well, as it does for
        the kernels it builds.""",
        "./retrap packages arm64 cross-arm64",
        "./retrap packages guest linux-source-6.1",
        "./retrap packages deb --no-install",
    )
    command.add_argument(
        "set",
        nargs="+",
        type=packages.asked,
        metavar="SET",
        help=", ".join(packages.installable()) + ", linux-source-*",
    )
