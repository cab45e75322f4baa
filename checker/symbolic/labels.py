"""Labels: what holds of data in all states of a control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Label", "Relations"]


@dataclass(frozen=True)
class Label:
    """What holds of data in all reached states of a control.

    `facts`: pairs of symbols (BLANK is 0, the data slots follow in the order of the layout), each with
    whether they are equal or differ. Unless a ghost or a constraint compares data, no two always differ.
    """

    number: int
    facts: tuple[tuple[int, int, bool], ...]

    def show(self, names: Sequence[str]) -> str:
        """As a reader would write it: `{source[0] = image[0], row.data[0] = blank data}`."""
        shown = (
            f"{names[second]} {'=' if equal else '!='} {names[first]}" for first, second, equal in self.facts
        )
        return f"{{{', '.join(shown)}}}"


class Relations(dict[int, int]):
    """From data bits to how each two symbols relate: two bits a pair, the lower `equal`, the upper `differ`.

    What holds in several states is the bitwise `and` of their relations. `shifts`: where the data slots lie.
    """

    def __init__(self, shifts: Sequence[int]) -> None:
        super().__init__()
        self._shifts = shifts
        count = len(shifts) + 1
        self._pairs = [(first, second) for second in range(count) for first in range(second)]
        self._labels: dict[int, Label] = {}

    def __missing__(self, data: int) -> int:
        values = [0] + [data >> shift & 1 for shift in self._shifts]
        found = 0
        for place, (first, second) in enumerate(self._pairs):
            found |= (1 if values[first] == values[second] else 2) << 2 * place
        self[data] = found
        return found

    def label(self, relations: int) -> Label:
        """The relations as few facts: a symbol equals the first of its class; the firsts may differ."""
        found = self._labels.get(relations)
        if found is None:
            found = self._labels[relations] = Label(len(self._labels), tuple(self._facts(relations)))
        return found

    def _facts(self, relations: int) -> Iterator[tuple[int, int, bool]]:
        not_first = set[int]()
        for place, (first, second) in enumerate(self._pairs):
            found = relations >> 2 * place & 3
            if found and first not in not_first and second not in not_first:
                if found == 1:
                    not_first.add(second)
                yield first, second, found == 1
