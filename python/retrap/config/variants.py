# SPDX-License-Identifier: GPL-2.0-only
"""configs/variants.toml, read and checked: the kernels that can be built.

Every complaint names file and line: these are the files users write.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from retrap.base import schema
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT
from retrap.base.tomlfile import TomlTable, read_toml
from retrap.config import cmdlines
from retrap.config.layouts import LAYOUTS, in_layout, split


VARIANTS = ROOT / "configs/variants.toml"


INTERFACES = ("listen", "async-retrap", "please-notify", "listen-republish")


# What rules depend on and no probe tells: what a kernel does for every tracee, and
# whether it runs 32-bit code.
PROPERTIES = ("listen-republish", "ia32")


ORIGINS = ("package", "tree", "base", "image", "build")  # a table has one


HOST = "host"  # the running kernel, where it is no variant's


@dataclass(frozen=True)
class Source:
    """Where a kernel's source comes from: a package, or a git tree and ref; or the
    kernel itself that is there: its image or build directory."""

    package: str | None
    tree: Path | None
    ref: str | None
    prebuilt: Path | None = None


@dataclass(frozen=True)
class Variant:
    """A kernel to build. `patches` are files, in the order they apply;
    `interfaces` those that its cells are measured through; `properties` those
    of PROPERTIES that it has; `file` where its table stands; `compiler` as gcc-11,
    where it is not the distribution's."""

    name: str
    base: str | None
    source: Source
    patches: tuple[Path, ...]
    fragments: tuple[Path, ...]
    interfaces: tuple[str, ...]
    file: Path | None = None
    properties: tuple[str, ...] = ()
    compiler: str | None = None

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
    """The variants of a file by name, and each of them in each layout, or with words
    of its command line. A bad table stops only whoever asks for its name, `in`
    included; `bad` has what is wrong with each."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: dict[str, RetrapError] = {}

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name in self.bad:
            raise self.bad[name]
        if super().__contains__(name):
            return True
        for each in (split, cmdlines.split):
            variant, place = each(str(name))
            if place:
                return variant in self
        return False

    def __missing__(self, name: str) -> Variant:
        variant, layout = split(name)
        if layout and name not in self.bad:
            return self._laid(self[variant], layout)
        variant, words = cmdlines.split(name)
        if words and name not in self.bad:
            return replace(self[variant], name=name)
        raise self.bad.get(name) or KeyError(name)

    def _laid(self, variant: Variant, layout: str) -> Variant:
        """A variant in a layout: what it adds to its base, on the base's layout."""
        below = self[variant.base] if variant.base else None
        base = self._laid(below, layout) if below else variant
        if variant.source.prebuilt:
            raise RetrapError(
                f"{variant.name} is built already: it has no layout {layout!r}",
                "leave it out of an experiment with layouts",
                EXIT_CONFIG,
            )
        patches, fragments = LAYOUTS[layout].patches, LAYOUTS[layout].fragments
        if below:
            patches = variant.patches[len(below.patches) :]
            fragments = variant.fragments[len(below.fragments) :]
        return replace(
            variant,
            name=in_layout(variant.name, layout),
            base=base.name,
            patches=base.patches + patches,
            fragments=base.fragments + fragments,
        )


def _patch_files(table: TomlTable) -> tuple[Path, ...]:
    files: list[Path] = []
    for word in table.data["patches"]:
        path = table.place("patches", word)
        found = sorted(path.glob("*.patch")) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise table.fail("patches", f"no patch at {path}")
        files += found
    return tuple(files)


def _fragments(table: TomlTable) -> tuple[Path, ...]:
    files = [table.place("config", word) for word in table.data["config"]]
    for file in files:
        if not file.is_file():
            raise table.fail("config", f"no kernel config fragment at {file}")
    return tuple(files)


def _prebuilt(table: TomlTable, key: str) -> Path:
    path = table.place(key, table.data[key])
    if not (path.is_dir() if key == "build" else path.is_file()):
        what = "build directory" if key == "build" else "image of a kernel"
        raise table.fail(key, f"no {what} at {path}")
    return path


def _source(table: TomlTable) -> Source:
    given = [key for key in ORIGINS if key in table.data]
    if len(given) != 1:
        what = f"give exactly one of {', '.join(ORIGINS)}"
        raise table.fail(given[0] if given else "package", what)
    if given[0] in ("image", "build"):
        for key in ("ref", "patches", "config", "compiler"):
            if table.data.get(key):
                raise table.fail(key, f"goes with a source, not with {given[0]}")
        return Source(None, None, None, _prebuilt(table, given[0]))
    if given == ["tree"]:
        tree = table.place("tree", table.data["tree"])
        return Source(None, tree, table.data.get("ref", "HEAD"))
    if "ref" in table.data:
        raise table.fail("ref", "goes with tree")
    return Source(table.data["package"], None, None)


def load_variants(path: Path = VARIANTS) -> Variants:
    """Every variant by name. Errors: EXIT_CONFIG, with file and line."""
    whole = read_toml(path, "variants file")
    variants = Variants()
    for name, error in whole.errors("variants"):
        variants.bad.setdefault(name, error)
    schema.fill("variants", whole.data)
    for name in whole.data:
        try:
            if name not in variants.bad:
                variants[name] = _variant(name, whole.table(name), variants)
        except RetrapError as error:
            variants.bad[name] = error
    return variants


def _variant(name: str, table: TomlTable, above: Variants) -> Variant:
    data = table.data
    given, base = data["interface"], data.get("base")
    interfaces = (given,) if isinstance(given, str) else tuple(given)
    patches, fragments = _patch_files(table), _fragments(table)
    properties = tuple(data["properties"])
    compiler = data.get("compiler")
    if base is None or {*ORIGINS, "ref"} - {"base"} & data.keys():
        source = _source(table)
    elif base in above.bad:
        raise table.fail("base", f"{base!r} is bad: {above.bad[base].message}")
    elif base not in above:
        raise table.fail("base", f"no variant {base!r} above this one")
    elif above[base].source.prebuilt:
        raise table.fail("base", f"{base!r} is built already: it has no source")
    else:
        source = above[base].source
        compiler = compiler or above[base].compiler
        patches = above[base].patches + patches
        fragments = above[base].fragments + fragments
        properties = tuple(dict.fromkeys((*above[base].properties, *properties)))
    file = table.path.resolve()
    more = (interfaces, file, properties, compiler)
    return Variant(name, base, source, patches, fragments, *more)


def named(names: Iterable[str], variants: dict[str, Variant]) -> list[Variant]:
    """Those variants. Errors: EXIT_CONFIG."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in variants:
            variant, _, words = name.partition("+")
            why = cmdlines.wrong(words.replace("+", " ")) if words else ""
            if why and variant in variants:
                hint = 'correct it: docs/kernels.md, "Command line as an axis"'
                raise RetrapError(f"{name}: {why}", hint, EXIT_CONFIG)
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
