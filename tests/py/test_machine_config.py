# SPDX-License-Identifier: GPL-2.0-only
"""The config of a kernel for a machine; kconfig itself runs in tests/rehearsal."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from retrap.base.arch import ARM64, X86_64
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.config.fragments import asked, config_text
from retrap.config.variants import Source, Variant
from retrap.kernel import kernels, source
from retrap.kernel.kconfig import Kconfig
from retrap.kernel.machine_config import LOADED, MachineConfig, configure

CONFIG = """\
# Automatically generated file; DO NOT EDIT.
CONFIG_X86_64=y
CONFIG_BUILD_SALT="6.1.0-56-cloud-amd64"
CONFIG_SYSTEM_TRUSTED_KEYS="debian/certs.pem"
CONFIG_EXT4_FS=m
CONFIG_ZFS=m
# CONFIG_BUG is not set
"""
MODULES = """\
virtio_blk 28672 1 - Live 0xffffffffc05c0000
ext4 16384 1 - Live 0xffffffffc05ad000
"""
MACHINE = MachineConfig.read(CONFIG, MODULES, "ext4\n")


@pytest.fixture
def variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Variant:
    monkeypatch.setattr(source, "identify", lambda variant: "one source")
    monkeypatch.setattr(kernels.toolchain, "compiler", lambda *of: "one compiler")
    return Variant("mine", None, Source(None, tmp_path, "HEAD"), (), (), ("listen",))


def test_what_differs_from_boot_to_boot_is_no_other_kernel(variant: Variant) -> None:
    """Addresses, users, sizes and order of /proc/modules; comments of the config."""
    lines = MODULES.replace("ffffffffc05", "ffffffffa11").splitlines()
    later = "\n".join(reversed(lines)).replace("28672 1", "28672 3")
    again = MachineConfig.read(f"# of today\n{CONFIG}", later, "ext4")
    assert again == MACHINE
    assert kernels.kernel_key(variant, X86_64, again) == kernels.kernel_key(
        variant, X86_64, MACHINE
    )


def test_the_key_follows_every_fact_of_the_machine(variant: Variant) -> None:
    others = [
        MachineConfig.read(CONFIG.replace("ZFS=m", "ZFS=y"), MODULES, "ext4"),
        MachineConfig.read(CONFIG, MODULES + "zfs 1 0 - Live 0x0\n", "ext4"),
        MachineConfig.read(CONFIG, MODULES, "xfs"),
    ]
    keys = {
        kernels.kernel_key(variant, X86_64, each) for each in (None, MACHINE, *others)
    }
    assert len(keys) == 5


def test_only_a_guest_gets_the_patches_of_the_boot(
    variant: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keys() -> tuple[str, str]:
        return kernels.kernel_key(variant, X86_64), kernels.kernel_key(
            variant, X86_64, MACHINE
        )

    guest, machine = keys()
    patch = tmp_path / "0001.patch"
    patch.write_text("--- a/f.c\n+++ b/f.c\n")
    monkeypatch.setattr(source, "boot_patches", lambda arch: [patch])
    assert keys()[0] != guest and keys()[1] == machine


def test_files_of_the_distributions_build_are_left_out() -> None:
    assert "certs" not in MACHINE.config and "SALT" not in MACHINE.config
    assert MACHINE.modules == ("ext4", "virtio_blk")


def test_what_a_machine_says_is_no_command_and_no_file_of_ours() -> None:
    """kbuild's make expands strings, and takes the files that some name."""
    config = (
        'CONFIG_X86_64=y\nCONFIG_EXTRA_FIRMWARE="$(shell touch /tmp/owned)x"\n'
        'CONFIG_INITRAMFS_SOURCE="/root/.ssh"\nCONFIG_EXTRA_FIRMWARE_DIR=""\n'
        'CONFIG_LOCALVERSION="`id`"\nCONFIG_CC_VERSION_TEXT="gcc (Debian) 12"\n'
        "CONFIG_NR_CPUS=64\nCONFIG_PHYS=0x1000\nCONFIG_HZ=$(HZ)\n"
    )
    read = MachineConfig.read(config, "ext4 1 0", "ext4")
    assert read.config.splitlines() == [
        "CONFIG_X86_64=y",
        'CONFIG_EXTRA_FIRMWARE_DIR=""',
        'CONFIG_CC_VERSION_TEXT="gcc (Debian) 12"',
        "CONFIG_NR_CPUS=64",
        "CONFIG_PHYS=0x1000",
    ]


@pytest.mark.parametrize(
    ("config", "modules", "told"),
    [
        ("", MODULES, "no kernel config"),
        ("<html>CONFIG_X=y</html>", MODULES, "no kernel config"),
        (CONFIG, "\n", "no module is loaded"),
    ],
    ids=["empty", "a page", "no modules"],
)
def test_what_is_no_fact_of_a_machine(config: str, modules: str, told: str) -> None:
    with pytest.raises(RetrapError, match=told) as caught:
        MachineConfig.read(config, modules, "ext4")
    assert caught.value.exit_code == EXIT_CONFIG


def test_a_config_of_another_architecture() -> None:
    MACHINE.check_arch(X86_64)
    with pytest.raises(RetrapError, match="not of arm64: no CONFIG_ARM64=y") as caught:
        MACHINE.check_arch(ARM64)
    assert caught.value.exit_code == EXIT_CONFIG


def test_the_fragment_is_not_the_guests(variant: Variant) -> None:
    for arch in (X86_64, ARM64):
        wanted = asked(config_text(variant, arch, machine=True))
        assert wanted["CONFIG_MODULES"] == "n" and "CONFIG_NR_CPUS" not in wanted
        assert wanted["CONFIG_SOFT_WATCHDOG"] == "y"


class Make:
    """Stands for kconfig: `localyesconfig` builds in what is loaded and known."""

    def __init__(self, obj: Path, known: tuple[str, ...]) -> None:
        self.obj, self.known = obj, known

    def __call__(self, targets: list[str], on_line: object) -> None:
        config = self.obj / ".config"
        if "localyesconfig" not in targets:
            return
        loaded = (self.obj / LOADED).read_text().splitlines()
        assert loaded[0].startswith("Module") and str(self.obj) in targets[0]
        for line in loaded[1:]:
            name = line.split()[0]
            if name not in self.known:
                assert callable(on_line)
                on_line(f"{name} config not found!!")
            elif name == "ext4":
                text = config.read_text().replace("EXT4_FS=m", "EXT4_FS=y")
                config.write_text(text)


def test_a_loaded_module_is_built_in_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "Kconfig").write_text("")
    make = Make(tmp_path, ("ext4",))
    known = Kconfig(tmp_path, X86_64)
    lost = configure(MACHINE, "CONFIG_BUG=y\n", tmp_path, known, make)
    got = asked((tmp_path / ".config").read_text())
    assert lost == ["virtio_blk"]
    assert got["CONFIG_EXT4_FS"] == "y" and "CONFIG_ZFS" not in got
    assert got["CONFIG_BUG"] == "y"


def test_a_root_that_the_kernel_could_not_mount(tmp_path: Path) -> None:
    (tmp_path / "Kconfig").write_text("")
    machine = dataclasses.replace(MACHINE, root="zfs", modules=("ext4", "zfs"))
    make = Make(tmp_path, ("ext4",))
    with pytest.raises(RetrapError) as caught:
        configure(machine, "", tmp_path, Kconfig(tmp_path, X86_64), make)
    assert "root is zfs, and CONFIG_ZFS_FS is not set" in caught.value.message
    assert "lacks zfs" in caught.value.remedy
    assert caught.value.exit_code == EXIT_KERNEL
