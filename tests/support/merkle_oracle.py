"""The Merkle tree once more, as section 2.1 of RFC 6962 writes it down: recursion over lists of leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """`MTH(D[n])`."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """`PATH(m, D[n])`: the inclusion proof of leaf m."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """`PROOF(m, D[n])`: the proof that the first m leaves are the beginning of all."""
    return _subproof(m, leaves, known=True)


def _subproof(m: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [tree_hash(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], known=known), tree_hash(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], known=False), tree_hash(leaves[:k])]


def largest_power_below(count: int) -> int:
    """The largest power of two smaller than `count`."""
    power = 1
    while 2 * power < count:
        power *= 2
    return power
