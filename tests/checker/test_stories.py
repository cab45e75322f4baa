"""The story of a violation shows all that the violated property reads, whosever memory it is."""

from splitproof.checker.check import check
from splitproof.checker.counterexamples.stories import story
from splitproof.checker.texts import story_lines
from splitproof.checker.verdicts import Violated
from splitproof.model import (
    ANY,
    Block,
    Bool,
    Cell,
    Data,
    Machine,
    Processor,
    Record,
    State,
    StepKind,
    field,
    implies,
    memory,
    when,
)
from splitproof.spec.properties import Property, always

A = Processor("controller A")
VOLUME = Cell("volume", per_block=True)


class Row(Record):
    dirty = field(Bool, "the volume lacks it")
    data = field(Data, "what the host wrote", while_=lambda r: r.dirty)


def cache() -> Machine:
    """A write-back cache in its processor's own memory, which destages and forgets that it acknowledged."""
    m = Machine("cache", "a cache of one's own")
    m.memory("row", Row, "row b of the cache", cell=memory(A), per_block=True)
    m.memory("alive", Bool, "A is alive", cell=memory(A), initial=True)
    m.memory("unread", Bool, "something that no property reads", cell=memory(A))
    m.shared("volume", Data, "block b of the volume", cell=VOLUME, per_block=True, initial=ANY)
    m.ghost("acknowledged", Data, "last acknowledged", per_block=True, initial=ANY)
    m.predicate("known", "what A would serve", lambda s, b: s.row[b].dirty & (s.row[b].data != s.volume[b]))

    @m.action(by=A, kind=StepKind.HOST_IO)
    def store(s: State, b: Block, d: Data) -> None:
        """A stores a write of the host."""
        when(s.alive)
        s.row[b] = Row(dirty=True, data=d)
        s.unread = True

    @m.action(by=A)
    def fail(s: State) -> None:
        """A fails."""
        when(s.alive)
        s.alive = False

    m.check(_PROPERTY)
    return m


def _lost(s: State, b: Block) -> object:
    return implies(~s.alive, ~s.known[b])


_PROPERTY: Property = always("not-lost", "nothing is lost with A", holds=_lost, trigger=lambda s, b: ~s.alive)


def test_a_processors_own_memory_is_shown_where_the_property_reads_it() -> None:
    (item,) = check(cache(), 1).properties
    assert list(story_lines(item, "cache"))[2:] == [
        "      1  controller A  store(block 0, b)                     row 0: - -> b",
        "      2  controller A  fail()                                alive: yes -> no",
        "  at the end  alive no; block 0: row b, volume a, acknowledged a",
    ]


def test_what_no_property_reads_of_it_is_not_shown() -> None:
    (item,) = check(cache(), 1).properties
    assert isinstance(item.verdict, Violated)
    assert [line.split("  ")[-1] for line in story(item.verdict.trace)] == ["store(block 0, b)", "fail()"]
