# SPDX-License-Identifier: GPL-2.0-only
"""variants.toml and experiments: what is read, and what is refused, where."""

from pathlib import Path

import pytest

from retrap.config import experiments
from retrap.config.fragments import asked, config_text
from retrap.config.variants import INTERFACES, load_variants
from retrap.base import paths
from retrap.base.arch import ARM64, X86_64, native
from retrap.base.errors import EXIT_CONFIG, RetrapError

VARIANTS = '[mainline]\npackage = "linux-source-6.12"\n'
EXPERIMENT = """variants = ["mainline"]
scenarios = ["floor/clock"]
[exact]
samples = 100
"""


def write(tmp_path: Path, text: str, name: str = "x.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def variants_error(tmp_path: Path, text: str) -> str:
    """What a file says that cannot be read, or its last bad table."""
    with pytest.raises(RetrapError) as caught:
        bad = load_variants(write(tmp_path, text)).bad
        raise list(bad.values())[-1]
    assert caught.value.exit_code == EXIT_CONFIG
    return caught.value.message


def experiment_error(tmp_path: Path, text: str) -> str:
    variants = load_variants(write(tmp_path, VARIANTS, "v.toml"))
    with pytest.raises(RetrapError) as caught:
        experiments.load_experiment(write(tmp_path, text), variants)
    assert caught.value.exit_code == EXIT_CONFIG
    return caught.value.message


def test_shipped_files_load() -> None:
    for name in ("variants", "debug", "kcsan"):
        assert not load_variants(paths.ROOT / f"configs/{name}.toml").bad
    variants = load_variants()
    experiment = experiments.load_experiment()
    assert experiment.variants == (
        "mainline",
        "listen-republish",
        "async-retrap",
        "please-notify",
    )
    assert variants["mainline"].offers == ("listen",)
    assert variants["please-notify"].offers == ("listen", "please-notify")
    assert variants["combined"].interfaces == INTERFACES
    assert variants["listen-republish"].offers == ("listen",)
    assert variants["listen-republish"].keeps == ("listen", "listen-republish")
    assert variants["mainline"].properties == ()
    full = experiments.load_experiment(paths.ROOT / "configs/experiments/full.toml")
    assert full.arches == (X86_64, ARM64) and "combined" in full.variants


def test_every_shipped_experiment_loads() -> None:
    for path in (paths.ROOT / "configs/experiments").glob("*.toml"):
        assert experiments.load_experiment(path).name == path.stem
    elsewhere = paths.ROOT / "configs/experiments/elsewhere.toml"
    assert experiments.load_experiment(elsewhere).interface == "listen"


def test_base_contributes_source_and_patches(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.patch").write_text("")
    text = f"""{VARIANTS}patches = ["{tmp_path}/a.patch"]
[mine]
base = "mainline"
patches = ["{tmp_path}/b.patch"]
"""
    mine = load_variants(write(tmp_path, text))["mine"]
    assert mine.source.package == "linux-source-6.12"
    assert [patch.name for patch in mine.patches] == ["a.patch", "b.patch"]


def test_patch_folder_is_taken_in_order(tmp_path: Path) -> None:
    for name in ("0002-b", "0001-a", "0010-c"):
        (tmp_path / f"{name}.patch").write_text("")
    text = f'{VARIANTS}patches = ["{tmp_path}"]\n'
    mainline = load_variants(write(tmp_path, text))["mainline"]
    assert [patch.name[:4] for patch in mainline.patches] == ["0001", "0002", "0010"]


def test_architectures_are_kept_in_order(tmp_path: Path) -> None:
    variants = load_variants(write(tmp_path, VARIANTS, "v.toml"))
    path = write(tmp_path, 'arch = ["arm64", "x86_64"]\n' + EXPERIMENT)
    assert experiments.load_experiment(path, variants).arches == (ARM64, X86_64)


def test_malformed_toml_names_file_and_line(tmp_path: Path) -> None:
    message = variants_error(tmp_path, VARIANTS + "[oops\n")
    assert f"{tmp_path}/x.toml:3: not TOML" in message


def test_truncated_toml_names_the_last_line(tmp_path: Path) -> None:
    assert "x.toml:3: not TOML" in variants_error(tmp_path, VARIANTS + 'a = "x')


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('colour = "red"', "unknown key"),
        (
            'interface = "tele pathy"',
            "interface: must be an interface, is",
        ),
        (
            'properties = ["telepathy"]',
            "properties: must be one of listen-republish, ia32, is",
        ),
        ('patches = ["/nowhere.patch"]', "no patch at /nowhere.patch"),
        ('config = ["/nowhere.config"]', "no kernel config fragment"),
        ("patches = [1]", "patches: must be a string, is 1"),
        ('patches = ["~nouser/x.patch"]', "not a path: '~nouser/x.patch'"),
        ('config = ["~nouser/x.config"]', "not a path"),
        (r'patches = ["a\u0000b"]', "not a path"),
        ('base = ""', "is empty"),
        ('ref = "v6.12"', "goes with tree"),
    ],
)
def test_bad_variant_names_line(tmp_path: Path, line: str, what: str) -> None:
    message = variants_error(tmp_path, f"# comment\n{VARIANTS}{line}\n")
    assert "x.toml:4: [mainline]" in message and what in message


def test_variant_needs_one_source(tmp_path: Path) -> None:
    assert "exactly one of" in variants_error(tmp_path, "[x]\n")
    assert "exactly one of" in variants_error(tmp_path, f'{VARIANTS}tree = "/t"\n')


def test_a_tree_that_is_no_path(tmp_path: Path) -> None:
    message = variants_error(tmp_path, '[x]\ntree = "~nouser/linux"\n')
    assert "x.toml:2: [x] tree: not a path" in message


def test_a_bad_table_stops_who_asks_for_it(tmp_path: Path) -> None:
    text = f"""{VARIANTS}[bad]
base = "mainline"
patches = ["/nowhere.patch"]
[on-top]
base = "bad"
[good]
base = "mainline"
"""
    variants = load_variants(write(tmp_path, text))
    assert list(variants) == ["mainline", "good"] and "good" in variants
    with pytest.raises(RetrapError, match=r"x.toml:5: \[bad\] patches: no patch"):
        variants["bad"]
    with pytest.raises(RetrapError, match=r"x.toml:7: \[on-top\] base: 'bad' is bad"):
        variants["on-top"]
    with pytest.raises(KeyError):
        variants["nope"]
    experiment = write(tmp_path, EXPERIMENT.replace("mainline", "bad"), "e.toml")
    with pytest.raises(RetrapError, match="x.toml:5"):
        experiments.load_experiment(experiment, variants)


def test_unknown_base(tmp_path: Path) -> None:
    assert "x.toml:2: [x] base: no variant 'y'" in variants_error(
        tmp_path, '[x]\nbase = "y"\n'
    )


@pytest.mark.parametrize("name", ["host", "-x", "a b", "x" * 41, "../up"])
def test_bad_variant_name(tmp_path: Path, name: str) -> None:
    assert "must be a variant name, is " in variants_error(
        tmp_path, f'["{name}"]\npackage = "p"\n'
    )


def test_experiment_defaults(tmp_path: Path) -> None:
    variants = load_variants(write(tmp_path, VARIANTS, "v.toml"))
    experiment = experiments.load_experiment(write(tmp_path, EXPERIMENT), variants)
    assert experiment.baseline == "mainline"
    assert experiment.arches == (native(),) and experiment.interface is None
    assert experiment.placements == experiments.PLACEMENTS
    assert experiment.host is None and experiment.exact is not None
    assert experiment.interface is None
    assert (experiment.exact.samples, experiment.exact.cycles) == (100, 0)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"mainline"]', '"host"]', "x.toml:1: variants: `host`, a machine's own"),
        ('"mainline"]', '"nope"]', "x.toml:1: variants: no variant 'nope'"),
        ("samples = 100", "samples = 1", "x.toml:4: [exact] samples: must be 10 to"),
        (
            "samples = 100",
            "samples = true",
            "x.toml:4: [exact] samples: must be a whole number",
        ),
        ("samples = 100", "", "x.toml:3: [exact] samples: missing"),
        (
            '"floor/clock"',
            '"$(reboot)"',
            "x.toml:2: scenarios: must be a scenario name, is ",
        ),
        ('"floor/clock"', '"a/b", "a/b"', "x.toml:2: scenarios: names something twice"),
        ("[exact]", "colour = 1\n[exact]", "x.toml:3: colour: unknown key"),
        ("[exact]", 'baseline = "x"\n[exact]', "x.toml:3: baseline"),
        ("[exact]", 'interface = "x"\n[exact]', "interface: mainline does not offer x"),
        (
            "[exact]",
            'arch = ["sparc"]\n[exact]',
            "x.toml:3: arch: must be one of x86_64, arm64, is 'sparc'",
        ),
        ("[exact]", "arch = []\n[exact]", "x.toml:3: arch: is empty"),
        (
            "[exact]",
            'interface = ["listen", "async-retrap"]\n[exact]',
            "x.toml:3: interface: must be a string",
        ),
        (
            "[exact]",
            'interface = "async-retrap"\n[exact]',
            "x.toml:3: interface: mainline does not offer async-retrap",
        ),
        (
            "samples = 100",
            "samples = 100\ncpus = 8",
            "x.toml:5: [exact] cpus: is 8, and CONFIG_NR_CPUS of mainline is 4",
        ),
        ('variants = ["mainline"]', "", "x.toml:3: exact: needs variants to boot"),
        (
            "[exact]",
            "[host]",
            "x.toml:1: variants: none is booted without [exact]",
        ),
    ],
)
def test_bad_experiment_names_line(
    tmp_path: Path, old: str, new: str, where: str
) -> None:
    assert where in experiment_error(tmp_path, EXPERIMENT.replace(old, new))


def test_a_fragment_may_raise_the_number_of_cpus(tmp_path: Path) -> None:
    (tmp_path / "more.config").write_text("CONFIG_NR_CPUS=8\n")
    text = f'{VARIANTS}config = ["{tmp_path}/more.config"]\n'
    variants = load_variants(write(tmp_path, text, "v.toml"))
    path = write(tmp_path, EXPERIMENT + "cpus = 8\n")
    assert experiments.load_experiment(path, variants).guest.cpus == 8


def test_a_fragment_may_be_for_one_architecture(tmp_path: Path) -> None:
    names = ("all.config", "one-arm64.config", "other-x86_64.config")
    for name in names:
        (tmp_path / name).write_text(f"CONFIG_{name[:3].upper()}=y\n")
    files = ", ".join(f'"{tmp_path / name}"' for name in names)
    text = f"{VARIANTS}config = [{files}]\n"
    variant = list(load_variants(write(tmp_path, text, "v.toml")).values())[-1]
    on_arm64 = asked(config_text(variant, ARM64))
    on_x86_64 = asked(config_text(variant, X86_64))
    assert "CONFIG_ALL" in on_arm64 and "CONFIG_ALL" in on_x86_64
    assert "CONFIG_ONE" in on_arm64 and "CONFIG_OTH" not in on_arm64
    assert "CONFIG_OTH" in on_x86_64 and "CONFIG_ONE" not in on_x86_64


def test_missing_experiment(tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="No such file") as caught:
        experiments.load_experiment(tmp_path / "none.toml", {})
    assert caught.value.exit_code == EXIT_CONFIG


def test_binary_experiment(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RetrapError, match="not UTF-8"):
        experiments.load_experiment(tmp_path / "x.toml", {})
