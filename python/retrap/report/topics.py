# SPDX-License-Identifier: GPL-2.0-only
"""What results are about, in the words of a subject line: their scenarios say it."""

from __future__ import annotations

from retrap.results.store import Results

# By how a scenario begins: the part of the kernel, and what costs something there.
TOPICS = {
    "retrap/": ("ptrace", "a group-stop notification"),
    "cycle/": ("ptrace", "a group-stop notification"),
    "inspect/": ("ptrace", "a group-stop notification"),
    "unasked/": ("ptrace", "a group-stop notification"),
    "uncaring/": ("ptrace", "a group-stop notification"),
    "window/": ("ptrace", "a group-stop notification"),
    "trap/": ("ptrace", "the first trap of a tracee"),
    "control/": ("ptrace", "a trap that is dearer by what is known"),
    "elsewhere/syscall-stop": ("ptrace", "a syscall-stop"),
    "elsewhere/wait/": ("wait", "wait4(2)"),
    "elsewhere/fork-": ("fork", "fork, exit and wait"),
    "elsewhere/vfork-": ("fork", "vfork, exit and wait"),
    "elsewhere/signal": ("signal", "a signal with a handler"),
    "elsewhere/jobctl": ("signal", "SIGSTOP and SIGCONT of an untraced job"),
}
NOTIFICATION = "retrap/"


def of_notification(results: Results) -> bool:
    """Whether any of it is about who learns of a group-stop change."""
    return any(cell.scenario.startswith(NOTIFICATION) for cell in results.cells())


def subject(results: Results, scenarios: list[str]) -> str:
    """`ptrace: cost of a syscall-stop: mine against mainline`."""
    found: dict[tuple[str, str], None] = {}
    paths = [name for name in scenarios if name not in results.floors]
    for name in paths:
        known = (told for begin, told in TOPICS.items() if name.startswith(begin))
        found[next(known, ("retrap", name))] = None
    parts = list(dict.fromkeys(part for part, _ in found)) or ["retrap"]
    what = [words for _, words in found] or ["the method alone"]
    if len(what) > 2:
        what[2:] = ["more"]
    return f"{'/'.join(parts[:2])}: cost of {_list(what)}{_sides(results)}"


def _sides(results: Results) -> str:
    names = [each["name"] for each in results.plan["variants"]]
    base = str(results.plan["baseline"])
    others = [name for name in names if name != base]
    if len(others) == 1:
        return f", {others[0]} against {base}"
    return f", {len(others)} kernels against {base}" if others else ""


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
