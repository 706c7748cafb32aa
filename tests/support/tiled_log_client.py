"""A client of tiled logs, written down from the C2SP specifications: it knows nothing of how a log is made.

It reads files below a folder as a client of a web server would, by the paths that tlog-tiles prescribes, and believes
nothing that does not lead to the root of the signed checkpoint.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class TiledLogClient:
    """A log that is served from a folder, and the key that is trusted."""

    def __init__(self, folder: Path, vkey: str) -> None:
        self._folder = folder
        name, key_id, key = vkey.split("+", 2)
        self._name, self._key_id = name, bytes.fromhex(key_id)
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
        self.origin, self.size, self.root = self._checkpoint()

    def _checkpoint(self) -> tuple[str, int, bytes]:
        text, _, signatures = (self._folder / "checkpoint").read_text(encoding="utf-8").rpartition("\n\n")
        text += "\n"
        for line in signatures.splitlines():
            dash, name, signature = line.split(" ")
            raw = base64.b64decode(signature)
            if (dash, name, raw[:4]) == ("—", self._name, self._key_id):
                self._key.verify(raw[4:], text.encode())
                break
        else:
            raise AssertionError("the trusted key has not signed the checkpoint")
        origin, size, root, *_ = text.splitlines()
        return origin, int(size), base64.b64decode(root)

    def fetch(self, kind: str, number: int, width: int) -> bytes:
        """A tile or bundle by its path; a full one serves where a partial one is gone."""
        digits = f"{number:03d}"
        while len(digits) % 3:
            digits = "0" + digits
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        path = "/".join([f"x{each}" for each in groups[:-1]] + groups[-1:])
        full = self._folder / "tile" / kind / path
        if width == 256:
            return full.read_bytes()
        partial = full.with_name(full.name + ".p") / str(width)
        return partial.read_bytes() if partial.exists() else full.read_bytes()

    def width(self, level: int, number: int) -> int:
        """How many hashes of a tile are in the tree of the checkpoint."""
        return min(256, (self.size >> (8 * level)) - 256 * number)

    def leaf_hashes(self) -> list[bytes]:
        """The hashes of all leaves, from the tiles of level 0."""
        found = []
        for number in range((self.size + 255) // 256):
            width = self.width(0, number)
            tile = self.fetch("0", number, width)
            found += [tile[at : at + 32] for at in range(0, 32 * width, 32)]
        return found

    def entries(self) -> list[bytes]:
        """All entries, from the bundles."""
        found = []
        for number in range((self.size + 255) // 256):
            width = self.width(0, number)
            raw, at, read = self.fetch("entries", number, width), 0, 0
            while read < width:
                length = int.from_bytes(raw[at : at + 2], "big")
                found.append(raw[at + 2 : at + 2 + length])
                assert len(found[-1]) == length
                at, read = at + 2 + length, read + 1
        return found

    def check(self) -> None:
        """Check all of it: entries against leaves, tiles against the tiles above, and everything against the root."""
        leaves = self.leaf_hashes()
        assert [hashlib.sha256(b"\0" + entry).digest() for entry in self.entries()] == leaves
        assert tree_hash(leaves) == self.root
        level, below = 0, leaves
        while len(below) >= 256:
            level += 1
            expected = [tree_hash(below[at : at + 256]) for at in range(0, len(below) - 255, 256)]
            served: list[bytes] = []
            for number in range((len(expected) + 255) // 256):
                width = self.width(level, number)
                tile = self.fetch(str(level), number, width)
                served += [tile[at : at + 32] for at in range(0, 32 * width, 32)]
            assert served == expected
            below = expected


def tree_hash(hashes: list[bytes]) -> bytes:
    """The root over hashes of leaves, as RFC 6962 defines it."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + tree_hash(hashes[:split]) + tree_hash(hashes[split:])).digest()
