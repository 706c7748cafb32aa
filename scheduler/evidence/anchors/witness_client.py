"""An anchor that is a witness: it is asked to cosign, by C2SP tlog-witness, and what it remembers can be read."""

from __future__ import annotations

import re

from eventstore.proofs.errors import DamagedTiles, InvalidKey, InvalidNote
from eventstore.proofs.notes.checkpoint import origin_hash
from eventstore.proofs.notes.cosignature import TIME_S_TOLD_MAX, parse_timed_signature
from eventstore.proofs.notes.note import (
    COSIGNATURE,
    Note,
    VerifierKey,
    parse_note,
    parse_verifier_key,
)
from eventstore.proofs.notes.signing import verify_note
from eventstore.proofs.witnessing.request import AddCheckpoint, parse_cosignatures
from scheduler.evidence.anchors.exchange import Answer, authorization, check, get, post
from scheduler.evidence.anchors.parcel import AnchorFailed, Cosigned, Parcel, RemembersMore, Taken, first_line
from scheduler.evidence.anchors.settings import AnchorSettings

_ATTEMPTS = 3
"""Another process of the log may have been there between two of them."""
_LINES_MAX = 4
"""An old key and a new one, each in two kinds; of as many witnesses as there may be, they fit into a note."""
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


def deliver(anchor: AnchorSettings, parcel: Parcel) -> Taken:
    """Ask for a cosignature; told another size than we believed, prove again from that one.

    Raises:
        AnchorFailed: there is none that the witness's key made.
    """
    key = key_of(anchor)
    url = f"{anchor.target.rstrip('/')}/add-checkpoint"
    headers = {"Content-Type": "text/plain; charset=utf-8", **authorization(anchor, parcel.root)}
    old_size = min(parcel.known_size, parcel.size)
    for _ in range(_ATTEMPTS):
        request = AddCheckpoint(old_size, _proof(parcel, old_size), parcel.log_signed)
        answer = post(url, request.raw, headers)
        if answer.status != 409:
            return Taken(cosigned=_cosigned(answer, parcel.note, key))
        old_size = _told_size(answer, parcel.size)
    raise AnchorFailed("it tells another size each time: is the ledger signed twice?")


def recall(anchor: AnchorSettings, origin: str, headers: dict[str, str]) -> Note | None:
    """What the witness cosigned last for a log; None if it cosigned nothing.

    Raises:
        AnchorFailed: it does not tell, or its key did not cosign what it tells.
    """
    key = key_of(anchor)
    prefix = (anchor.monitoring or anchor.target).rstrip("/")
    answer = get(f"{prefix}/{origin_hash(origin)}/checkpoint", headers)
    if answer.status == 404:
        return None
    try:
        note = parse_note(check(answer).body)
        verify_note(note, [key])
    except InvalidNote as problem:
        raise AnchorFailed(f"what it remembers is not cosigned by its key: {problem}") from None
    return note


def key_of(anchor: AnchorSettings) -> VerifierKey:
    """The key of the witness.

    Raises:
        AnchorFailed: it is none.
    """
    try:
        return parse_verifier_key(anchor.key or "", COSIGNATURE)
    except InvalidKey as problem:
        raise AnchorFailed(f"its key is none: {problem}") from None


def _proof(parcel: Parcel, old_size: int) -> tuple[bytes, ...]:
    if old_size in (0, parcel.size):
        return ()
    try:
        return tuple(parcel.prove(old_size))
    except DamagedTiles as problem:
        raise AnchorFailed(f"the proof for it cannot be made: {problem}") from None


def _told_size(answer: Answer, size: int) -> int:
    match = _SIZE.fullmatch(answer.body)
    if match is None:
        raise AnchorFailed("it answered 409 without a size")
    told = int(match[1])
    if told > size:
        raise RemembersMore(told, size)
    return told


def _cosigned(answer: Answer, note: Note, key: VerifierKey) -> Cosigned:
    """What was answered, once the cosignature of the key is verified."""
    said = first_line(answer.body)
    if answer.status == 422:
        raise AnchorFailed(f"it says that this ledger does not extend what it cosigned{said}")
    if answer.status in (403, 404):
        raise AnchorFailed(f"it does not know this ledger or its key ({answer.status}){said}")
    try:
        answered = parse_cosignatures(check(answer).body, note._replace(signatures=()))
        if len(answered.signatures) > _LINES_MAX:
            raise AnchorFailed(
                f"it answered {len(answered.signatures)} signatures, and one or two are expected"
            )
        verify_note(answered, [key])
    except InvalidNote as problem:
        raise AnchorFailed(f"what it answered is no cosignature of its key: {problem}") from None
    # A witness that is asked once more signs with another time. One signature of each key is enough.
    cosigned = note._replace(signatures=note.signatures + note.lacking(answered.signatures))
    try:
        verify_note(cosigned, [key])
    except InvalidNote as problem:
        raise AnchorFailed(
            f"the checkpoint that is kept has a cosignature that is wrong: {problem}"
        ) from None
    own = cosigned.signatures_of([key])[0]
    if parse_timed_signature(own.signature)[0] > TIME_S_TOLD_MAX:
        raise AnchorFailed("its cosignature is of a time that no clock tells")
    return Cosigned(cosigned, own)
