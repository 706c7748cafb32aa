"""What a witness signs, as C2SP tlog-cosignature has it (Ed25519, type 0x04): that it found a checkpoint consistent.

    cosignature/v1
    time 1679315147
    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

That is the message: a header, the time in seconds since 1970 by the witness's clock, and the text of the checkpoint.
In the note stand eight bytes with the time, the highest first, and then the signature of the message.
"""

from __future__ import annotations

from struct import Struct

from eventstore.proofs.errors import InvalidNote

TIME_S_MAX = 2**63 - 1
TIME_S_TOLD_MAX = 253_402_300_799
"""The end of the year 9999: a time beyond it cannot be told."""
_TIMED = Struct(">Q64s")


def cosigned_message(text: str, time_s: int) -> bytes:
    """What is signed: that the checkpoint with this text was consistent at a time.

    Args:
        text: of the checkpoint, which ends with LF.
        time_s: seconds since 1970.
    """
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def timed_signature(time_s: int, signature: bytes) -> bytes:
    """What stands in the note behind the key's id.

    Raises:
        ValueError: no cosignature has this time.
    """
    if not 0 < time_s <= TIME_S_MAX:
        raise ValueError(f"{time_s} is no time of a cosignature")
    return _TIMED.pack(time_s, signature)


def parse_timed_signature(raw: bytes) -> tuple[int, bytes]:
    """The time of a cosignature, and the signature of the message.

    Raises:
        InvalidNote: it is not written as cosignatures are.
    """
    if len(raw) != _TIMED.size:
        raise InvalidNote(f"a cosignature has {_TIMED.size} bytes: the time in 8, the signature in 64")
    time_s, signature = _TIMED.unpack(raw)
    if not 0 < time_s <= TIME_S_MAX:
        raise InvalidNote("a cosignature says at which time it was made")
    return time_s, signature
