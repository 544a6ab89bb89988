# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are built already: what is read of them, and what is refused."""

from __future__ import annotations

import gzip
import lzma
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from retrap.base.arch import ARM64, X86_64, Arch
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.base.progress import Progress
from retrap.config import fragments, prebuilt
from retrap.config.variants import Source, Variant, Variants, load_variants
from retrap.kernel import kernels

BUILD_ID = "00112233445566778899aabbccddeeff00112233"
WORDS = f"{prebuilt.NEEDED['']} {prebuilt.NEEDED['x86_64']}".split()
CONFIG = "CONFIG_NR_CPUS=3\n" + "".join(f"CONFIG_{word}=y\n" for word in WORDS)


def vmlinux(place: Path, config: str | None, build_id: str = BUILD_ID) -> Path:
    """An ELF file with a build id, and its config as CONFIG_IKCONFIG has it."""
    data = b"IKCFG_ST" + gzip.compress(config.encode()) + b"IKCFG_ED" if config else b""
    (place / "ikconfig").write_bytes(data)
    code = f'asm(".incbin \\"{place}/ikconfig\\""); int main(void) {{ return 0; }}\n'
    (place / "main.c").write_text(code)
    link = f"-Wl,--build-id=0x{build_id}" if build_id else "-Wl,--build-id=none"
    file = place / "vmlinux"
    words = ["gcc", "-nostdlib", "-static", "-Wl,-emain", link, "-o", file]
    subprocess.run([*words, place / "main.c"], check=True)
    return file


def bzimage(payload: bytes) -> bytes:
    """As the boot protocol says: setup sectors, where the payload is, how long."""
    head = bytearray(2 * 512)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    head[0x248:0x250] = (16).to_bytes(4, "little") + len(payload).to_bytes(4, "little")
    return bytes(head) + bytes(16) + payload


@dataclass
class Built:
    folder: Path

    def image(
        self, config: str | None, pack: Callable[[bytes], bytes] = gzip.compress
    ) -> Path:
        file = self.folder / "bzImage"
        file.write_bytes(bzimage(pack(vmlinux(self.folder, config).read_bytes())))
        return file

    def directory(self, config: str = CONFIG) -> Path:
        top = self.folder / "obj"
        (top / X86_64.image).parent.mkdir(parents=True)
        (top / X86_64.image).write_bytes(b"an image")
        (top / ".config").write_text(config)
        vmlinux(top, None)
        return top


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    prebuilt.read.cache_clear()
    (tmp_path / "boot").mkdir()
    return Built(tmp_path / "boot")


def variant(place: Path) -> Variant:
    return Variant("mine", None, Source(None, None, None, place), (), (), ("listen",))


def ensure(place: Path, arch: Arch = X86_64) -> kernels.Kernel:
    with Progress() as progress:
        return kernels.ensure(variant(place), {}, progress, arch)


def refused(place: Path, arch: Arch = X86_64) -> RetrapError:
    with pytest.raises(RetrapError) as caught:
        ensure(place, arch)
    return caught.value


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_an_image_says_its_config_and_build_id(
    built: Built, pack: Callable[[bytes], bytes]
) -> None:
    image = built.image(CONFIG, pack)
    kernel = ensure(image)
    assert kernel.image.read_bytes() == image.read_bytes()
    assert (kernel.directory / "config").read_text() == CONFIG
    meta = kernel.meta()
    assert meta["build_id"] == BUILD_ID and meta["patches"] == []
    assert fragments.most_cpus(variant(image), X86_64) == 3
    assert ensure(image).directory == kernel.directory
    with pytest.raises(RetrapError, match="no System.map came with this image"):
        kernel.system_map


def test_the_config_lies_beside_it_as_in_boot(built: Built) -> None:
    image = built.image(None)
    error = refused(image)
    assert error.exit_code == EXIT_CONFIG
    assert "no config beside it" in error.message
    prebuilt.read.cache_clear()
    image = image.rename(image.with_name("vmlinuz-6.1-x"))
    assert "no config-6.1-x beside it" in refused(image).message
    prebuilt.read.cache_clear()
    (built.folder / "config-6.1-x").write_text(CONFIG)
    (built.folder / "System.map-6.1-x").write_text("symbols")
    assert ensure(image).system_map == "symbols"


def test_a_build_directory(built: Built) -> None:
    top = built.directory()
    (top / "System.map").write_text("symbols")
    kernel = ensure(top)
    assert kernel.image.read_bytes() == b"an image"
    assert kernel.meta()["build_id"] == BUILD_ID and kernel.system_map == "symbols"


@pytest.mark.parametrize("name", [X86_64.image, "vmlinux", ".config"])
def test_a_directory_that_was_not_built_to_its_end(built: Built, name: str) -> None:
    top = built.directory()
    (top / name).unlink()
    error = refused(top)
    assert error.message == f"{top}: no {name} in it"
    assert error.remedy == f"build it: make O={top} bzImage"


def test_another_kernel_is_another_key(built: Built) -> None:
    top = built.directory()
    one = ensure(top).key
    prebuilt.read.cache_clear()
    (top / X86_64.image).write_bytes(b"another image")
    assert ensure(top).key != one


def test_what_a_guest_needs_is_named_before_it_boots(built: Built) -> None:
    """A module is not built in: a guest has none."""
    config = CONFIG.replace("CONSOLE=y", "CONSOLE=m")
    error = refused(built.directory(config))
    assert error.exit_code == EXIT_KERNEL
    assert "CONFIG_VIRTIO_CONSOLE, CONFIG_SERIAL_8250_CONSOLE" in error.message
    assert not any((built.folder.parent / "cache/kernels").iterdir())


def test_what_makes_exact_boots_differ_is_said(
    built: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(built.directory(f"{CONFIG}CONFIG_RANDOMIZE_BASE=y\n"))
    assert "exact boots will differ, for CONFIG_RANDOMIZE_BASE" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no bzImage of x86_64"),
        (bytes(4096), "no bzImage of x86_64"),
        (bzimage(b"not packed"), "packed in a way that retrap does not know"),
        (bzimage(b"\x1f\x8b" + bytes(99)), "it cannot be unpacked"),
        (bzimage(gzip.compress(bytes(9999)))[:-9], "cut off"),
        (bzimage(gzip.compress(b"no elf")), "no build id"),
    ],
    ids=["empty", "zeros", "unknown", "broken", "cut", "no-elf"],
)
def test_a_file_that_is_no_kernel(built: Built, data: bytes, said: str) -> None:
    file = built.folder / "bzImage"
    file.write_bytes(data)
    (built.folder / "config").write_text(CONFIG)
    error = refused(file)
    assert said in error.message and str(file) in error.message
    assert error.exit_code == EXIT_CONFIG


def test_an_image_of_arm64_is_named_by_its_directory(built: Built) -> None:
    assert 'build = "/path"' in refused(built.image(CONFIG), ARM64).remedy


def test_a_kernel_without_a_build_id(built: Built) -> None:
    top = built.directory()
    vmlinux(top, None, build_id="")
    assert "no build id" in refused(top).message


def table(folder: Path, lines: str) -> Variants:
    file = folder / "variants.toml"
    file.write_text(f'[a]\nimage = "{folder}/bzImage"\n{lines}')
    (folder / "bzImage").touch()
    return load_variants(file)


@pytest.mark.parametrize(
    ("lines", "name", "said"),
    [
        ('patches = ["/tmp"]', "a", ":3: [a] patches: "),
        ('compiler = "gcc-11"', "a", "goes with a source, not with image"),
        ('package = "linux-source-6.12"', "a", "give exactly one of"),
        ('[b]\nbase = "a"', "b", "'a' is built already: it has no source"),
        ('[b]\nimage = "/nowhere"', "b", "no image of a kernel at /nowhere"),
        ('[b]\nbuild = "/nowhere"', "b", "no build directory at /nowhere"),
        ("", "a.aligned", "a is built already: it has no layout 'aligned'"),
    ],
)
def test_tables_that_are_refused(
    built: Built, lines: str, name: str, said: str
) -> None:
    variants = table(built.folder, f"{lines}\n")
    with pytest.raises(RetrapError) as caught:
        variants[name]
    assert said in caught.value.message and caught.value.exit_code == EXIT_CONFIG
