# SPDX-License-Identifier: GPL-2.0-only
"""The names in a diff, so that `patch -p1` finds them: `a/` and `b/` before each.

A diff may name no such folders (-p0), other ones (`linux-6.12.orig/kernel/signal.c`),
or more than one. What leads is what stands before a folder or file of the kernel's top.
"""

from __future__ import annotations

import re

TOP = frozenset(
    """Documentation LICENSES arch block certs crypto drivers fs include init io_uring
    ipc kernel lib mm net rust samples scripts security sound tools usr virt COPYING
    CREDITS Kbuild Kconfig MAINTAINERS Makefile README""".split()
)
_PAIR = re.compile(r"^--- (\S+)([^\n]*)\n\+\+\+ (\S+)([^\n]*)$", re.M)
_GIT = re.compile(r"^diff --git (\S+) (\S+)$", re.M)
NOTHING = "/dev/null"


def usual(text: str) -> str:
    """The diff with `a/` and `b/`; as it is, where it has them. Errors: ValueError,
    with a name that is below no folder of a kernel."""
    if re.search(r"^(--- a/|\+\+\+ b/|diff --git a/)", text, re.M):
        return text
    text = _GIT.sub(lambda m: f"diff --git a/{_below(m[1])} b/{_below(m[2])}", text)
    return _PAIR.sub(_pair, text)


def _pair(found: re.Match[str]) -> str:
    before, stamp, after, other = found.groups()
    if after != NOTHING:
        after = _below(after)
        before = before if before == NOTHING else after  # it may be kernel/x.c.orig
    else:
        before = _below(before)
    old = before if before == NOTHING else f"a/{before}"
    new = after if after == NOTHING else f"b/{after}"
    return f"--- {old}{stamp}\n+++ {new}{other}"


def _below(name: str) -> str:
    words = name.split("/")
    for at, word in enumerate(words):
        if word in TOP:
            return "/".join(words[at:])
    raise ValueError(name)
