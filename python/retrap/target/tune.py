# SPDX-License-Identifier: GPL-2.0-only
"""`--tune`: what makes a boot quieter, written before it measures.

Each boot of a campaign starts from nothing, so a reboot undoes all of it; what a boot
was told is in its boot.json. `isolate` is on the command line of each kernel alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

CPU = "sys/devices/system/cpu"
NOT_THERE = "not there"
Told = dict[str, str]  # by word: what was written, or why nothing was


def options(words: Iterable[str], cpus: Iterable[int]) -> list[str]:
    """Of the kernels' command line."""
    if "isolate" not in words:
        return []
    named = ",".join(map(str, cpus))
    return [
        f"isolcpus=managed_irq,domain,{named}",
        f"nohz_full={named}",
        f"rcu_nocbs={named}",
    ]


def apply(words: Iterable[str], cpus: Iterable[int], root: Path = Path("/")) -> Told:
    """What became of each word."""
    cpus = tuple(cpus)
    return {word: WORDS[word](root, cpus) for word in words}


def _governor(root: Path, cpus: tuple[int, ...]) -> str:
    files = root.glob(f"{CPU}/cpu*/cpufreq/scaling_governor")
    return _write(files, "performance")


def _turbo(root: Path, cpus: tuple[int, ...]) -> str:
    intel = root / CPU / "intel_pstate/no_turbo"
    if intel.exists():
        return _write([intel], "1")
    boost = root / CPU / "cpufreq/boost"
    return _write([boost] if boost.exists() else [], "0")


def _idle(root: Path, cpus: tuple[int, ...]) -> str:
    """All states but the first, which polls or halts at once."""
    files = root.glob(f"{CPU}/cpu*/cpuidle/state[1-9]*/disable")
    return _write(files, "1")


def _smt(root: Path, cpus: tuple[int, ...]) -> str:
    control = root / CPU / "smt/control"
    if not control.exists() or control.read_text().strip() == "notsupported":
        return NOT_THERE
    return _write([control], "off")


def _irqs(root: Path, cpus: tuple[int, ...]) -> str:
    """Away from the CPUs that are measured; those that cannot move stay."""
    online = _listed((root / CPU / "online").read_text())
    others = sorted(online - set(cpus))
    if not others:
        return "no CPU is left for them"
    return _write(root.glob("proc/irq/*/smp_affinity_list"), ",".join(map(str, others)))


def _isolate(root: Path, cpus: tuple[int, ...]) -> str:
    """It is on the command line; what the kernel made of it."""
    isolated = (root / CPU / "isolated").read_text().strip()
    return f"isolated {isolated}" if isolated else "the kernel isolated none"


WORDS: dict[str, Callable[[Path, tuple[int, ...]], str]] = {
    "governor": _governor,
    "turbo": _turbo,
    "idle": _idle,
    "smt": _smt,
    "irqs": _irqs,
    "isolate": _isolate,
}


def _write(files: Iterable[Path], text: str) -> str:
    """`performance in 8 of 8 files`."""
    found = sorted(files)
    if not found:
        return NOT_THERE
    written = 0
    for file in found:
        try:
            file.write_text(text)
            written += 1
        except OSError:
            continue
    return f"{text} in {written} of {len(found)} files"


def _listed(text: str) -> set[int]:
    """`0-3,8` as the kernel lists CPUs."""
    found: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first:
            found |= set(range(int(first), int(last or first) + 1))
    return found
