# SPDX-License-Identifier: GPL-2.0-only
"""Kernel keys, config checks and patch failures; nothing is compiled here."""

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest
from kernel_trees import commit, git

from retrap.executors import qemu
from retrap.kernel import kconfig, kernels, source
from retrap.base.arch import ARM64, X86_64, Arch
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.config.variants import Source, Variant
from retrap.base.errors import EXIT_KERNEL, RetrapError

PATCH = """--- a/f.c
+++ b/f.c
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
"""


@pytest.fixture
def variant(tree: Path, tmp_path: Path) -> Variant:
    patch = tmp_path / "0001-two.patch"
    patch.write_text(PATCH)
    return Variant("mine", None, Source(None, tree, "HEAD"), (patch,), (), ("listen",))


def test_key_is_stable(variant: Variant) -> None:
    assert kernels.kernel_key(variant, X86_64) == kernels.kernel_key(variant, X86_64)
    assert len(kernels.kernel_key(variant, X86_64)) == 16


def test_which_linux_a_source_is_of(variant: Variant) -> None:
    """By the package's name, or the Makefile of the commit, not of the work tree."""
    tree = variant.source.tree
    assert tree and source.version(variant) is None  # it has no Makefile
    lines = "# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n"
    (tree / "Makefile").write_text(lines)
    assert source.version(variant) is None
    commit(tree)
    (tree / "Makefile").write_text(lines.replace("= 1", "= 12"))
    assert source.version(variant) == (6, 1)
    missing = dataclasses.replace(variant, source=Source(None, tree / "no", "HEAD"))
    assert source.version(missing) is None
    for name, known in (("linux-source-6.12", (6, 12)), ("linux-source", None)):
        package = dataclasses.replace(variant, source=Source(name, None, None))
        assert source.version(package) == known


def test_key_follows_every_input(variant: Variant, tmp_path: Path) -> None:
    keys = {kernels.kernel_key(variant, X86_64)}
    variant.patches[0].write_text(PATCH.replace("TWO", "ZWEI"))
    keys.add(kernels.kernel_key(variant, X86_64))
    fragment = tmp_path / "f.config"
    fragment.write_text("CONFIG_BUG=y\n")
    other = dataclasses.replace(variant, fragments=(fragment,))
    keys.add(kernels.kernel_key(other, X86_64))
    assert variant.source.tree
    git(variant.source.tree, "commit", "-q", "--allow-empty", "-m", "y")
    keys.add(kernels.kernel_key(variant, X86_64))
    assert len(keys) == 4


def test_key_follows_the_architecture(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels.toolchain, "compiler", lambda *of: "one compiler")
    monkeypatch.setattr(kernels, "config_text", lambda *of: "one config")
    keys = {kernels.kernel_key(variant, arch) for arch in (X86_64, ARM64)}
    assert len(keys) == 2


def test_key_ignores_the_name(variant: Variant) -> None:
    other = dataclasses.replace(variant, name="other")
    assert kernels.kernel_key(variant, X86_64) == kernels.kernel_key(other, X86_64)


def test_unknown_ref(variant: Variant) -> None:
    lost = dataclasses.replace(
        variant, source=dataclasses.replace(variant.source, ref="v0")
    )
    with pytest.raises(RetrapError, match="no commit 'v0'") as caught:
        source.identify(lost)
    assert caught.value.exit_code == EXIT_KERNEL


def test_missing_tree(variant: Variant, tmp_path: Path) -> None:
    lost = dataclasses.replace(variant, source=Source(None, tmp_path / "no", "HEAD"))
    with pytest.raises(RetrapError, match="no directory"):
        source.identify(lost)
    (tmp_path / "no").mkdir()
    with pytest.raises(RetrapError, match="no git tree at"):
        source.identify(lost)


def test_a_tree_named_by_a_directory_in_it(variant: Variant, tmp_path: Path) -> None:
    """git archives the part below: that was taken for a full disk."""
    assert variant.source.tree
    below = variant.source.tree / "kernel"
    below.mkdir()
    (below / "x.c").write_text("")
    commit(variant.source.tree)
    inner = dataclasses.replace(variant, source=Source(None, below, "HEAD"))
    (tmp_path / "out").mkdir()
    source.unpack(inner, source.identify(inner), tmp_path / "out", tmp_path / "log")
    assert (tmp_path / "out/kernel/x.c").exists() and (tmp_path / "out/f.c").exists()


def test_a_tree_that_is_no_kernel(variant: Variant, tmp_path: Path) -> None:
    assert variant.source.tree
    (variant.source.tree / "Kbuild").unlink()
    commit(variant.source.tree)
    (tmp_path / "out").mkdir()
    with pytest.raises(RetrapError, match="is no kernel source"):
        source.unpack(
            variant, source.identify(variant), tmp_path / "out", tmp_path / "log"
        )


def test_what_is_not_committed_is_said_to_be_left_out(
    variant: Variant, capsys: pytest.CaptureFixture[str]
) -> None:
    assert variant.source.tree
    source.say_uncommitted(variant)
    assert capsys.readouterr().err == ""
    (variant.source.tree / "f.c").write_text("edited\n")
    old = dataclasses.replace(variant, source=Source(None, variant.source.tree, "old"))
    git(variant.source.tree, "tag", "old")
    source._say_uncommitted.cache_clear()
    source.say_uncommitted(variant)
    source.say_uncommitted(variant)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "mine: left out" in said[0] and "1 changed" in said[0]
    commit(variant.source.tree)
    (variant.source.tree / "f.c").write_text("edited again\n")
    source.say_uncommitted(old)  # those edits are not on top of this one
    assert capsys.readouterr().err == ""


def test_unpack_and_patch(variant: Variant, tmp_path: Path) -> None:
    into = tmp_path / "out"
    into.mkdir()
    log = tmp_path / "log"
    source.unpack(variant, source.identify(variant), into, log)
    source.patch(variant, into, log)
    assert (into / "f.c").read_text() == "one\nTWO\nthree\n"


def test_patch_leaves_a_hard_linked_original_alone(
    variant: Variant, tmp_path: Path
) -> None:
    """The base's tree is copied as hard links (building.Build._lay)."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    (original / "f.c").write_text("one\ntwo\nthree\n")
    subprocess.run(["cp", "-al", original, copy], check=True)
    source.patch(variant, copy, tmp_path / "log")
    assert (copy / "f.c").read_text() == "one\nTWO\nthree\n"
    assert (original / "f.c").read_text() == "one\ntwo\nthree\n"


def test_a_patch_that_does_not_apply_names_file_and_hunk(
    variant: Variant, tmp_path: Path
) -> None:
    into = tmp_path / "out"
    into.mkdir()
    (into / "f.c").write_text("other\n")
    with pytest.raises(RetrapError) as caught:
        source.patch(variant, into, tmp_path / "log")
    assert "0001-two.patch does not apply: f.c: Hunk #1 FAILED at 1" in str(
        caught.value
    )
    assert caught.value.exit_code == EXIT_KERNEL


def test_config_check() -> None:
    wanted = 'CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x"\nCONFIG_A=n\n'
    kconfig.check_config("v", wanted, 'CONFIG_C="x"\n')
    with pytest.raises(RetrapError, match="did not take CONFIG_A=y"):
        kconfig.check_config("v", "CONFIG_A=y\n", "# CONFIG_A is not set\n")
    with pytest.raises(RetrapError, match="did not take CONFIG_B=n"):
        kconfig.check_config("v", "# CONFIG_B is not set\n", "CONFIG_B=y\n")


@pytest.mark.parametrize(
    ("arch", "config", "late"),
    [
        (X86_64, "CONFIG_HOTPLUG_CPU=y\n", True),
        (X86_64, "CONFIG_HOTPLUG_CORE_SYNC_FULL=y\n", False),
        (X86_64, "# CONFIG_HOTPLUG_CORE_SYNC_FULL is not set\n", True),
        (ARM64, "CONFIG_HOTPLUG_CPU=y\n", False),
    ],
)
def test_cpus_come_late_where_the_boot_would_starve_them(
    variant: Variant, tmp_path: Path, arch: Arch, config: str, late: bool
) -> None:
    (tmp_path / "config").write_text(config)
    assert kernels.Kernel(variant, arch, "", tmp_path).late_cpus is late


def test_command_line_of_a_stored_boot() -> None:
    """Another one is another boot."""
    record = ROOT / "results/reference/quick/raw/mainline/exact-x86_64-1/boot.json"
    stored = json.loads(record.read_text())["qemu_argv"]
    guest = Guest(cpus=2, timeout_s=1)
    told = [X86_64.boot_command_line]
    assert qemu.arguments(X86_64, guest, "initramfs.cpio", told) == stored


BOOT_PATCH = (
    "--- a/arch/x86/kernel/apic/apic.c\n"
    "+++ b/arch/x86/kernel/apic/apic.c\n"
    "@@ -1,5 +1,6 @@\n };\n \n unsigned int lapic_timer_period = 0;\n"
    "+told\n \n void f(void);\n"
)


@pytest.mark.parametrize(
    ("name", "applied"),
    [
        ("lapic_timer_period", ["patches/x86_64/0001.patch"]),
        ("lapic_timer_frequency", []),  # before Linux 5.3
    ],
)
def test_a_boot_patch_that_does_not_apply_is_left_out(
    name: str, applied: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = tmp_path / "patches/x86_64/0001.patch"
    patch.parent.mkdir(parents=True)
    patch.write_text(BOOT_PATCH)
    monkeypatch.setattr(source, "boot_patches", lambda arch: [patch])
    tree = tmp_path / "tree"
    file = tree / "arch/x86/kernel/apic/apic.c"
    file.parent.mkdir(parents=True)
    head, tail = f"}};\n\nunsigned int {name} = 0;\n", "\nvoid f(void);\n"
    file.write_text(head + tail)
    source.patch_boot(X86_64, tree, tmp_path / "log")
    assert [patch["name"] for patch in source.boot_list(tree)] == applied
    assert file.read_text() == head + ("told\n" if applied else "") + tail
    assert sorted(path.name for path in file.parent.iterdir()) == ["apic.c"]


@pytest.mark.parametrize(
    ("name", "meets"), [("arch/x86/kernel/apic/apic.c", True), ("f.c", False)]
)
def test_a_patch_of_the_same_file_comes_before_ours(
    variant: Variant, name: str, meets: bool
) -> None:
    """It was laid on top, and refused for lines that are not of its base."""
    variant.patches[0].write_text(PATCH.replace("f.c", name))
    assert source.meets_boot(variant, X86_64) is meets
    assert not source.meets_boot(variant, ARM64)


def test_the_boot_patches_of_this_clone_name_their_files() -> None:
    assert "+++ b/arch/x86/kernel/apic/apic.c\n" in "".join(
        patch.read_text() for patch in source.boot_patches(X86_64)
    )


def test_key_follows_the_boot_patches(
    variant: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = tmp_path / "0001.patch"
    patch.write_text(BOOT_PATCH)
    keys = {kernels.kernel_key(variant, X86_64)}
    monkeypatch.setattr(source, "boot_patches", lambda arch: [patch])
    keys.add(kernels.kernel_key(variant, X86_64))
    assert len(keys) == 2


KCONFIG = """\
config BIG
\tbool "Big"
\thelp
\t  choice
\t  config NOT_A_SYMBOL

choice
\tprompt "Preemption"
\tdefault NONE
config NONE
\tbool "None"
config VOLUNTARY
\tbool "Voluntary"
config FULL
\tbool "Full"
endchoice

config CORE
\tbool
config PROVER
\tbool "Prove"
\tselect CORE
if BIG
config INNER
\tbool "Inner"
\tdepends on PROVER && \\
\t\t!NONE
endif
source "arch/$(SRCARCH)/Kconfig"
"""


@pytest.fixture
def known(tmp_path: Path) -> kconfig.Kconfig:
    (tmp_path / "Kconfig").write_text(KCONFIG)
    (tmp_path / "arch/x86").mkdir(parents=True)
    (tmp_path / "arch/x86/Kconfig").write_text('config X86\n\tbool "X"\n')
    return kconfig.Kconfig(tmp_path, X86_64)


def test_of_a_choice_the_last_word_wins(known: kconfig.Kconfig) -> None:
    """It was: kconfig did not take ours, of a user who asked for another."""
    text = "CONFIG_VOLUNTARY=y\nCONFIG_BIG=y\nCONFIG_FULL=y\nCONFIG_BIG=y\n"
    assert known.settled(text) == "CONFIG_BIG=y\nCONFIG_FULL=y\nCONFIG_BIG=y\n"
    assert "X86" in known.symbols and "NOT_A_SYMBOL" not in known.symbols


@pytest.mark.parametrize(
    ("symbol", "value", "have", "why"),
    [
        ("CORE", "y", "", "cannot be set itself: set what selects it, as CONFIG_PRO"),
        ("CORE", "n", "PROVER CORE", "selected by CONFIG_PROVER"),
        ("INNER", "y", "BIG NONE PROVER", "needs PROVER && !NONE"),
        ("INNER", "y", "PROVER", "needs BIG"),
        ("VOLUNTARY", "y", "FULL", "of its choice CONFIG_FULL is set"),
        ("NOSUCH", "y", "", "this source has no such symbol"),
    ],
)
def test_why_kconfig_did_not_take_a_symbol(
    known: kconfig.Kconfig, symbol: str, value: str, have: str, why: str
) -> None:
    got = "".join(f"CONFIG_{name}=y\n" for name in have.split())
    with pytest.raises(RetrapError) as caught:
        kconfig.check_config("v", f"CONFIG_{symbol}={value}\n", got, known)
    assert f"did not take CONFIG_{symbol}={value}" in caught.value.message
    assert f"\n  CONFIG_{symbol}: {why}" in caught.value.message
