"""The other side of a key behind a command: it keeps the key, under a user of its own, and signs what it is given.

Whoever asks it may not be trusted. So it signs checkpoints of its log alone, and remembers the largest one: what is
smaller, or as large and another one, is not signed. It cannot see whether a tree goes on from the one before; who has
the ledger can.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.durable import REAL, write_file
from eventstore.lock import locked
from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import Signature, parse_verifier_key
from eventstore.proofs.notes.signing import Signer
from eventstore.regular_file import read_regular
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.keys.key_file import read_key
from scheduler.evidence.keys.origin import goes_on

TEXT_BYTES_MAX: Final = 16_384
_MEMORY_BYTES_MAX: Final = 1024 * 1024
_LINE: Final = re.compile(r"([^ ]+) (0|[1-9][0-9]{0,18}) ([A-Za-z0-9+/]{43}=)")


class NotSigned(Exception):
    """The agent does not sign this text; the message says why, in words."""


class _Memory(NamedTuple):
    path: Path
    heads: dict[str, TreeHead]


def sign_as_agent(file: Path, text: str, *, rotates: bool = False) -> Signature:
    """Sign a text with the key in a file.

    Args:
        file: the private key; what was signed is remembered beside it.
        text: what is to be signed.
        rotates: sign another key of the same name too: whoever has its private half signs from then on.

    Raises:
        KeyMissing, KeyUnusable: the key cannot be used.
        NotSigned: this is nothing that it signs.
        LockHeld: another process signs, and goes on doing so.
        OSError: what is remembered cannot be read or written.
    """
    signer = read_key(file)
    with locked(file.with_name(f"{file.name}.lock")):
        try:
            checkpoint = parse_checkpoint(text)
        except InvalidNote:
            return _signed_key(signer, text, rotates=rotates)
        return _signed_checkpoint(file, signer, checkpoint)


def _signed_key(signer: Signer, text: str, *, rotates: bool) -> Signature:
    """Its own public key shows that it has the private one; another one is what a rotation says."""
    name = signer.verifier_key.name
    try:
        key = parse_verifier_key(text.removesuffix("\n"))
    except InvalidKey:
        raise NotSigned("it is neither a checkpoint nor a public key") from None
    signer = _under(signer, key.name)
    if key == signer.verifier_key:
        return signer.sign(text)
    if not rotates:
        raise NotSigned(f"it is another key for {name}, which would sign from then on")
    return signer.sign(text)


def _signed_checkpoint(file: Path, signer: Signer, checkpoint: Checkpoint) -> Signature:
    signer = _under(signer, checkpoint.origin)
    memory = _read(file.with_name(f"{file.name}.signed"))
    before, head = memory.heads.get(checkpoint.origin), checkpoint.head
    if before is not None and (head.size < before.size or (head.size == before.size and head != before)):
        raise NotSigned(
            f"a checkpoint of {before.size:,} entries was signed, and this one is of {head.size:,}"
        )
    memory.heads[checkpoint.origin] = head
    lines = [f"{origin} {each.size} {in_base64(each.root)}\n" for origin, each in memory.heads.items()]
    write_file(REAL, memory.path, "".join(lines).encode())
    return signer.sign(checkpoint.text)


def _under(signer: Signer, name: str) -> Signer:
    own = signer.verifier_key.name
    if name != own and not goes_on(own, name):
        raise NotSigned(f"it is about {name}, and this key is for {own}")
    return signer.under(name)


def _read(path: Path) -> _Memory:
    try:
        raw = read_regular(path, _MEMORY_BYTES_MAX)
    except FileNotFoundError:
        return _Memory(path, {})
    heads: dict[str, TreeHead] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise KeyUnusable(str(path), "it is not what was written there: what was signed is not known")
        heads[match[1]] = TreeHead(int(match[2]), from_base64(match[3]))
    return _Memory(path, heads)
