"""Entry bundles: the leaves under a tile of level 0, in the form in which a tiled log publishes them.

Each leaf has its length before it, in two bytes, the higher one first.
"""

from __future__ import annotations

from collections.abc import Iterable

LEAF_BYTES_MAX = 0xFFFF


def bundle(leaves: Iterable[bytes]) -> bytes:
    """The leaves, each behind its length.

    Raises:
        ValueError: a leaf is longer than two bytes can tell.
    """
    parts = []
    for leaf in leaves:
        if len(leaf) > LEAF_BYTES_MAX:
            raise ValueError(f"a leaf of {len(leaf)} bytes fits into no bundle")
        parts += [len(leaf).to_bytes(2, "big"), leaf]
    return b"".join(parts)


def bundled(raw: bytes) -> list[bytes]:
    """The leaves in a bundle.

    Raises:
        ValueError: it does not end where a leaf ends.
    """
    leaves, at = [], 0
    while at < len(raw):
        begin = at + 2
        end = begin + int.from_bytes(raw[at:begin], "big")
        if end > len(raw) or begin > len(raw):
            raise ValueError(f"the leaf at byte {at} is cut off")
        leaves.append(raw[begin:end])
        at = end
    return leaves
