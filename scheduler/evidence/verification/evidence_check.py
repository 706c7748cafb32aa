"""Checkpoints against the entries: is each of a tree that this ledger had, and signed by a key that it had?

The roots are computed from the lines. So a checkpoint that fits stands for every byte of the entries that it covers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import NamedTuple

from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.note import Note, VerifierKey, parse_note
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Entry
from eventstore.verify_report import VerifyReport
from scheduler import vocabulary as v
from scheduler.evidence.verification.evidence_report import (
    AnchorReport,
    Contradiction,
    EvidenceReport,
    Source,
    Superseded,
)
from scheduler.evidence.verification.found_notes import FoundNote, Place, found_note
from scheduler.evidence.verification.key_history import KeyHistory
from scheduler.evidence.verification.trust import Trust
from scheduler.vocabulary.payload import UnfitPayload

_Judged = tuple[Source, FoundNote, str | None]
"""A checkpoint, and why it does not fit: empty if it does, None if that cannot be judged."""


class _Fitting(NamedTuple):
    """A checkpoint that fits: its size, and who of the known keys has signed it."""

    size: int
    signers: list[VerifierKey]


class _Misfit(Exception):
    """A checkpoint does not fit; the message says why, in words."""


class _OtherEntries(_Misfit):
    """A checkpoint is of other entries than there are here."""


class _NoCheckpoint(_Misfit):
    """What stands there is no checkpoint, and says nothing of any entries."""


class _OfAnotherLog(Exception):
    """A note says nothing of this ledger."""


class _NotRead(Exception):
    """A checkpoint is of a beginning that was not read, or reaches behind a damage."""


def check_evidence(
    report: VerifyReport,
    kept: Sequence[FoundNote],
    trust: Trust,
    history: KeyHistory,
) -> EvidenceReport:
    """Hold what was signed and remembered against the entries.

    Args:
        report: what verifying the entries has found, with the entries about keys and checkpoints, and with the roots
            at the sizes that the checkpoints have.
        kept: the checkpoints that the ledger keeps.
        trust: what came from elsewhere.
        history: the keys of the ledger.
    """
    return _Check(report, history, trust).report(kept)


class _Check:
    """One verification: what is known, and what was found so far."""

    def __init__(
        self,
        report: VerifyReport,
        history: KeyHistory,
        trust: Trust,
    ) -> None:
        self._entries, self._first, self._roots = report.entries, report.first, report.roots
        self._collected, self._damaged = report.collected, not report.ok
        self._is_unread = report.is_unread
        self._unread_end = max((each.last + 1 for each in report.unread), default=report.first)
        self._history, self._trust, self._witnesses = history, trust, list(trust.witnesses)
        self._signers: dict[Note, list[VerifierKey] | str] = {}
        self._fitting: list[_Fitting] = []
        self._superseded: dict[tuple[int, str], Superseded] = {}
        self._of_other_entries: set[str] = set()
        self._unread = 0

    def report(self, kept: Sequence[FoundNote]) -> EvidenceReport:
        """All of it."""
        own: list[_Judged] = []
        kept_sizes = set()
        for note in kept:
            own.append(("kept", note, self._misfit(note)))
            kept_sizes.add(note.checkpoint.head.size if note.checkpoint else None)
        recorded_sizes, recorded = set(), 0
        for entry in self._collected:
            if entry.type == v.CheckpointSigned.TYPE:
                note, why = self._recorded(entry)
                own.append(("entry", note, why))
                recorded_sizes.add(note.checkpoint.head.size if note.checkpoint else None)
                recorded += why == ""
        cosigned, unverified = self._cosignatures([note for _, note, why in own if why == ""])
        own += cosigned
        remembered: list[AnchorReport] = []
        elsewhere: list[_Judged] = []
        for place in self._trust.places:
            found, misfits = self._remembered(place)
            remembered.append(found)
            elsewhere += [("anchor", note, why) for note, why in misfits]
        trusted = self._history.trusted
        reads_all = self._reads_all
        return EvidenceReport(
            history=self._history,
            kept=sum(source == "kept" and why == "" for source, _, why in own),
            recorded=recorded,
            covered=self._largest(self._history.keys),
            vouched=self._largest(trusted),
            witnessed=self._largest(self._witnesses),
            unkept=sorted(size for size in recorded_sizes - kept_sizes if size is not None),
            unrecorded=sorted(
                size
                for size in kept_sizes - recorded_sizes
                if size is not None and (reads_all or size > self._unread_end)
            ),
            unread=self._unread,
            cosigned=unverified,
            receipts=sum(map(_has_receipt, self._collected)),
            superseded=list(self._superseded.values()),
            contradictions=[*self._bad_keys(), *self._contradictions(own)],
            anchors=remembered,
            anchor_contradictions=[*self._contradictions(elsewhere), *self._keys_without_checkpoint()],
        )

    @property
    def _reads_all(self) -> bool:
        """Whether every entry was read."""
        return self._first == 0 and not self._history.unread

    def _largest(self, keys: Collection[VerifierKey]) -> int:
        """The size of the largest fitting checkpoint that one of the keys has signed."""
        return max((each.size for each in self._fitting if set(keys) & set(each.signers)), default=0)

    def _recorded(self, entry: Entry) -> tuple[FoundNote, str | None]:
        """The checkpoint that an entry tells of, and why it does not fit; the key must be the one of then."""
        where = f"entry {entry.seq}"
        try:
            data: v.CheckpointSigned = v.payload(entry)
        except UnfitPayload as unfit:
            return FoundNote(where, None, None, unfit.why), unfit.why
        note = found_note(where, data.note.encode())
        if note.checkpoint is None or note.note is None:
            return note, f"its note is no checkpoint: {note.why}"
        head = note.checkpoint.head
        if (head.size, in_base64(head.root)) != (data.size, data.root):
            return note, "its note is about another tree than it says"
        if head.size > entry.seq:
            return note, f"it tells of {head.size:,} entries, and {entry.seq:,} stand before it"
        period = self._history.at(entry.seq)
        if period is not None:
            if note.checkpoint.origin != period.origin:
                return note, f"it names the log {note.checkpoint.origin}, which was {period.origin} then"
            if data.key_id != period.key.key_id.hex():
                return note, f"the key that was in force then is {period.key.key_id.hex()}, not {data.key_id}"
            if not note.note.signatures_of([period.key]):
                return note, "the key that was in force then did not sign it"
        elif self._first == 0 and not self._history.is_unknown(entry.seq):
            return note, "the ledger had no key then"
        return note, self._misfit(note)

    def _cosignatures(self, checkpoints: Sequence[FoundNote]) -> tuple[list[_Judged], int]:
        """The cosignatures that entries tell of: what is wrong, and how many are of witnesses that are not known."""
        texts = {
            each.checkpoint.head.size: each.note.text for each in checkpoints if each.checkpoint and each.note
        }
        known = {(key.name, key.key_id): key for key in self._witnesses}
        judged: list[_Judged] = []
        unverified = 0
        for entry in self._collected:
            if entry.type != v.CheckpointCosigned.TYPE:
                continue
            where = f"entry {entry.seq}"
            try:
                data: v.CheckpointCosigned = v.payload(entry)
                text = texts.get(data.size)
                if text is None:
                    unverified += 1
                    continue
                note = parse_note(f"{text}\n{data.line.rstrip()}\n".encode())
                witness = known.get(note.signatures[0][:2])
                if witness is None:
                    unverified += 1
                    continue
                self._fitting.append(_Fitting(data.size, verify_note(note, [witness])))
            except (UnfitPayload, InvalidNote) as problem:
                why = problem.why if isinstance(problem, UnfitPayload) else str(problem)
                judged.append(("entry", FoundNote(where, None, None, why), why))
        return judged, unverified

    def _remembered(self, place: Place) -> tuple[AnchorReport, list[tuple[FoundNote, str]]]:
        """What a place remembers: how much of it fits, and what does not."""
        fitting, foreign, unread, misfits = [], 0, 0, []
        none = []
        for note in place.notes:
            try:
                fitting.append(self._size_of(note))
            except _OfAnotherLog:
                foreign += 1
            except _NotRead:
                unread += 1
            except _NoCheckpoint as misfit:
                # Whoever could put it there could as well have put nothing there.
                none.append(f"{note.where}: {misfit}")
            except _Misfit as misfit:
                misfits.append((note, str(misfit)))
        if not fitting and not misfits and not unread and place.notes:
            other = "it remembers other logs, and nothing of this ledger"
            why = other if foreign else "nothing that stands there is a checkpoint"
            misfits.append((FoundNote(place.name, None, None, why), why))
        sizes = [size for size in fitting if size is not None]
        return AnchorReport(place.name, len(sizes), max(sizes, default=0), foreign, unread, none), misfits

    def _misfit(self, note: FoundNote) -> str | None:
        """Why one of the ledger's own checkpoints does not fit; empty if it does, None if that cannot be judged."""
        try:
            return None if self._size_of(note) is None else ""
        except _OfAnotherLog:
            assert note.checkpoint is not None
            return f"it names another log, {note.checkpoint.origin}"
        except _NotRead:
            self._unread += 1
            return None
        except _Misfit as misfit:
            if isinstance(misfit, _OtherEntries):
                self._of_other_entries.add(note.where)
            return str(misfit)

    def _size_of(self, found: FoundNote) -> int | None:
        """The size of a checkpoint that fits; None if it is of entries that the ledger went on without.

        Raises:
            _OfAnotherLog, _NotRead, _Misfit: it is of another log, or cannot be judged, or does not fit.
        """
        if found.checkpoint is None or found.note is None:
            raise _NoCheckpoint(f"it is no checkpoint: {found.why}")
        origin, (size, root) = found.checkpoint.origin, found.checkpoint.head
        if self._damaged and not self._history.origins:
            raise _NotRead  # what the ledger is called stands in what could not be read
        if self._history.is_lost_name(origin):
            self._judge_lost(found.where, origin, size)
            return None
        if origin not in self._history.origins and (self._history.origins or self._reads_all):
            if not self._reads_all and any(each.startswith(f"{origin}/") for each in self._history.origins):
                raise _NotRead
            raise _OfAnotherLog
        signers = self._known_signers(found.note, size)
        continued = self._history.continued_before(origin, size)
        if continued is not None and continued.seq not in self._trust.continued:
            raise _OtherEntries(
                f"it covers {size:,} entries, of which some are not here: the ledger went on without them, says "
                f"entry {continued.seq}"
            )
        if continued is not None:
            gone = Superseded(found.where, size, origin, continued.seq)
            self._superseded.setdefault((size, origin), gone)
            return None
        if size > self._entries and self._damaged:
            raise _NotRead
        if size > self._entries:
            raise _OtherEntries(f"it covers {size:,} entries, and the ledger has {self._entries:,}")
        if size < self._first or (size not in self._roots and (self._first or self._is_unread(size - 1))):
            raise _NotRead
        if self._roots.get(size) != root:
            raise _OtherEntries(f"the first {size:,} entries have another root than was signed")
        self._fitting.append(_Fitting(size, signers))
        return size

    def _judge_lost(self, where: str, origin: str, size: int) -> None:
        """Judge a checkpoint under a name by which the ledger went on once, and of which it has no entry any more.

        Raises:
            _NotRead, _Misfit: that entry may be where nothing was read; or nobody was told of a restore since.
        """
        if not self._reads_all or self._damaged:
            raise _NotRead
        accepted = [each.seq for each in self._history.periods if each.seq in self._trust.continued]
        if not accepted or min(accepted) >= size:
            raise _OtherEntries(
                f"it names this ledger {origin}, and the entry by which it went on as that is not here"
            )
        gone = Superseded(where, size, origin, min(accepted))
        self._superseded.setdefault((size, origin), gone)

    def _known_signers(self, note: Note, size: int) -> list[VerifierKey]:
        """Who has signed a note: keys of the ledger, and witnesses beside them.

        Raises:
            _Misfit: no key that is known, or a signature is wrong.
            _NotRead: no key that is known, and entries that were not read may name the one of then.
        """
        if self._history.is_unknown(size) and not note.signatures_of(self._history.keys):
            raise _NotRead
        known = self._signers.get(note)
        if known is None:
            try:
                known = verify_note(note, [*self._history.keys, *self._witnesses])
            except InvalidNote as problem:
                known = str(problem)
            if not isinstance(known, str) and not set(known) & set(self._history.keys):
                known = "none of the keys has signed it"
            self._signers[note] = known
        if isinstance(known, str):
            raise _Misfit(known)
        return known

    def _keys_without_checkpoint(self) -> list[Contradiction]:
        """The keys that were given where no checkpoint is theirs: a ledger that was made up names keys of its own."""
        if self._damaged or self._unread:
            return []
        given: list[tuple[str, Collection[VerifierKey], Collection[VerifierKey]]] = [
            ("--key", self._history.given, self._history.trusted),
            ("--witness", self._witnesses, self._witnesses),
        ]
        why = "no checkpoint that fits to these entries is signed by it"
        return [
            Contradiction("key", f"{option} {key.text}", None, 0, why, of_entries=False)
            for option, keys, signers in given
            if not self._largest(signers)
            for key in keys
        ]

    def _bad_keys(self) -> list[Contradiction]:
        return [
            Contradiction("entry", f"entry {bad.seq}", None, bad.seq, bad.why) for bad in self._history.bad
        ]

    def _contradictions(self, misfits: Sequence[_Judged]) -> list[Contradiction]:
        """What does not fit, each with the entry from which on entries may be other ones than were signed."""
        sound = sorted({each.size for each in self._fitting})
        found = []
        for source, note, why in misfits:
            if not why:
                continue
            size = note.checkpoint.head.size if note.checkpoint else None
            before = bisect_right(sound, self._entries if size is None else size)
            from_entry = sound[before - 1] if before else 0
            of_entries = (
                source == "entry"
                or note.where in self._of_other_entries
                or (source == "anchor" and note.checkpoint is not None)
            )
            found.append(Contradiction(source, note.where, size, from_entry, why, of_entries))
        return found


def _has_receipt(entry: Entry) -> bool:
    """Whether an entry holds what an anchor answered."""
    if entry.type != v.CheckpointAnchored.TYPE:
        return False
    try:
        return v.payload(entry).receipt is not None
    except UnfitPayload:
        return False
