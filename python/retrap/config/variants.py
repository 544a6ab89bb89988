# SPDX-License-Identifier: GPL-2.0-only
"""configs/variants.toml, read and checked: the kernels that can be built.

Every complaint names file and line: these are the files users write.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT
from retrap.base.tomlfile import TomlTable, read_toml


VARIANTS = ROOT / "configs/variants.toml"


# Of executors/running.py alone: retrap-bench has the names (registry.py).
INTERFACES = ("listen", "async-retrap", "please-notify", "listen-republish")


# What a kernel does for every tracee, so that no probe tells.
PROPERTIES = ("listen-republish",)


NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")

HOST = "host"  # the running kernel, where it is no variant's


@dataclass(frozen=True)
class Source:
    """Where a kernel's source comes from: a package, or a git tree and ref."""

    package: str | None
    tree: Path | None
    ref: str | None


@dataclass(frozen=True)
class Variant:
    """A kernel to build. `patches` are files, in the order they apply;
    `interfaces` those that its cells are measured through; `properties` what it
    does for every tracee; `file` where its table stands."""

    name: str
    base: str | None
    source: Source
    patches: tuple[Path, ...]
    fragments: tuple[Path, ...]
    interfaces: tuple[str, ...]
    file: Path | None = None
    properties: tuple[str, ...] = ()

    @property
    def interface(self) -> str:
        """The one its cells go through when nothing else is said."""
        return self.interfaces[0]

    @property
    def offers(self) -> tuple[str, ...]:
        """Interfaces a tracer must find when it probes this kernel."""
        return tuple(dict.fromkeys(("listen", *self.interfaces)))

    @property
    def keeps(self) -> tuple[str, ...]:
        """Of what families of rules are about, that which holds on it."""
        return tuple(dict.fromkeys((*self.offers, *self.properties)))


class Variants(dict[str, Variant]):
    """The variants of a file by name. A bad table stops only whoever asks for
    its name, `in` included; `bad` has what is wrong with each."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: dict[str, RetrapError] = {}

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name in self.bad:
            raise self.bad[name]
        return super().__contains__(name)

    def __missing__(self, name: str) -> Variant:
        raise self.bad.get(name) or KeyError(name)


def _path(table: TomlTable, key: str, word: str) -> Path:
    """`word` as a path: below the clone, or absolute, or below a ~."""
    try:
        return (ROOT / Path(word).expanduser()).resolve()
    except (RuntimeError, ValueError, OSError) as error:  # no such user, a NUL
        raise table.fail(key, f"not a path: {word!r}: {error}") from None


def _patch_files(table: TomlTable) -> tuple[Path, ...]:
    files: list[Path] = []
    for word in table.words("patches", []):
        path = _path(table, "patches", word)
        found = sorted(path.glob("*.patch")) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise table.fail("patches", f"no patch at {path}")
        files += found
    return tuple(files)


def _fragments(table: TomlTable) -> tuple[Path, ...]:
    files = [_path(table, "config", word) for word in table.words("config", [])]
    for file in files:
        if not file.is_file():
            raise table.fail("config", f"no kernel config fragment at {file}")
    return tuple(files)


def _source(table: TomlTable) -> Source:
    given = [key for key in ("package", "tree", "base") if key in table.data]
    if len(given) != 1:
        raise table.fail("package", "give exactly one of package, tree and base")
    if given == ["tree"]:
        tree = _path(table, "tree", table.get("tree", str))
        return Source(None, tree, table.get("ref", str, "HEAD"))
    if "ref" in table.data:
        raise table.fail("ref", "goes with tree")
    package: str = table.get("package", str)
    if not NAME.fullmatch(package):
        raise table.fail("package", f"not a package name: {package!r}")
    return Source(package, None, None)


def _interfaces(table: TomlTable) -> tuple[str, ...]:
    """`interface`: a name, or a list of them for a kernel that offers several. Which
    there are is retrap-bench's to say: plan.py asks it."""
    given = table.data.get("interface", "listen")
    found = (given,) if isinstance(given, str) else table.words("interface")
    if not found or not all(isinstance(i, str) and NAME.fullmatch(i) for i in found):
        raise table.fail("interface", "must be the name of one, or a list of names")
    return found


def _properties(table: TomlTable, inherited: tuple[str, ...]) -> tuple[str, ...]:
    """`properties`: a list; those of the base stay."""
    found = table.words("properties", [])
    if not set(found) <= set(PROPERTIES):
        raise table.fail("properties", f"must be among {', '.join(PROPERTIES)}")
    return tuple(dict.fromkeys((*inherited, *found)))


def load_variants(path: Path = VARIANTS) -> Variants:
    """Every variant by name. Errors: EXIT_CONFIG, with file and line."""
    whole = read_toml(path, "variants file")
    variants = Variants()
    for name in whole.data:
        try:
            table = whole.table(name)
            assert table is not None
            variants[name] = _variant(name, table, variants)
        except RetrapError as error:
            variants.bad[name] = error
    return variants


def _variant(name: str, table: TomlTable, above: Variants) -> Variant:
    if not NAME.fullmatch(name) or name == HOST:
        raise table.fail("", f"not a variant name: {name!r}")
    known = ("package", "tree", "ref", "base", "patches", "config", "interface")
    table.only((*known, "properties"))
    interfaces = _interfaces(table)
    base = table.get("base", str, "") or None
    if base is None and "base" in table.data:
        raise table.fail("base", "is empty")
    patches, fragments = _patch_files(table), _fragments(table)
    if base is None or {"package", "tree", "ref"} & table.data.keys():
        source = _source(table)
    elif base in above.bad:
        raise table.fail("base", f"{base!r} is bad: {above.bad[base].message}")
    elif base not in above:
        raise table.fail("base", f"no variant {base!r} above this one")
    else:
        source = above[base].source
        patches = above[base].patches + patches
        fragments = above[base].fragments + fragments
    file = table.path.resolve()
    properties = _properties(table, above[base].properties if base else ())
    return Variant(name, base, source, patches, fragments, interfaces, file, properties)


def named(names: Iterable[str], variants: dict[str, Variant]) -> list[Variant]:
    """Those variants. Errors: EXIT_CONFIG."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in variants:
            raise RetrapError(
                f"no variant {name!r}; there are {', '.join(variants)}",
                "add it to configs/variants.toml, or name another",
                EXIT_CONFIG,
            )
    return [variants[name] for name in wanted]


def nearest(name: str, known: Iterable[str]) -> str:
    """Of many names, the three that may have been meant."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0)
    return f"of the {len(names)} there are, the nearest are {', '.join(near)}"
