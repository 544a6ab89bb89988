# SPDX-License-Identifier: GPL-2.0-only
"""The data races that a kernel's log reports, line by line of its source."""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from retrap.kernel import patched_files
from retrap.base.arch import native
from retrap.config.variants import Variant
from retrap.kernel.kernels import Kernel
from retrap.profile import lines
from retrap.profile.lines import Place

REPORT = re.compile(r"BUG: KCSAN: data-race in (.+)")
_FRAME = re.compile(r"^ (\S+)\+0x([0-9a-f]+)/0x[0-9a-f]+$")
_ACCESS = re.compile(
    r"^(?:race at unknown origin, with )?(read-write|read|write)\b.* to 0x"
)
_OTHER = re.compile(
    r"^(|value changed: .*| bits changed: .*|  (\||\+-> reordered to: ).*)$"
)
_FOOTER = "\nReported by Kernel Concurrency Sanitizer on:"
# Below it a stack goes on with what was interrupted, maybe KCSAN's own delay.
_INTERRUPT = re.compile(r"asm_(sysvec_|common_interrupt)")


@dataclass(frozen=True)
class Frame:
    """A place in the code and those that it is inlined into, innermost first."""

    places: tuple[Place, ...]
    texts: tuple[str, ...]
    made: tuple[bool, ...]  # is it a line of the patches?


@dataclass(frozen=True)
class Access:
    """One side of a race: what it did, and its stack. Frame 0 did it."""

    what: str  # read, write or read-write
    stack: tuple[Frame, ...]

    @property
    def text(self) -> str:
        """The line that accessed."""
        return self.stack[0].texts[0]

    @property
    def file(self) -> str:
        return self.stack[0].places[0].file

    @property
    def made(self) -> bool:
        """That line is of the patches."""
        return self.stack[0].made[0]


@dataclass(frozen=True)
class Race:
    """One report. Of a race of unknown origin there is one side."""

    title: str
    sides: tuple[Access, ...]

    @property
    def patched(self) -> bool:
        """A line of the patches is in a stack."""
        return any(
            made for side in self.sides for frame in side.stack for made in frame.made
        )

    def is_in(self, files: Collection[str]) -> bool:
        """An access is in one of the files."""
        return any(side.file in files for side in self.sides)

    def __str__(self) -> str:
        rows = [self.title]
        for side in self.sides:
            rows.append(f"  {side.what}")
            for frame in side.stack[:6]:
                for place, text, made in zip(frame.places, frame.texts, frame.made):
                    mark = "+" if made else " "
                    rows.append(f"  {mark} {place.file}:{place.number}: {text}")
        return "\n".join(rows)


class Source:
    """The source of a kernel, and the lines of it that its patches made."""

    def __init__(self, kernel: Kernel, variants: dict[str, Variant]) -> None:
        self.kernel, self.variants = kernel, variants
        self._rows: dict[str, list[str]] = {}
        variant = kernel.variant
        base = variants[variant.base] if variant.base else variant
        patches = "".join(path.read_text() for path in variant.patches)
        files = set(re.findall(r"^\+\+\+ b/(\S+\.[ch])\b", patches, re.M))
        old, new = self._lay(base, files), self._lay(variant, files)
        self.made = {
            (file, number)
            for file in files
            for number in _inserted(old.get(file, []), new[file])
        }
        assert bool(self.made) == bool(patches)

    def _lay(self, variant: Variant, files: set[str]) -> dict[str, list[str]]:
        with tempfile.TemporaryDirectory() as scratch:
            into = Path(scratch) / "source"
            into.mkdir()
            patched_files.lay_source(variant, self.variants, native(), files, into)
            return {
                file: (into / file).read_text(errors="replace").splitlines()
                for file in files
                if (into / file).is_file()
            }

    def load(self, files: set[str]) -> None:
        self._rows |= self._lay(self.kernel.variant, files - self._rows.keys())

    def text(self, place: Place) -> str:
        rows = self._rows.get(place.file, [])
        return rows[place.number - 1].strip() if 0 < place.number <= len(rows) else ""

    def is_made(self, place: Place) -> bool:
        return (place.file, place.number) in self.made


def _inserted(old: list[str], new: list[str]) -> Iterator[int]:
    match = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for what, _, _, start, end in match.get_opcodes():
        if what in ("insert", "replace"):
            yield from range(start + 1, end + 1)


def races(console: str, source: Source) -> list[Race]:
    """What the log reports; an error where a report cannot be read."""
    assert "messages dropped" not in console
    reports = [_sides(part) for part in _parts(console)]
    addresses = _addresses(source.kernel.system_map)
    stacks = [stack for _, sides in reports for _, stack in sides]
    calls = list(dict.fromkeys(call for stack in stacks for call in stack))
    twice = [stack[0] for stack in stacks if len(addresses[stack[0][0]]) > 1]
    assert twice == [], "an access in a function whose name is another's too"
    # A frame says where it returns to: what it called, or did, is before that.
    asked = [start + offset - 1 for name, offset in calls for start in addresses[name]]
    answers = iter(lines.chains(asked, source.kernel.directory / "vmlinux"))
    chains = {
        (name, offset): [place for _ in addresses[name] for place in next(answers)]
        for name, offset in calls
    }
    source.load({place.file for chain in chains.values() for place in chain})
    frames = {
        call: Frame(
            tuple(chain),
            tuple(source.text(place) for place in chain),
            tuple(source.is_made(place) for place in chain),
        )
        for call, chain in chains.items()
    }
    found = [
        Race(title, tuple(Access(w, tuple(frames[c] for c in s)) for w, s in sides))
        for title, sides in reports
    ]
    lost = [r.title for r in found for side in r.sides if not side.text]
    assert lost == [], "an access without a line"
    return found


def _addresses(system_map: str) -> dict[str, list[int]]:
    """Static functions may have the same name."""
    found: dict[str, list[int]] = {}
    for row in system_map.splitlines():
        address, _, name = row.split()
        found.setdefault(name, []).append(int(address, 16))
    return found


def _parts(console: str) -> list[str]:
    return re.split(r"(?=BUG: KCSAN: data-race)", console)[1:]


Call = tuple[str, int]  # a symbol and an offset


def _sides(report: str) -> tuple[str, list[tuple[str, list[Call]]]]:
    """Title and sides of a report; an error where a row of it is not understood,
    or not all of it there."""
    head = REPORT.match(report)
    assert head and _FOOTER in report, report[:1000]
    sides: list[tuple[str, list[Call]]] = []
    whole = True
    for row in report.partition(_FOOTER)[0].splitlines()[1:]:
        if access := _ACCESS.match(row):
            sides.append((access[1], []))
            whole = True
        elif (frame := _FRAME.match(row)) and sides:
            whole = whole and not _INTERRUPT.match(frame[1])
            if whole:
                sides[-1][1].append((frame[1], int(frame[2], 16)))
        else:
            assert _OTHER.match(row), f"{row!r} in a report:\n{report[:1000]}"
    names = {name.partition("+")[0] for name in head[1].split(" / ")}
    assert names == {stack[0][0] for _, stack in sides}, report[:1000]
    assert len(sides) == head[1].count(" / ") + 1, report[:1000]
    return head[1], sides
