# SPDX-License-Identifier: GPL-2.0-only
"""configs/variants.toml and an experiment, read and checked.

Every complaint names file and line: these are the files users write.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrap.arch import ARCHES, Arch, native
from retrap.errors import EXIT_CONFIG, RetrapError

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = ROOT / "configs/variants.toml"
DEFAULT_EXPERIMENT = ROOT / "configs/experiments/quick.toml"
INTERFACES = ("listen", "async-retrap", "please-notify")
PLACEMENTS = ("same-cpu", "cross-cpu")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
SCENARIO = re.compile(r"[a-z]+(/[a-z-]+(:[a-z0-9-]+)?)+")


@dataclass(frozen=True)
class Source:
    """Where a kernel's source comes from: a package, or a git tree and ref."""

    package: str | None
    tree: Path | None
    ref: str | None


@dataclass(frozen=True)
class Variant:
    """A kernel to build. `patches` are files, in the order they apply;
    `interfaces` those that its cells are measured through."""

    name: str
    base: str | None
    source: Source
    patches: tuple[Path, ...]
    fragments: tuple[Path, ...]
    interfaces: tuple[str, ...]

    @property
    def interface(self) -> str:
        """The one its cells go through when nothing else is said."""
        return self.interfaces[0]

    @property
    def offers(self) -> tuple[str, ...]:
        """Interfaces a tracer must find when it probes this kernel."""
        return tuple(dict.fromkeys(("listen", *self.interfaces)))


@dataclass(frozen=True)
class Sampling:
    """How much is taken of each cell. `cycles` = 0: no counting runs."""

    samples: int
    cycles: int


@dataclass(frozen=True)
class Plugin:
    """A TCG plugin of QEMU, and what follows it in -plugin."""

    file: Path
    arguments: str


@dataclass(frozen=True)
class Guest:
    """`exact`: counted in instructions; else vCPUs run freely, side by side."""

    cpus: int
    timeout_s: int
    exact: bool = True
    memory_mib: int = 512
    plugin: Plugin | None = None


@dataclass(frozen=True)
class Experiment:
    name: str
    sha256: str
    variants: tuple[str, ...]
    baseline: str
    placements: tuple[str, ...]
    scenarios: tuple[str, ...]
    seed: int
    exact: Sampling | None
    guest: Guest
    host: Sampling | None
    interface: str | None = None  # of every variant; None: each its own
    arches: tuple[Arch, ...] = field(default_factory=lambda: (native(),))


_TYPES = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class Table:
    """A TOML table whose every complaint carries file and line."""

    def __init__(self, path: Path, text: str, data: dict[str, Any], head: str):
        self.path, self.text, self.data, self.head = path, text, data, head

    def fail(self, key: str, what: str) -> RetrapError:
        where = f"{self.path}:{_line_of(self.text, self.head, key)}"
        name = f"[{self.head}] {key}" if self.head else key
        return RetrapError(
            f"{where}: {name}: {what}", f"correct {self.path}", EXIT_CONFIG
        )

    def only(self, known: tuple[str, ...]) -> None:
        for key in self.data:
            if key not in known:
                raise self.fail(key, f"unknown key; known: {', '.join(known)}")

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        if key not in self.data:
            if default is None:
                raise self.fail(key, "missing")
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fail(key, f"must be {_TYPES[kind]}, is {value!r}")
        return value

    def number(self, key: str, low: int, high: int, default: int | None) -> int:
        value: int = self.get(key, int, default)
        if not low <= value <= high:
            raise self.fail(key, f"must be {low} to {high}, is {value}")
        return value

    def words(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        value = self.get(key, list, default)
        if not all(isinstance(word, str) for word in value):
            raise self.fail(key, "must be a list of strings")
        if len(set(value)) != len(value):
            raise self.fail(key, "names something twice")
        return tuple(value)

    def table(self, key: str) -> Table | None:
        if key not in self.data:
            return None
        return Table(self.path, self.text, self.get(key, dict), key)


def _line_of(text: str, head: str, key: str) -> int:
    """The line of `key` below `[head]`; the head's, or 1, when it is absent."""
    here, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[([^]]+)\]", line):
            here = match.group(1).strip().strip("\"'")
            if here == head:
                found = number
        elif here == head and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found


def read_toml(path: Path, what: str) -> Table:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise RetrapError(
            f"{path}: cannot read the {what}: {reason}",
            f"name an existing {what}",
            EXIT_CONFIG,
        ) from None
    try:
        return Table(path, text, tomllib.loads(text), "")
    except RecursionError:
        raise RetrapError(
            f"{path}: not TOML: nested too deep", f"correct {path}", EXIT_CONFIG
        ) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line.group(1)) if line else len(text.splitlines())
        what = str(error).split(" (at ")[0]
        raise RetrapError(
            f"{path}:{number}: not TOML: {what}", f"correct {path}", EXIT_CONFIG
        ) from None


def _patch_files(table: Table) -> tuple[Path, ...]:
    files: list[Path] = []
    for word in table.words("patches", []):
        path = (ROOT / Path(word).expanduser()).resolve()
        found = sorted(path.glob("*.patch")) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise table.fail("patches", f"no patch at {path}")
        files += found
    return tuple(files)


def _fragments(table: Table) -> tuple[Path, ...]:
    files = [
        (ROOT / Path(word).expanduser()).resolve() for word in table.words("config", [])
    ]
    for file in files:
        if not file.is_file():
            raise table.fail("config", f"no kernel config fragment at {file}")
    return tuple(files)


def _source(table: Table) -> Source:
    given = [key for key in ("package", "tree", "base") if key in table.data]
    if len(given) != 1:
        raise table.fail("package", "give exactly one of package, tree and base")
    if given == ["tree"]:
        tree = ROOT / Path(table.get("tree", str)).expanduser()
        return Source(None, tree, table.get("ref", str, "HEAD"))
    if "ref" in table.data:
        raise table.fail("ref", "goes with tree")
    package: str = table.get("package", str)
    if not NAME.fullmatch(package):
        raise table.fail("package", f"not a package name: {package!r}")
    return Source(package, None, None)


def _interfaces(table: Table) -> tuple[str, ...]:
    """`interface`: a name, or a list of them for a kernel that offers several."""
    given = table.data.get("interface", "listen")
    found = (given,) if isinstance(given, str) else table.words("interface")
    if not found or not set(found) <= set(INTERFACES):
        raise table.fail("interface", f"must be one of {', '.join(INTERFACES)}")
    return found


def load_variants(path: Path = VARIANTS) -> dict[str, Variant]:
    """Every variant by name. Errors: EXIT_CONFIG, with file and line."""
    whole = read_toml(path, "variants file")
    variants: dict[str, Variant] = {}
    for name in whole.data:
        table = whole.table(name)
        assert table is not None
        if not NAME.fullmatch(name) or name == "host":
            raise table.fail("", f"not a variant name: {name!r}")
        known = ("package", "tree", "ref", "base", "patches", "config", "interface")
        table.only(known)
        interfaces = _interfaces(table)
        base = table.get("base", str, "") or None
        patches, fragments = _patch_files(table), _fragments(table)
        if base is None or {"package", "tree", "ref"} & table.data.keys():
            source = _source(table)
        elif base not in variants:
            raise table.fail("base", f"no variant {base!r} above this one")
        else:
            source = variants[base].source
            patches = variants[base].patches + patches
            fragments = variants[base].fragments + fragments
        if base == "":
            raise table.fail("base", "is empty")
        variants[name] = Variant(name, base, source, patches, fragments, interfaces)
    return variants


def _sampling(table: Table | None, extra: tuple[str, ...]) -> Sampling | None:
    if table is None:
        return None
    table.only(("samples", "cycles", *extra))
    return Sampling(
        table.number("samples", 10, 1_000_000, None),
        table.number("cycles", 0, 1_000_000, 0),
    )


def load_experiment(
    path: Path = DEFAULT_EXPERIMENT, variants: dict[str, Variant] | None = None
) -> Experiment:
    """An experiment; its variants must exist. Errors: EXIT_CONFIG."""
    variants = load_variants() if variants is None else variants
    table = read_toml(path, "experiment")
    known = ("variants", "baseline", "placements", "scenarios", "seed")
    table.only((*known, "interface", "arch", "exact", "host"))
    names = table.words("variants", [])
    for name in names:
        if name not in variants:
            raise table.fail(
                "variants", f"no variant {name!r}; there are {', '.join(variants)}"
            )
    baseline = table.get("baseline", str, names[0] if names else "mainline")
    if names and baseline not in names:
        raise table.fail("baseline", f"{baseline!r} is not among the variants")
    placements = table.words("placements", list(PLACEMENTS))
    for word in placements:
        if word not in PLACEMENTS:
            raise table.fail("placements", f"no placement {word!r}: {PLACEMENTS}")
    arches = table.words("arch", [native().name])
    for word in arches:
        if word not in ARCHES:
            raise table.fail("arch", f"no architecture {word!r}: {', '.join(ARCHES)}")
    scenarios = table.words("scenarios")
    for word in scenarios:
        if not SCENARIO.fullmatch(word):
            raise table.fail("scenarios", f"not a scenario name: {word!r}")
    lists = {"placements": placements, "scenarios": scenarios, "arch": arches}
    for key, found in lists.items():
        if not found:
            raise table.fail(key, "is empty: nothing would be measured")
    guest = table.table("exact")
    exact = _sampling(guest, ("cpus", "timeout_s"))
    if not (names and exact) and "host" not in table.data:
        raise table.fail("host", "without it or [exact] and variants nothing runs")
    return Experiment(
        name=path.stem,
        sha256=hashlib.sha256(table.text.encode()).hexdigest(),
        variants=names if exact else (),
        baseline=baseline,
        placements=placements,
        scenarios=scenarios,
        seed=table.number("seed", 0, 2**63 - 1, 1),
        exact=exact if names else None,
        guest=Guest(
            guest.number("cpus", 1, 8, 2) if guest else 2,
            guest.number("timeout_s", 1, 86400, 300) if guest else 300,
        ),
        host=_sampling(table.table("host"), ()),
        interface=_interfaces(table)[0] if "interface" in table.data else None,
        arches=tuple(ARCHES[word] for word in arches),
    )


def scenario_error(experiment: Path, name: str, known: list[str]) -> RetrapError:
    """`name` is not a scenario of retrap-bench."""
    table = read_toml(experiment, "experiment")
    return table.fail("scenarios", f"unknown scenario {name!r}; {nearest(name, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Of many names, the three that may have been meant."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0)
    return f"of the {len(names)} there are, the nearest are {', '.join(near)}"
