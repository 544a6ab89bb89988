# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own selftests: built from the tree, their verdicts read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from retrap.base.arch import native
from retrap.base.cache import subdirectory
from retrap.config.variants import Variant
from retrap.kernel.kernels import kernel_key

# Below tools/testing/selftests; further sources and libraries after it. There
# is no folder `signal` in 6.12: sigaltstack is what it has of signals.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "ptrace/get_set_sud": (),
    "ptrace/get_syscall_info": (),
    "ptrace/peeksiginfo": (),
    "ptrace/vmaccess": (),
    "sigaltstack/sas": (),
    "cgroup/test_freezer": ("cgroup/cgroup_util.c",),
    "pidfd/pidfd_fdinfo_test": (),
    "pidfd/pidfd_getfd_test": (),
    "pidfd/pidfd_open_test": (),
    "pidfd/pidfd_setns_test": (),
    "pidfd/pidfd_test": (),
    "pidfd/pidfd_wait": (),
    "seccomp/seccomp_bpf": ("-lcap",),
}
# Not run, and why.
LEFT_OUT = {
    "pidfd/pidfd_poll_test": "10000 forks: minutes of emulation, no ptrace in it",
    "seccomp/seccomp_benchmark": "a measurement without a verdict of its own",
}
_CASE = re.compile(r"^(ok|not ok) (?:\d+ )?(?:- )?(.*)$", re.MULTILINE)


def tree_of(variant: Variant) -> Path:
    """The unpacked source which the variant was built in."""
    tree = subdirectory("trees") / kernel_key(variant, native())
    assert (tree / "Kbuild").is_file(), f"no tree {tree}; delete the kernel, build"
    return tree


def build(tree: Path, into: Path) -> dict[str, Path]:
    """The programs, static, against the headers of that tree."""
    headers = into / "headers"
    headers.mkdir()
    (headers / ".config").write_bytes((tree / "obj/.config").read_bytes())
    subprocess.run(["make", "-s", "-C", tree, f"O={headers}", "headers"], check=True)
    folder = tree / "tools/testing/selftests"
    built = {}
    for name, more in PROGRAMS.items():
        out = into / name.replace("/", ".")
        words = [word if word.startswith("-") else str(folder / word) for word in more]
        subprocess.run(
            [
                *("gcc", "-O2", "-w", "-static", "-pthread", "-D_GNU_SOURCE"),
                *(f"-I{headers}/usr/include", f"-I{folder}", "-o", out),
                *(folder / f"{name}.c", *words),
            ],
            check=True,
        )
        built[name] = out
    return built


def verdicts(name: str, text: str, status: str) -> dict[str, str]:
    """Every case of one program: ok, not ok, skip; and its exit status."""
    found = {f"{name}: exit status": status.strip()}
    for word, rest in _CASE.findall(text):
        case, _, directive = rest.partition(" # ")
        case = re.sub(r"\b\d{2,}\b", "N", case)  # a pid, a time
        found[f"{name}: {case}"] = "skip" if "SKIP" in directive else word
    return found
