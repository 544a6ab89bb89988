# SPDX-License-Identifier: GPL-2.0-only
"""Which compiler makes programs and kernels: the distribution's gcc, or for a
kernel the one that its variant names.

A build that took another from the environment would measure something else in
one shell than in the next, under the same name.
"""

from __future__ import annotations

import functools
import os

from retrap.build import packages
from retrap.base.arch import Arch
from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.base.process import capture
from retrap.base.progress import say

# What make, kbuild or CMake would read.
VARIABLES = (
    *("CC", "CXX", "CPP", "LD", "AR", "AS", "HOSTCC", "HOSTCXX", "LLVM", "LLVM_IAS"),
    *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "HOSTCFLAGS", "CROSS_COMPILE"),
    *("ARCH", "KCFLAGS", "KCPPFLAGS", "KAFLAGS", "KBUILD_OUTPUT"),
)


def environment() -> dict[str, str]:
    """The environment of a build, less what would change what it makes."""
    say_left_out()
    return {name: value for name, value in os.environ.items() if name not in VARIABLES}


@functools.cache
def say_left_out() -> None:
    """Once a command: a user who set one thinks that it counts."""
    found = [f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ]
    if found:
        say(f"left out, what builds here is gcc (docs/kernels.md): {' '.join(found)}")


def compiler(arch: Arch, name: str | None = None) -> str:
    """First lines of `gcc --version` and `ld --version`; `name` as gcc-11, clang-14."""
    tools = [packages.compiler_command(arch, name or "gcc"), f"{arch.cross}ld"]
    lines = [(capture([tool, "--version"]) or "").split("\n")[0] for tool in tools]
    if not all(lines):
        sets = ["guest", *packages.sets(arch)]
        sets += [packages.compiler_package(arch, name)] if name else []
        raise RetrapError(
            f"{' or '.join(tools)} is missing",
            f"./retrap packages {' '.join(sets)}",
            EXIT_KERNEL,
        )
    return "; ".join(lines)


def kbuild(arch: Arch, name: str | None = None) -> list[str]:
    """What make is told of them; the linker is GNU ld for clang too."""
    words = [f"ARCH={arch.name}"]
    words += [f"CROSS_COMPILE={arch.cross}"] if arch.cross else []
    return [*words, f"CC={packages.compiler_command(arch, name)}"] if name else words
