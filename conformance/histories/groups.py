"""A group of pairs, whose blocks are numbered as those of one volume: what is whose, and its history for the judge."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from splitproof.conformance.histories.history import Extents, History, Operation

__all__ = ["history_of_group", "parts_of"]


def parts_of(extents: Extents, block_count: int) -> Iterator[tuple[int, int, int]]:
    """(pair, first block of its own, number of blocks) of extents over pairs of so many blocks each, in their order."""
    for first, count in extents:
        at, end = first, first + count
        while at < end:
            pair, own = divmod(at, block_count)
            here = min(end - at, block_count - own)
            yield pair, own, here
            at += here


def history_of_group(history: History, pair_count: int) -> History:
    """Each operation on the volume that it is of, one on all of them (a split, a tape) on each; numbered anew.

    `history`: of one volume with the blocks of all pairs, one pair after the other.
    """
    (contents,) = history.initial.values()
    block_count = len(contents) // pair_count
    names = [f"pair {pair}" for pair in range(pair_count)]
    initial = {
        name: contents[pair * block_count : (pair + 1) * block_count] for pair, name in enumerate(names)
    }
    ids = itertools.count(1)
    operations = tuple(
        one._replace(id=next(ids))
        for operation in history.operations
        for one in _by_volume(operation, names, block_count)
    )
    return History(initial, operations, group=True, about=history.about)


def _by_volume(operation: Operation, names: Sequence[str], block_count: int) -> Iterator[Operation]:
    if operation.block is not None:
        pair, own = divmod(operation.block, block_count)
        yield operation._replace(volume=names[pair], block=own)
        return
    parts = list(parts_of(operation.extents, block_count))
    for pair, name in enumerate(names):
        extents = tuple((first, count) for of, first, count in parts if of == pair)
        if parts and not extents:
            continue  # a backup of other pairs
        yield operation._replace(
            volume=name, extents=extents, records=_records(operation.records, pair, block_count)
        )


def _records(records: Mapping[int, str] | None, pair: int, block_count: int) -> Mapping[int, str] | None:
    if records is None:
        return None
    first = pair * block_count
    return {block - first: value for block, value in records.items() if 0 <= block - first < block_count}
