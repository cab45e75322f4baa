"""A machine that is hard to write down in another language: what exports are tried on."""

from __future__ import annotations

import enum

from splitproof.model import (
    ANY,
    Block,
    BlockSet,
    Bool,
    Cell,
    Data,
    Int,
    Machine,
    Processor,
    Record,
    State,
    field,
    ite,
    memory,
    some,
    when,
)
from splitproof.spec.properties import always, step

__all__ = ["awkward"]


class Do(enum.Enum):
    """Named after words that the languages keep to themselves."""

    INT = "int"
    RULE = "rule"
    END = "end"


class Now(Record):
    var = field(Bool, "says whether `next` means something")
    next = field(Block, "a block", while_=lambda r: r.var)
    byte = field(Int(-1, 1), "a number below 0", while_=lambda r: r.var, initial=-1)


def awkward() -> Machine:
    """Reserved words for names, all that is written at once in a circle, numbers below 0, sets of blocks."""
    keeper = Processor("keeper's")
    table, own = Cell("table"), memory(keeper)
    machine = Machine("awkward", "what is hard to write down */ in one assignment after the other")
    machine.memory("now", Now, "its memory", cell=own)
    machine.memory("do", Do, "first", cell=own)
    machine.memory("od", Do, "second", cell=own, initial=Do.END)
    machine.shared("left", Data, "of two", cell=table, per_block=True, initial=ANY)
    machine.shared("right", Data, "of two", cell=table, per_block=True, initial=ANY)
    machine.shared("mark", Bool, "of a block", cell=table, per_block=True, while_=lambda s, b: s.do != Do.END)
    machine.shared("lit", Bool, "that `do` has its first value", cell=table, while_=lambda s: s.do == Do.INT)
    machine.shared("lamp", Bool, "of a block", cell=table, per_block=True)
    machine.ghost("near", Bool, "near a lamp", per_block=True, while_=lambda s, b: some(lambda c: s.lamp[c]))
    machine.initially(lambda s, b: s.left[b] == s.right[b])

    @machine.action(by=keeper)
    def swap(s: State) -> None:
        """Two variables exchange their values, and so do all blocks."""
        when((s.do != Do.RULE) | (s.od != Do.RULE))
        s.do = s.od
        s.od = s.do
        s.left.each(lambda b: s.right[b])
        s.right.each(lambda b: s.left[b])

    @machine.action(by=keeper)
    def rule(s: State, int: Block, chosen: BlockSet) -> None:
        """A block is taken out of a set."""
        when(chosen[int])
        when(~s.now.var)
        s.now = Now(var=True, next=int, byte=-1)
        s.mark.each(lambda b: chosen[b] & (b != int))
        s.do = Do.RULE

    @machine.action(by=keeper)
    def end(s: State, d: Data) -> None:
        """What was taken out is written."""
        when(s.now.var)
        s.left[s.now.next] = d
        s.now.byte = ite(s.now.byte == 1, -1, ite(s.now.byte == 0, 1, 0))
        s.now.var = s.now.byte < 1
        s.od = ite(s.do == Do.RULE, Do.INT, s.od)
        s.lit = True

    @machine.action(by=keeper)
    def spread(s: State, int: Block) -> None:
        """All blocks become like one of them, and are marked where their mark was another."""
        when(s.lit)
        s.left.each(lambda b: s.left[int])
        s.mark.each(lambda b: s.mark[b] != s.mark[int])

    @machine.action(by=keeper)
    def switch(s: State, b: Block) -> None:
        """A lamp goes on or off; where none is lit, nothing is near one."""
        when(s.do == Do.END)
        s.lamp[b] = ~s.lamp[b]
        s.near[b] = True

    machine.check(
        always(
            "goto",
            "what was taken out is not marked",
            holds=lambda s, b: ~(s.mark[b] & s.now.var & (s.now.next == b)),
        ),
        always("else", "left is right", holds=lambda s, b: s.left[b] == s.right[b]),
        step("skip", "a mark goes only with its block", holds=lambda old, new, b: ~old.mark[b] | new.mark[b]),
        step("fi", "the number never falls", holds=lambda old, new: ~(new.now.byte < old.now.byte)),
    )
    return machine
