# SPDX-License-Identifier: GPL-2.0-only
"""Who called whom in a window: a stack a task, from the blocks in their order.

A block tells by its last instruction how it was left, and the next one of that
vCPU where that led. What was on a task's stack when the window opened is not
known. A return to it shows one function more; the rest stays "unknown caller".
Self counts need none of this and are exact whatever the stacks say.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from retrap.results import trace
from retrap.profile.symbols import Function, Symbols
from retrap.results.trace import ESCAPE, KIND, PARTIAL, PAYLOAD, TASK, VCPU

TRACER, TRACEE, INTERRUPT, OTHER = "tracer", "tracee", "interrupt", "other"
SIDES = (TRACER, TRACEE, INTERRUPT, OTHER)
Group = tuple[int, str]  # vCPU, side

# Where an interrupt comes in: not called, not jumped to. A fault likewise, but
# it is the task's own doing.
_INTERRUPTS = re.compile(r"asm_sysvec_\w+|irq_entries_start|spurious_entries_start")
_FAULTS = re.compile(r"asm_exc_\w+|asm_int80_emulation")
_VECTORS = "vectors"  # arm64: 16 of 0x80 bytes
_VECTOR_BYTES, _SYNC, _IRQ = 0x80, (4, 8), (5, 6, 9, 10)
# What an interrupt leads to, but does for the task: what it does on its way back.
_FOR_TASK = re.compile(
    r"(raw_)?irqentry_exit\w*|exit_to_user_mode\w*|preempt_schedule_irq|__schedule"
    r"|schedule|do_notify_resume|arm64_preempt_schedule_irq|el1_interrupt_exit"
)


class Node:
    """A function, as called from the functions above it."""

    __slots__ = ("function", "parent", "children", "own", "calls")

    def __init__(self, function: Function, parent: Node | None) -> None:
        self.function, self.parent = function, parent
        self.children: dict[Function, Node] = {}
        self.own: dict[Group, int] = {}
        self.calls = 0
        if parent is not None:
            parent.children[function] = self

    def child(self, function: Function) -> Node:
        return self.children.get(function) or Node(function, self)

    def walk(self) -> Iterator[Node]:
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(node.children.values())


@dataclass(slots=True)
class _Frame:
    """`back`: where its return leads. `resume`: of one that came in between,
    what was left half way."""

    node: Node
    back: int | None
    interrupt: bool
    resume: _Left | None = None
    fault: bool = False


@dataclass(slots=True)
class _Left:
    """How a vCPU left its last block: `last` is its last instruction begun, `end`
    the address after it."""

    flow: int
    last: int
    end: int
    partial: bool
    node: Node
    group: Group


@dataclass(slots=True)
class _Vcpu:
    number: int
    task: int
    left: _Left | None = None


@dataclass
class Calls:
    """A window's trees. `faults`: instructions begun that faulted, and began
    again: the clock counts them once. `lost`: returns that led where nobody
    had called from. `halted`: every vCPU was, at some moment."""

    roots: list[Node]
    faults: int = 0
    lost: int = 0
    halted: bool = False

    def counted(self) -> int:
        return sum(sum(node.own.values()) for node in self.nodes())

    def nodes(self) -> Iterator[Node]:
        for root in self.roots:
            yield from root.walk()


@dataclass
class _Place:
    """A block, as the functions that its instructions are in."""

    function: Function
    first: bool
    runs: list[tuple[Function, int]] = field(default_factory=list)


class Reader:
    """Reads the windows of one trace."""

    def __init__(
        self, blocks: tuple[trace.Block, ...], symbols: Symbols, vcpus: int
    ) -> None:
        self.blocks, self.vcpus = blocks, vcpus
        self.places = [self._place(block, symbols) for block in blocks]
        self.entries = [self._entry(i, symbols) for i in range(len(blocks))]

    @staticmethod
    def _place(block: trace.Block, symbols: Symbols) -> _Place:
        place = _Place(*symbols.of(block.addresses[0]))
        for address in block.addresses:
            function = symbols.of(address)[0]
            if place.runs and place.runs[-1][0] == function:
                place.runs[-1] = function, place.runs[-1][1] + 1
            else:
                place.runs.append((function, 1))
        return place

    def _entry(self, index: int, symbols: Symbols) -> str:
        """Whether a block is where an interrupt or a fault comes in."""
        function, first = self.places[index].function, self.places[index].first
        if not function.kernel:
            return ""
        address = self.blocks[index].addresses[0]
        if function.name == _VECTORS and address % _VECTOR_BYTES == 0:
            found = symbols.kernel.at(address)
            number = (address - found[1]) // _VECTOR_BYTES if found else 0
            return INTERRUPT if number in _IRQ else "fault" if number in _SYNC else ""
        if _INTERRUPTS.fullmatch(function.name):
            return INTERRUPT if first or "entries" in function.name else ""
        return "fault" if first and _FAULTS.fullmatch(function.name) else ""

    def calls(self, window: trace.Window, tracees: frozenset[int]) -> Calls:
        return _Walk(self, window, tracees).run()


class _Walk:
    def __init__(
        self, reader: Reader, window: trace.Window, tracees: frozenset[int]
    ) -> None:
        self.reader, self.window, self.tracees = reader, window, tracees
        self.stacks: dict[tuple[int, int], list[_Frame]] = defaultdict(list)
        self.made: list[Node] = []
        self.vcpus: dict[int, _Vcpu] = {}
        self.found = Calls([])
        self.halted: set[int] = set()

    def run(self) -> Calls:
        now = self._vcpu(self.window.vcpu)
        now.task = self.window.task
        words = self.window.words.tolist()
        words.append(PARTIAL)  # so that each has a next one
        for word, after in zip(words, words[1:], strict=False):
            if word < ESCAPE:
                begun = after & PAYLOAD if after & KIND == PARTIAL else 0
                self._block(now, word, begun)
            elif word & KIND == VCPU:
                now = self._vcpu(word & PAYLOAD)
            elif word & KIND == TASK:
                now.task = word & PAYLOAD
        self.found.roots = [node for node in self.made if node.parent is None]
        return self.found

    def _vcpu(self, number: int) -> _Vcpu:
        return self.vcpus.setdefault(number, _Vcpu(number, 0))

    def _block(self, vcpu: _Vcpu, index: int, begun: int) -> None:
        reader = self.reader
        block, place = reader.blocks[index], reader.places[index]
        frames = self.stacks[vcpu.task, vcpu.number if vcpu.task == 0 else 0]
        self.halted.discard(vcpu.number)
        self._arrive(vcpu, frames, block.addresses[0], place, reader.entries[index])
        if not begun and len(place.runs) == 1:  # nearly all
            top = frames[-1]
            own, group = top.node.own, (vcpu.number, self._side(vcpu.task, top))
            own[group] = own.get(group, 0) + place.runs[0][1]
        else:
            group = self._count(vcpu, frames, place, begun or len(block.addresses))
        last = block.addresses[begun - 1]
        end = block.addresses[begun] if 0 < begun < len(block.addresses) else block.end
        node = frames[-1].node
        vcpu.left = _Left(block.flow, last, end, bool(begun), node, group)
        if block.flow == trace.HALT and not begun:
            self.halted.add(vcpu.number)
            self.found.halted |= len(self.halted) == reader.vcpus

    def _count(
        self, vcpu: _Vcpu, frames: list[_Frame], place: _Place, rest: int
    ) -> Group:
        """The first `rest` instructions of a block, of which more functions may be;
        the group of the last one."""
        for function, count in place.runs:
            if function != frames[-1].node.function:
                self._go_to(frames, function)
            top = frames[-1]
            group = vcpu.number, self._side(vcpu.task, top)
            top.node.own[group] = top.node.own.get(group, 0) + min(count, rest)
            rest -= count
            if rest <= 0:
                break
        return group

    def _side(self, task: int, top: _Frame) -> str:
        if top.interrupt:
            return INTERRUPT
        if task == self.window.task:
            return TRACER
        return TRACEE if task in self.tracees else OTHER

    def _arrive(
        self, vcpu: _Vcpu, frames: list[_Frame], pc: int, place: _Place, entry: str
    ) -> None:
        """Makes the top frame the one that the block at `pc` belongs to."""
        left = vcpu.left
        if left and not left.partial and left.flow == trace.TO_USER:
            left = self._come_back(frames, pc, place)
        function = place.function
        if left is None or not frames:
            if not frames:
                self._push(frames, self._root(function, place.first), None)
            elif frames[-1].node.function != function:
                self._go_to(frames, function)
        elif entry and (left.partial or left.flow != trace.TO_KERNEL):
            self._interrupt(frames, function, entry, left)
        elif left.partial or left.flow in (trace.NEXT, trace.HALT):
            if function != frames[-1].node.function:
                self._go_to(frames, function)
        elif left.flow in (trace.CALL, trace.TO_KERNEL):
            node = frames[-1].node.child(function)
            node.calls += 1
            back = left.end if left.flow == trace.CALL else None
            self._push(frames, node, back)
        elif left.flow == trace.RETURN:
            self._return(frames, pc, function)
        elif function != frames[-1].node.function:
            self._jump(frames, function, place.first)

    def _root(self, function: Function, called: bool) -> Node:
        node = Node(function, None)
        node.calls = int(called)
        self.made.append(node)
        return node

    @staticmethod
    def _push(frames: list[_Frame], node: Node, back: int | None) -> None:
        inside = bool(frames) and frames[-1].interrupt
        inside = inside and not _FOR_TASK.fullmatch(node.function.name)
        frames.append(_Frame(node, back, inside))

    def _interrupt(
        self, frames: list[_Frame], function: Function, entry: str, left: _Left
    ) -> None:
        if entry == INTERRUPT:
            node = self._root(function, True)
        else:
            node = frames[-1].node.child(function)
            node.calls += 1
        inside = entry == INTERRUPT or frames[-1].interrupt
        frames.append(_Frame(node, None, inside, left, entry != INTERRUPT))

    def _come_back(self, frames: list[_Frame], pc: int, place: _Place) -> _Left | None:
        """Leaves an interrupt, a fault or a system call; what goes on there. An
        instruction that faulted begins again, and counts once."""
        for depth in range(len(frames) - 1, -1, -1):
            if resume := frames[depth].resume:
                again = frames[depth].fault and pc == resume.last
                del frames[depth:]
                if not again:
                    return resume
                resume.node.own[resume.group] -= 1
                self.found.faults += 1
                return dataclasses.replace(resume, flow=trace.NEXT)
        if not place.function.kernel:
            while frames and frames[-1].node.function.kernel:
                frames.pop()
        return None

    def _return(self, frames: list[_Frame], pc: int, function: Function) -> None:
        for depth in range(len(frames) - 1, -1, -1):
            if frames[depth].back == pc:
                del frames[depth:]
                if not frames:  # a frame below it there must have been
                    self._push(frames, self._root(function, False), None)
                elif frames[-1].node.function != function:
                    self._go_to(frames, function)
                return
            if frames[depth].resume or depth == 0:
                break
        if frames[depth].resume or len(frames) > 1:
            self.found.lost += 1
        if frames[depth].resume:
            self._go_to(frames, function)
            return
        # Below the deepest frame that is known: it was called from here.
        oldest = frames[0].node
        frames.clear()
        below = self._root(function, False)
        if oldest.parent is None:
            oldest.parent = below
            below.children[oldest.function] = oldest
        self._push(frames, below, None)

    def _jump(self, frames: list[_Frame], function: Function, first: bool) -> None:
        self._go_to(frames, function)
        if first:  # a tail call
            frames[-1].node.calls += 1

    def _go_to(self, frames: list[_Frame], function: Function) -> None:
        """Another function in the place of the top one, with its caller."""
        top = frames.pop()
        parent = top.node.parent
        node = parent.child(function) if parent else self._root(function, False)
        frames.append(dataclasses.replace(top, node=node))
