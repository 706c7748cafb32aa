"""Whether a checkpoint is cosigned. Comparing it with the last one and keeping it is one step, under one lock."""

from __future__ import annotations

from collections.abc import Callable

from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import Note, VerifierKey
from eventstore.proofs.notes.signing import Cosigner, verify_note
from eventstore.proofs.witnessing.request import AddCheckpoint, parse_request
from eventstore.proofs.witnessing.rules import Malformed, NotSigned, UnknownLog, check_extension
from scheduler.evidence.witness.folder import WitnessFolder


class Witness:
    """A witness with its key and its folder.

    Args:
        folder: what it keeps.
        cosigner: its key.
        time_s: gives the time in seconds since 1970.
    """

    def __init__(self, folder: WitnessFolder, cosigner: Cosigner, time_s: Callable[[], float]) -> None:
        self._folder, self._cosigner, self._time_s = folder, cosigner, time_s

    def add_checkpoint(self, raw: bytes) -> Note:
        """Cosign what was sent to the witness.

        Returns:
            The checkpoint with the signatures of its log that were verified, and the cosignature behind them; it is
            kept, and on disk.

        Raises:
            Refused: it is not cosigned.
            DamagedWitness, LockHeld, OSError: the folder cannot be used; nothing was cosigned.
        """
        try:
            return self.cosign(parse_request(raw))
        except (InvalidProof, InvalidNote) as problem:
            raise Malformed(str(problem)) from None

    def cosign(self, request: AddCheckpoint) -> Note:
        """The same for a request that was read.

        Raises:
            Refused, DamagedWitness, LockHeld, OSError: see `add_checkpoint`.
        """
        try:
            checkpoint = parse_checkpoint(request.note.text)
        except InvalidNote as problem:
            raise Malformed(str(problem)) from None
        signed = self._signed_by_its_log(request.note, checkpoint)
        with self._folder.locked():
            last = self._folder.last(checkpoint.origin)
            check_extension(request, checkpoint.head, None if last is None else last[1].head)
            cosignature = self._cosigner.cosign(signed.text, int(self._time_s()))
            cosigned = Note(signed.text, (*signed.signatures, cosignature))
            self._folder.keep(checkpoint.origin, cosigned)
        return cosigned

    def _signed_by_its_log(self, note: Note, checkpoint: Checkpoint) -> Note:
        """The note with nothing but the signatures of keys that are trusted for its log."""
        keys: list[VerifierKey] = self._folder.logs().get(checkpoint.origin, [])
        if not keys:
            raise UnknownLog(f"no key is trusted for {checkpoint.origin}")
        try:
            return note._replace(signatures=note.signatures_of(verify_note(note, keys)))
        except InvalidNote as problem:
            raise NotSigned(str(problem)) from None
