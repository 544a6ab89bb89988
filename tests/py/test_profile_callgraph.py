# SPDX-License-Identifier: GPL-2.0-only
"""The stacks of a window, from blocks that are made up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from retrap.results import trace
from retrap.profile.counts import Counter as Counts
from retrap.profile.callgraph import INTERRUPT, OTHER, TRACEE, TRACER, Calls, Node
from retrap.profile.callgraph import Reader
from retrap.profile.symbols import Mapping, Symbols, SymbolTable
from retrap.results.trace import PARTIAL, TASK, VCPU, Block, Window

KERNEL = 0xFFFFFFFF81000000
USER = 0x555555555000
NAMES = (
    "entry_SYSCALL_64 do_syscall_64 f g h schedule __schedule __switch_to_asm "
    "__switch_to asm_sysvec_tick sysvec_tick asm_exc_page_fault idle irqentry_exit"
).split()


def at(name: str, offset: int = 0) -> int:
    return KERNEL + 0x1000 * NAMES.index(name) + offset


class Made:
    """A window, block by block; each instruction is 4 bytes long."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.words: list[int] = []
        self.executed = 0

    def block(self, address: int, count: int, flow: int, begun: int = 0) -> Made:
        addresses = tuple(address + 4 * i for i in range(count))
        self.words.append(len(self.blocks))
        self.blocks.append(Block(addresses, address + 4 * count, flow))
        if begun:
            self.words.append(PARTIAL | begun)
        self.executed += begun or count
        return self

    def user(self, count: int, flow: int, offset: int = 0) -> Made:
        return self.block(USER + offset, count, flow)

    def word(self, word: int) -> Made:
        self.words.append(word)
        return self

    def calls(self, tracees: tuple[int, ...] = (2,), vcpus: int = 2) -> Calls:
        kernel = SymbolTable((at(name), name) for name in NAMES)
        symbols = Symbols(kernel, [Mapping(USER, USER + 0x1000, 0, "/bin/p")], {})
        words = np.array(self.words, dtype=np.uint32)
        window = Window(0, 1, self.executed, words)
        reader = Reader(tuple(self.blocks), symbols, vcpus)
        found = reader.calls(window, frozenset(tracees))
        assert found.counted() == self.executed - found.faults
        counter = Counts(self.blocks, symbols)
        (counts,) = counter.count([window]).tolist()
        each = {f.name: n for f, n in zip(counter.functions, counts, strict=True) if n}
        assert sum(each.values()) == self.executed
        if not found.faults:
            assert each == {name: count for name, count in own(found).items() if count}
        return found


def own(calls: Calls) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for node in calls.nodes():
        counts[node.function.name] += sum(node.own.values())
    return dict(counts)


def path(node: Node) -> str:
    above = f"{path(node.parent)} " if node.parent else ""
    return above + node.function.name


def paths(calls: Calls) -> dict[str, int]:
    return {path(node): node.calls for node in calls.nodes()}


def sides(calls: Calls) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for node in calls.nodes():
        for (_, side), count in node.own.items():
            counts[side] += count
    return dict(counts)


def test_a_system_call_and_back() -> None:
    made = Made().user(3, trace.TO_KERNEL)
    made.block(at("entry_SYSCALL_64"), 2, trace.CALL)
    made.block(at("do_syscall_64"), 2, trace.CALL)
    made.block(at("f"), 5, trace.RETURN)
    made.block(at("do_syscall_64", 8), 1, trace.RETURN)
    made.block(at("entry_SYSCALL_64", 8), 1, trace.TO_USER)
    made.user(4, trace.NEXT, 12)
    calls = made.calls()
    assert paths(calls) == {
        "*": 0,
        "* entry_SYSCALL_64": 1,
        "* entry_SYSCALL_64 do_syscall_64": 1,
        "* entry_SYSCALL_64 do_syscall_64 f": 1,
    }
    assert own(calls) == {"*": 7, "entry_SYSCALL_64": 3, "do_syscall_64": 3, "f": 5}
    assert sides(calls) == {TRACER: 18} and calls.lost == 0


def test_a_tail_call_takes_the_place_of_its_caller() -> None:
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 2, trace.CALL)
    made.block(at("g"), 2, trace.JUMP)
    made.block(at("h"), 3, trace.RETURN)
    made.block(at("f", 8), 1, trace.NEXT)
    calls = made.calls()
    assert paths(calls) == {"*": 0, "* f": 1, "* f g": 1, "* f h": 1}
    assert own(calls)["f"] == 3 and calls.lost == 0


def test_a_loop_to_the_first_instruction_is_no_call() -> None:
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 2, trace.JUMP).block(at("f"), 2, trace.JUMP)
    assert paths(made.calls())["* f"] == 1


def test_an_interrupt_between_a_call_and_its_callee() -> None:
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 2, trace.CALL)
    made.block(at("asm_sysvec_tick"), 2, trace.CALL)
    made.block(at("sysvec_tick"), 6, trace.CALL)
    made.block(at("irqentry_exit"), 3, trace.RETURN)
    made.block(at("sysvec_tick", 24), 1, trace.RETURN)
    made.block(at("asm_sysvec_tick", 8), 1, trace.TO_USER)
    made.block(at("g"), 5, trace.RETURN)
    made.block(at("f", 8), 1, trace.NEXT)
    calls = made.calls()
    found = paths(calls)
    assert found["* f g"] == 1
    assert found["asm_sysvec_tick sysvec_tick"] == 1
    assert sides(calls) == {TRACER: 9 + 3, INTERRUPT: 10} and calls.lost == 0


def test_a_fault_begins_its_instruction_again() -> None:
    """Of three instructions the second faults, and is begun twice."""
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 3, trace.RETURN, begun=2)
    made.block(at("asm_exc_page_fault"), 2, trace.JUMP)
    made.block(at("h"), 1, trace.TO_USER)
    made.block(at("f", 4), 2, trace.NEXT)
    calls = made.calls()
    assert calls.faults == 1
    assert own(calls) == {"*": 1, "f": 3, "asm_exc_page_fault": 2, "h": 1}
    assert paths(calls)["* f asm_exc_page_fault"] == 1


def test_a_call_that_faults_calls_once() -> None:
    """Its block was begun whole, and the call pushes to the stack."""
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 3, trace.CALL)
    made.block(at("asm_exc_page_fault"), 2, trace.JUMP)
    made.block(at("h"), 1, trace.TO_USER)
    made.block(at("f", 8), 1, trace.CALL)
    made.block(at("g"), 2, trace.RETURN)
    made.block(at("f", 12), 1, trace.NEXT)
    calls = made.calls()
    assert calls.faults == 1 and calls.lost == 0
    assert own(calls) == {"*": 1, "f": 4, "g": 2, "asm_exc_page_fault": 2, "h": 1}
    assert paths(calls)["* f g"] == 1


def test_a_block_left_for_a_device_goes_on() -> None:
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 3, trace.RETURN, begun=2)
    made.block(at("f", 8), 1, trace.NEXT)
    calls = made.calls()
    assert calls.faults == 0 and own(calls)["f"] == 3


def test_a_switch_goes_on_with_the_stack_of_the_next_task() -> None:
    """The tracer sleeps, the tracee returns from where it slept, the tracer
    goes on where it was."""
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 2, trace.CALL)
    made.block(at("__schedule"), 2, trace.CALL)
    made.block(at("__switch_to_asm"), 2, trace.JUMP).word(TASK | 2)
    made.block(at("__switch_to"), 3, trace.RETURN)
    made.block(at("__schedule", 8), 1, trace.RETURN)
    made.block(at("g", 8), 4, trace.CALL)
    made.block(at("__schedule"), 2, trace.CALL)
    made.block(at("__switch_to_asm"), 2, trace.JUMP).word(TASK | 1)
    made.block(at("__switch_to"), 3, trace.RETURN)
    made.block(at("__schedule", 8), 1, trace.RETURN)
    made.block(at("f", 8), 1, trace.NEXT)
    calls = made.calls()
    found = paths(calls)
    assert found["* f __schedule __switch_to"] == 1
    assert found["g __schedule __switch_to"] == 1, "the tracee's, found on its way up"
    assert found["g"] == 0 and calls.lost == 0
    assert sides(calls)[TRACEE] == 3 + 1 + 4 + 2 + 2


def test_vcpus_do_not_mix() -> None:
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 2, trace.CALL)
    made.word(VCPU | 1).word(TASK | 9)
    made.block(at("idle", 4), 2, trace.CALL).word(VCPU | 0)
    made.block(at("g"), 2, trace.RETURN).word(VCPU | 1)
    made.block(at("h"), 2, trace.RETURN).word(VCPU | 0)
    made.block(at("f", 8), 1, trace.NEXT)
    calls = made.calls()
    assert paths(calls) == {"*": 0, "* f": 1, "* f g": 1, "idle": 0, "idle h": 1}
    assert sides(calls) == {TRACER: 6, OTHER: 4}


def test_the_clock_may_jump_only_while_all_sleep() -> None:
    both = Made().user(1, trace.TO_KERNEL).block(at("f"), 1, trace.HALT)
    both.word(VCPU | 1).block(at("idle"), 1, trace.HALT)
    assert both.calls().halted
    one = Made().user(1, trace.TO_KERNEL).block(at("f"), 1, trace.HALT)
    one.word(VCPU | 1).block(at("idle"), 1, trace.NEXT)
    assert not one.calls().halted
    assert one.calls(vcpus=1).halted
    turns = Made().user(1, trace.TO_KERNEL).block(at("f"), 1, trace.HALT)
    turns.block(at("asm_sysvec_tick"), 1, trace.TO_USER).word(VCPU | 1)
    turns.block(at("idle"), 1, trace.HALT)
    assert not turns.calls().halted, "the first was awake again"


def test_a_return_to_nowhere_is_told() -> None:
    made = Made().user(1, trace.TO_KERNEL)
    made.block(at("f"), 2, trace.CALL).block(at("g"), 2, trace.RETURN)
    made.block(at("h", 0x40), 2, trace.NEXT)
    calls = made.calls()
    assert calls.lost == 1


@pytest.mark.parametrize(
    "name, folded",
    [
        ("f.isra.0", "f"),
        ("f.constprop.0.isra.0.cold", "f"),
        ("f.part.12", "f"),
        ("f", "f"),
        ("f.c", "f.c"),
    ],
)
def test_what_the_compiler_made_is_folded(name: str, folded: str) -> None:
    from retrap.profile.symbols import fold

    assert fold(name) == folded
