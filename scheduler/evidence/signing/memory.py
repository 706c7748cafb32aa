"""What is remembered of a ledger, held against the ledger as it stands: nobody signs what contradicts it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from eventstore.proofs.merkle_tree import TreeHead
from scheduler.evidence.signing.errors import NotAnExtension


class Memory(NamedTuple):
    """A tree that somebody remembers: who that is, in words, and its size and root."""

    holder: str
    head: TreeHead


def check_memories(
    memories: Iterable[Memory], entries: int, roots: dict[int, bytes], root_of: Callable[[int], bytes]
) -> None:
    """Check that the ledger goes on from every tree that is remembered.

    Args:
        memories: of trees of this ledger, under its present name.
        entries: how many entries the ledger has.
        roots: the roots that are known, by size.
        root_of: gives the root of another size, which costs more.

    Raises:
        NotAnExtension: it does not go on from one of them.
    """
    for memory in memories:
        size = memory.head.size
        if size > entries or (size and (roots.get(size) or root_of(size)) != memory.head.root):
            raise NotAnExtension(memory.holder, size, entries)
