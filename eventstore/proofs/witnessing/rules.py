"""By which rules a witness cosigns a checkpoint, once it knows that the log has signed it."""

from __future__ import annotations

from eventstore.proofs.consistency import verify_consistency
from eventstore.proofs.errors import InvalidProof
from eventstore.proofs.merkle_tree import EMPTY_ROOT, TreeHead
from eventstore.proofs.witnessing.request import AddCheckpoint


class Refused(Exception):
    """A checkpoint that is not cosigned; the message says why, in words."""


class Malformed(Refused):
    """What was sent is not written as it must be, or says what cannot be."""


class UnknownLog(Refused):
    """The witness knows no log of this origin."""


class NotSigned(Refused):
    """No key that the witness trusts for the log has signed it, or one of them did not."""


class OtherSize(Refused):
    """The proof begins at another size than that which the witness cosigned last.

    Attributes:
        size: the one that it cosigned last; 0 if it cosigned none.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"the tree of {size:,} leaves was cosigned last")


class NotConsistent(Refused):
    """It does not extend what the witness cosigned last, or the proof does not show that."""


def check_extension(request: AddCheckpoint, head: TreeHead, last: TreeHead | None) -> None:
    """Check that a checkpoint extends the one that was cosigned last.

    Args:
        request: what was sent.
        head: what its checkpoint says.
        last: what was cosigned last for this log, if anything was.

    Raises:
        Malformed, OtherSize, NotConsistent: it is not to be cosigned.
    """
    if request.old_size > head.size:
        raise Malformed(
            f"the old size, {request.old_size:,}, is larger than that of the checkpoint, {head.size:,}"
        )
    known_size = 0 if last is None else last.size
    if request.old_size != known_size:
        raise OtherSize(known_size)
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise NotConsistent("the tree without leaves has another root")
    if last is None or last.size == 0:
        if request.hashes:
            raise NotConsistent("there is nothing to prove: the old tree is empty")
        return
    try:
        verify_consistency(last.size, head.size, request.hashes, last.root, head.root)
    except InvalidProof as problem:
        raise NotConsistent(str(problem)) from None
