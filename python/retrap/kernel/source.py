# SPDX-License-Identifier: GPL-2.0-only
"""Kernel source: which one it is, how it is unpacked and patched."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from retrap.build import packages
from retrap.kernel import rejected
from retrap.kernel.subject import author_of, subject_of
from retrap.base.arch import Arch
from retrap.base.paths import ROOT
from retrap.config.variants import Source, Variant
from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.base.process import capture, run_logged
from retrap.base.progress import say

BOOT_LIST = "retrap-boot.json"  # in a kernel's tree
# A tree may be another user's: reading a commit of it runs none of its hooks.
GIT = ("git", "-c", "safe.directory=*")


def identify(variant: Variant) -> str:
    """`linux-source-6.12 6.12.117-1~deb12u1`, or `git <commit>`."""
    source = variant.source
    if source.prebuilt:
        raise RetrapError(
            f"{variant.name} is built already ({source.prebuilt}): no source is known",
            "give it package, tree or base in place of image or build",
            EXIT_KERNEL,
        )
    if source.package:
        if not packages.tarball(source.package).is_file():
            raise RetrapError(
                f"{variant.name}: package {source.package} is not installed",
                f"./retrap packages {source.package}, or name a tree in "
                "configs/variants.toml",
                EXIT_KERNEL,
            )
        return f"{source.package} {packages.version(source.package)}"
    commit = capture(
        [*GIT, "rev-parse", "--verify", "--quiet", f"{source.ref}^{{commit}}"],
        cwd=_top(source),
    )
    if not commit:
        raise RetrapError(
            f"{variant.name}: {_no_commit(source)}",
            f"correct tree and ref in {variant.file or 'configs/variants.toml'}",
            EXIT_KERNEL,
        )
    return f"git {commit.strip()}"


def version(variant: Variant) -> tuple[int, int] | None:
    """(6, 12), by the name of the package or the Makefile of the commit; None where
    they do not say."""
    source = variant.source
    text = file_of(source, "Makefile") if source.tree else source.package or ""
    form = r"linux-source-(\d+)\.(\d+)(?:/.*)?$|VERSION = (\d+)\nPATCHLEVEL = (\d+)\n"
    found = re.search(form, text)
    if found is None:
        return None
    major, minor = (int(number) for number in found.groups() if number)
    return major, minor


def file_of(source: Source, name: str) -> str:
    """The text of a file of a git tree's commit; empty where there is none."""
    words = [*GIT, "show", f"{source.ref}:{name}"]
    return capture(words, cwd=_top(source)) or ""


def _top(source: Source) -> Path:
    """Of the git tree that `tree` is, or lies in: below its top git archives the
    part below alone. A bare repository is its own."""
    tree = source.tree
    if tree is None or not tree.is_dir():
        return Path("/")
    top = capture([*GIT, "rev-parse", "--show-toplevel"], cwd=tree)
    return Path(top.rstrip("\n")) if top else tree


def _no_commit(source: Source) -> str:
    assert source.tree
    if not source.tree.is_dir():
        return f"no directory {source.tree}"
    if capture([*GIT, "rev-parse", "--git-dir"], cwd=source.tree) is None:
        return f"no git tree at {source.tree}"
    return f"no commit {source.ref!r} in the git tree {source.tree}"


def say_uncommitted(variant: Variant) -> None:
    """Whoever edits in the tree may think that it is measured."""
    if variant.source.tree:
        commit = identify(variant).removeprefix("git ")
        _say_uncommitted(variant.name, _top(variant.source), commit)


@functools.cache
def _say_uncommitted(name: str, tree: Path, commit: str) -> None:
    """Once a command, of the commit that is checked out. git itself refuses the
    tree of another user, whose settings name programs."""
    head = capture(["git", "rev-parse", "HEAD"], cwd=tree) or ""
    words = ["git", "--no-optional-locks", "status", "--porcelain", "-uno"]
    changed = capture(words, cwd=tree) if head.strip() == commit else None
    if changed:
        count = len(changed.splitlines())
        say(f"{name}: left out, not committed in {tree}: {count} changed files")


def unpack(variant: Variant, identity: str, into: Path, log: Path) -> None:
    """Puts the pristine source into the empty directory `into`."""
    source = variant.source
    if source.package:
        tarball = packages.tarball(source.package)
        argv = ["tar", "-xJf", str(tarball), "--strip-components=1"]
        status = run_logged([*argv, "-C", str(into)], log)
    else:
        archive = into / "retrap-source.tar"
        commit = identity.removeprefix("git ")
        status = run_logged(
            [*GIT, "archive", "--format=tar", "-o", str(archive), commit],
            log,
            cwd=_top(source),
        ) or run_logged(["tar", "-xf", str(archive), "-C", str(into)], log)
        archive.unlink(missing_ok=True)
    if status == 0 and not (into / "Kbuild").is_file():
        raise RetrapError(
            f"{variant.name}: {identity} is no kernel source: it has no Kbuild",
            f"correct {variant.file or 'configs/variants.toml'}",
            EXIT_KERNEL,
        )
    if status != 0:
        raise RetrapError(
            f"{variant.name}: cannot unpack {identity}: {_last_line(log)}",
            f"is the disk full? the log is {log}",
            EXIT_KERNEL,
        )


def patch(variant: Variant, tree: Path, log: Path, done: int = 0) -> list[str]:
    """Applies the variant's patches after the first `done`, without fuzz; the
    files that they touch, as patch(1) calls them."""
    touched: list[str] = []
    for file in variant.patches[done:]:
        lines: list[str] = []
        argv = ["patch", "-p1", "--forward", "--batch", "--fuzz=0", "-i", str(file)]
        status = run_logged(argv, log, lines.append, cwd=tree)
        if status == 0 and not any(line.startswith("patching") for line in lines):
            lines.append("it holds no patch")
            status = 1
        if status != 0:
            what, hint = rejected.reason(file, tree, log, lines)
            what = f"{variant.name}: {file} does not apply: {what}"
            raise RetrapError(what, hint, EXIT_KERNEL)
        said = (re.match(r"patching file (.+)", line) for line in lines)
        touched += [match.group(1) for match in said if match]
    return touched


def patch_list(variant: Variant) -> list[dict[str, str]]:
    """Name, sha256, subject and author of every patch, in order."""
    return named(variant.patches)


def named(files: Iterable[Path]) -> list[dict[str, str]]:
    return [_named("/".join(file.parts[-3:]), file.read_bytes()) for file in files]


def _named(name: str, content: bytes) -> dict[str, str]:
    said = {"subject": subject_of(content), "author": author_of(content)}
    told = {key: word for key, word in said.items() if word}
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), **told}


def boot_patches(arch: Arch) -> list[Path]:
    """Patches that only a guest's boot needs: they make it quick and change no code
    that runs later (docs/kernels.md, "The boot")."""
    return sorted((ROOT / "kernel-patch/boot" / arch.name).glob("*.patch"))


def patch_boot(arch: Arch, tree: Path, log: Path) -> None:
    """Applies those of them that apply to a source, and leaves their list in it."""
    applied = []
    for file in boot_patches(arch):
        argv = ["patch", "-p1", "--forward", "--batch", "--fuzz=0", "-i", str(file)]
        if run_logged([*argv, "--dry-run"], log, cwd=tree) == 0:
            if run_logged(argv, log, cwd=tree) != 0:
                raise RetrapError(
                    f"{file.name}: patch failed where a dry run did not: "
                    f"{_last_line(log)}",
                    f"is the disk full? the log is {log}",
                    EXIT_KERNEL,
                )
            applied.append(file)
    (tree / BOOT_LIST).write_text(json.dumps(named(applied)))


def meets_boot(variant: Variant, arch: Arch) -> bool:
    """Whether a patch of the variant touches a file that one of the boot does. Then
    the variant's come first, so that ours is the one that may not apply."""
    ours, theirs = (
        set(re.findall(r"^\+\+\+ (?:[^/\s]+/)?(\S+)", text, re.M))
        for text in (
            "".join(patch.read_text(errors="replace") for patch in patches)
            for patches in (boot_patches(arch), variant.patches)
        )
    )
    return bool(ours & theirs)


def boot_list(tree: Path) -> list[dict[str, str]]:
    """Name and sha256 of what `patch_boot` applied to this tree."""
    found: list[dict[str, str]] = json.loads((tree / BOOT_LIST).read_text())
    return found


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "no output"
