# SPDX-License-Identifier: GPL-2.0-only
"""configs/variants.toml and an experiment, read and checked.

Every complaint names file and line: these are the files users write.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from retrap.arch import ARCHES, Arch, native
from retrap.errors import EXIT_CONFIG, EXIT_USAGE, RetrapError
from retrap.fragments import most_cpus
from retrap.tomlfile import Table, read_toml

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = ROOT / "configs/variants.toml"
DEFAULT_EXPERIMENT = ROOT / "configs/experiments/quick.toml"
INTERFACES = ("listen", "async-retrap", "please-notify", "listen-republish")
# What a kernel does for every tracee, so that no probe tells.
PROPERTIES = ("listen-republish",)
PLACEMENTS = ("same-cpu", "cross-cpu")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
LEAST_SAMPLES, MOST_SAMPLES = 10, 1_000_000  # of a cell
MOST_CPUS = 8  # vCPUs that a guest may have
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
    """`exact`: counted in instructions; else vCPUs run freely, side by side.
    `behind`: it takes the CPU time that nothing else wants, which an exact guest
    does not notice."""

    cpus: int
    timeout_s: int
    exact: bool = True
    behind: bool = False
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


def _path(table: Table, key: str, word: str) -> Path:
    """`word` as a path: below the clone, or absolute, or below a ~."""
    try:
        return (ROOT / Path(word).expanduser()).resolve()
    except (RuntimeError, ValueError, OSError) as error:  # no such user, a NUL
        raise table.fail(key, f"not a path: {word!r}: {error}") from None


def _patch_files(table: Table) -> tuple[Path, ...]:
    files: list[Path] = []
    for word in table.words("patches", []):
        path = _path(table, "patches", word)
        found = sorted(path.glob("*.patch")) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise table.fail("patches", f"no patch at {path}")
        files += found
    return tuple(files)


def _fragments(table: Table) -> tuple[Path, ...]:
    files = [_path(table, "config", word) for word in table.words("config", [])]
    for file in files:
        if not file.is_file():
            raise table.fail("config", f"no kernel config fragment at {file}")
    return tuple(files)


def _source(table: Table) -> Source:
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


def _interfaces(table: Table) -> tuple[str, ...]:
    """`interface`: a name, or a list of them for a kernel that offers several."""
    given = table.data.get("interface", "listen")
    found = (given,) if isinstance(given, str) else table.words("interface")
    if not found or not set(found) <= set(INTERFACES):
        raise table.fail("interface", f"must be one of {', '.join(INTERFACES)}")
    return found


def _properties(table: Table, inherited: tuple[str, ...]) -> tuple[str, ...]:
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


def _variant(name: str, table: Table, above: Variants) -> Variant:
    if not NAME.fullmatch(name) or name == "host":
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


def _sampling(table: Table | None, extra: tuple[str, ...]) -> Sampling | None:
    if table is None:
        return None
    table.only(("samples", "cycles", *extra))
    return Sampling(
        table.number("samples", LEAST_SAMPLES, MOST_SAMPLES, None),
        table.number("cycles", 0, MOST_SAMPLES, 0),
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
    guest = table.table("exact")
    exact = _sampling(guest, ("cpus", "timeout_s"))
    if exact and not names:
        raise table.fail("exact", "needs variants to boot")
    if names and not exact:
        raise table.fail("variants", "none is booted without [exact]")
    if not exact and "host" not in table.data:
        raise table.fail("host", "without it or [exact] and variants nothing runs")
    experiment = Experiment(
        name=path.stem,
        sha256=hashlib.sha256(table.text.encode()).hexdigest(),
        variants=names,
        baseline=baseline,
        placements=_choice(table, "placements", "placement", PLACEMENTS, PLACEMENTS),
        scenarios=_scenarios(table),
        seed=table.number("seed", 0, 2**63 - 1, 1),
        exact=exact,
        guest=Guest(
            guest.number("cpus", 1, MOST_CPUS, 2) if guest else 2,
            guest.number("timeout_s", 1, 86400, 300) if guest else 300,
        ),
        host=_sampling(table.table("host"), ()),
        interface=_interface(table),
        arches=tuple(
            ARCHES[word]
            for word in _choice(
                table, "arch", "architecture", tuple(ARCHES), (native().name,)
            )
        ),
    )
    if guest:
        _check_cpus(guest, experiment, variants)
    _check_interface(table, experiment, variants)
    return experiment


def _choice(
    table: Table, key: str, what: str, known: tuple[str, ...], default: tuple[str, ...]
) -> tuple[str, ...]:
    words = table.words(key, list(default))
    for word in words:
        if word not in known:
            raise table.fail(key, f"no {what} {word!r}: {', '.join(known)}")
    if not words:
        raise table.fail(key, "is empty: nothing would be measured")
    return words


def _scenarios(table: Table) -> tuple[str, ...]:
    words = table.words("scenarios")
    for word in words:
        if not SCENARIO.fullmatch(word):
            raise table.fail("scenarios", f"not a scenario name: {word!r}")
    if not words:
        raise table.fail("scenarios", "is empty: nothing would be measured")
    return words


def _interface(table: Table) -> str | None:
    """Of every variant, so one name and no list."""
    if "interface" not in table.data:
        return None
    if table.get("interface", str) not in INTERFACES:
        raise table.fail("interface", f"must be one of {', '.join(INTERFACES)}")
    return str(table.data["interface"])


def _check_cpus(
    guest: Table, experiment: Experiment, variants: dict[str, Variant]
) -> None:
    cpus = experiment.guest.cpus
    if cpus == 1 and "cross-cpu" in experiment.placements:
        raise guest.fail(
            "cpus", 'is 1, and cross-cpu needs 2: set placements = ["same-cpu"]'
        )
    too_many = cpus_beyond(cpus, experiment.variants, variants, experiment.arches)
    if too_many:
        raise guest.fail("cpus", too_many)


def cpus_beyond(
    cpus: int,
    names: Iterable[str],
    variants: dict[str, Variant],
    arches: Iterable[Arch],
) -> str | None:
    """What is wrong with as many vCPUs: a kernel leaves those off that are more
    than it was configured for, and says nothing."""
    for name, arch in itertools.product(names, arches):
        if cpus > (most := most_cpus(variants[name], arch)):
            return f"is {cpus}, and CONFIG_NR_CPUS of {name} is {most}"
    return None


def check_cpus(
    cpus: int,
    names: Iterable[str],
    variants: dict[str, Variant],
    arches: Iterable[Arch],
) -> None:
    """The same of `--cpus`. Errors: EXIT_USAGE."""
    if found := cpus_beyond(cpus, names, variants, arches):
        raise RetrapError(
            f"--cpus: {found}",
            "name fewer, or raise it in a config fragment (docs/kernels.md)",
            EXIT_USAGE,
        )


def _check_interface(
    table: Table, experiment: Experiment, variants: dict[str, Variant]
) -> None:
    """Of a kernel that does not offer it no cell would come back."""
    asked = experiment.interface
    lacking = [n for n in experiment.variants if asked not in variants[n].offers]
    if asked and lacking:
        raise table.fail("interface", f"{', '.join(lacking)} does not offer {asked}")


def scenario_error(experiment: Path, name: str, known: list[str]) -> RetrapError:
    """`name` is not a scenario of retrap-bench."""
    table = read_toml(experiment, "experiment")
    return table.fail("scenarios", f"unknown scenario {name!r}; {nearest(name, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Of many names, the three that may have been meant."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0)
    return f"of the {len(names)} there are, the nearest are {', '.join(near)}"
