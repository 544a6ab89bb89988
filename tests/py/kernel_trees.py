# SPDX-License-Identifier: GPL-2.0-only
"""Trees that stand for a kernel's, and variants of one whose make takes no time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from retrap.base.progress import Progress
from retrap.config.variants import Source, Variant
from retrap.kernel import building, kernels
from retrap.kernel.machine_config import MachineConfig


def git(tree: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost.invalid"]
    subprocess.run(["git", "-C", tree, *identity, *words], check=True)


def commit(tree: Path) -> None:
    git(tree, "add", ".")
    git(tree, "commit", "-qam", "x")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A git tree with one commit."""
    path = tmp_path / "linux"
    path.mkdir()
    (path / "f.c").write_text("one\ntwo\nthree\n")
    (path / "Kbuild").write_text("")
    git(path, "init", "-q")
    commit(path)
    return path


KERNEL = """\
O := obj
allnoconfig:
\tcp $(KCONFIG_ALLCONFIG) $(O)/.config
olddefconfig localyesconfig:
bzImage: $(O)/signal.o $(O)/exit.o
\tmkdir -p $(O)/arch/x86/boot $(O)/arch/arm64/boot
\tcp /bin/true $(O)/vmlinux
\ttouch $(O)/System.map
\tcat $^ >$(O)/arch/x86/boot/bzImage
\tcat $^ >$(O)/arch/arm64/boot/Image
Image: bzImage
$(O)/%.o: %.c
\t@echo "  CC      $@"
\t@cat $< >$@
"""


class Builds:
    """Variants of a tree whose make compiles in no time, and how many objects
    each kernel took."""

    def __init__(self, tree: Path, into: Path) -> None:
        self.into = into
        self.source = Source(None, tree, "HEAD")
        self.variants: dict[str, Variant] = {}

    def add(
        self, name: str, base: str | None, patch: str = "", config: str = ""
    ) -> None:
        below = self.variants[base] if base else None
        files, fragments = (below.patches, below.fragments) if below else ((), ())
        if patch:
            file = self.into / f"{name}.patch"
            file.write_text(
                f"--- a/{patch}\n+++ b/{patch}\n@@ -1 +1,2 @@\n int x;\n+int {name};\n"
            )
            files = (*files, file)
        if config:
            fragment = self.into / f"{name}.config"
            fragment.write_text(config)
            fragments = (*fragments, fragment)
        self.variants[name] = Variant(
            name, base, self.source, files, fragments, ("listen",)
        )

    def ensure(self, name: str, machine: MachineConfig | None = None) -> int:
        with Progress() as progress:
            kernel = kernels.ensure(
                self.variants[name], self.variants, progress, machine=machine
            )
        return int(kernel.meta()["objects_compiled"])

    def image(self, name: str) -> str:
        kernel = kernels.find(self.variants[name])
        assert kernel
        return kernel.image.read_text()

    def built(self, name: str) -> bool:
        return kernels.find(self.variants[name]) is not None


@pytest.fixture
def builds(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(building, "build_id", lambda elf: "b")
    (tree / "Makefile").write_text(KERNEL)
    (tree / "Kconfig").write_text("")
    (tree / "Kconfig2").write_text("x\n")
    for name in ("signal", "exit"):
        (tree / f"{name}.c").write_text("int x;\n")
    commit(tree)
    made = Builds(tree, tmp_path)
    made.add("main", None)
    made.add("p1", "main", "signal.c")
    made.add("p2", "p1", "exit.c")
    made.add("own", "main", config="CONFIG_OWN=y\n")
    made.add("on-own", "own", "signal.c")
    return made
