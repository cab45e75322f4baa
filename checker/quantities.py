"""Numbers with their nouns, as every text for people writes them."""

from __future__ import annotations

__all__ = ["count"]


def count(number: int, noun: str) -> str:
    """`1 block`, `2 blocks`, `12,000 states`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
