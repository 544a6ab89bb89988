# SPDX-License-Identifier: GPL-2.0-only
"""Command lines: the same kernel image, booted with other words.

`mainline+preempt=full` is mainline, booted with `preempt=full`. As in a layout, it is
held against nothing but kernels that were booted with the same words.

One word is not the kernel's: `ballast=3` boots a guest with 3 MB more in its root, and
has three processes asleep while it measures (exact/guest/ballast). That leaves the
allocators in another state.
"""

from __future__ import annotations

import re

from retrap.base.arch import ARCHES

BALLAST, MOST_BALLAST = "ballast", 64
WORD = re.compile(r"[a-z0-9_]+(=[A-Za-z0-9_,:-]+)?")

# What retrap says to a guest itself, besides what stands in arch.py.
_OURS = {
    *("norandmaps", "panic", "oops", "maxcpus", "rdinit", "init", "root", "initrd"),
    *("earlycon", "earlyprintk", "quiet", "loglevel", "debug", "nr_cpus", "nosmp"),
    *("highres", "nohz", "clocksource", "retrap"),
}

# What a kernel says of a word that it does not know, or whose value it does not.
_COMPLAINT = re.compile(
    r"Unknown kernel command line parameters \"(?P<words>.*?)\""
    r"|Dynamic Preempt: unsupported mode: (?P<mode>\S+)"
    r"|Unsupported mitigations=(?P<mitigations>[^,\s]+(,[^,\s]+)*)"
    r"|Kernel compiled without (?P<without>mitigations), ignoring 'mitigations'"
    r"|Malformed early option '(?P<early>[^']+)'"
)


def ours() -> set[str]:
    """The names of the words that retrap sets itself."""
    told = (
        f"{a.command_line} {a.boot_command_line} {a.tsc_parameter}"
        for a in ARCHES.values()
    )
    return _OURS | {word.partition("=")[0] for text in told for word in text.split()}


def wrong(words: str) -> str:
    """What is wrong with such a command line; empty where nothing is."""
    for word in words.split():
        if word.partition("=")[0] in ours():
            return f"{word!r} is set by retrap itself; leave it out"
        if "." in word:
            return (
                f"{word!r} has a dot, and no kernel says whether it knows such a word"
            )
        if not WORD.fullmatch(word):
            return f"{word!r} is no word like preempt=full"
        name, _, value = word.partition("=")
        known = value in map(str, range(1, MOST_BALLAST + 1))
        if name == BALLAST and not known:
            return f"{word!r}: ballast= takes 1 to {MOST_BALLAST}"
    if sum(word.startswith(f"{BALLAST}=") for word in words.split()) > 1:
        return f"{words!r} names ballast= twice"
    return "" if words.split() else "an empty one is what each kernel has anyway"


def under(variant: str, words: str) -> str:
    """The name of a variant that is booted with such words."""
    return "+".join((variant, *words.split()))


def split(name: str) -> tuple[str, str]:
    """Variant and words of such a name; of another it and an empty word."""
    variant, *words = name.split("+")
    text = " ".join(words)
    return (variant, text) if variant and words and not wrong(text) else (name, "")


def ballast(words: str) -> tuple[int, str]:
    """How much of it, and the words that are the kernel's."""
    count, others = 0, []
    for word in words.split():
        name, _, value = word.partition("=")
        if name == BALLAST:
            count = int(value)
        else:
            others.append(word)
    return count, " ".join(others)


def refused(words: str, found: str, console: str) -> str:
    """Why a boot was not one with these words: `found` is its /proc/cmdline, `console`
    its log. Empty where it was."""
    lacking = [word for word in words.split() if word not in found.split()]
    if lacking:
        return f"/proc/cmdline has no {' '.join(lacking)}: {found}"
    for got in _COMPLAINT.finditer(console):
        named = " ".join(text for text in got.groupdict().values() if text)
        if any(_is(word, named) for word in words.split()):
            return f"the kernel does not know it: {got.group()}"
    return ""


def _is(word: str, named: str) -> bool:
    """A complaint names the word, or its value alone, or its name alone."""
    name, _, value = word.partition("=")
    return bool({word, name, value or name} & set(named.split()))
