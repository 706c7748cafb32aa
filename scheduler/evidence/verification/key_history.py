"""The keys that a ledger names, and which of them somebody vouches for who is not the ledger itself.

A ledger names its own keys, so a ledger that was written anew names keys of whoever wrote it. Trust comes from
outside: a key is trusted if it was given, or if a trusted key has signed it (`key.rotated`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.notes.note import VerifierKey, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.vocabulary.payload import UnfitPayload

KEY_ENTRIES = (v.KeyCreated.TYPE, v.KeyRotated.TYPE, v.LedgerContinued.TYPE)


class KeyPeriod(NamedTuple):
    """From when on a key signs, and under which origin.

    Attributes:
        seq: the entry that says so.
        by: how it came to be.
        origin: by which checkpoints name the ledger.
        key: the key.
        trusted: whether it was given, or signed by a trusted key.
    """

    seq: int
    by: Literal["created", "rotated", "continued"]
    origin: str
    key: VerifierKey
    trusted: bool


class Unread(NamedTuple):
    """Entries that were not read, and what is known of the keys there.

    Attributes:
        first: the first of them.
        last: the last one.
        is_known: whether it is known which key was in force at their end.
        in_force: the entry that says which; -1 if there was no key.
    """

    first: int
    last: int
    is_known: bool = False
    in_force: int = -1


class BadKey(NamedTuple):
    """An entry about a key that cannot be right, and why not."""

    seq: int
    why: str


class KeyHistory(NamedTuple):
    """The keys of a ledger, in order.

    Attributes:
        periods: the keys that it names in what was read, and the one that was in force before.
        given: the keys that came from elsewhere.
        bad: entries about keys that cannot be right.
        unread: entries between those that were read, in order.
    """

    periods: Sequence[KeyPeriod]
    given: Sequence[VerifierKey]
    bad: Sequence[BadKey]
    unread: Sequence[Unread] = ()

    @property
    def keys(self) -> list[VerifierKey]:
        """All keys, each once."""
        return list(dict.fromkeys([*(period.key for period in self.periods), *self.given]))

    @property
    def trusted(self) -> set[VerifierKey]:
        """Those that somebody vouches for who is not the ledger."""
        return {*self.given, *(period.key for period in self.periods if period.trusted)}

    @property
    def origins(self) -> set[str]:
        """By which checkpoints may name the ledger."""
        return {*(period.origin for period in self.periods), *(key.name for key in self.given)}

    def at(self, seq: int) -> KeyPeriod | None:
        """What was in force before an entry; None too if that is not known."""
        last = self._named_before(seq)
        return None if self.is_unknown(seq) else last

    def is_unknown(self, seq: int) -> bool:
        """Whether entries that were not read may say what was in force before an entry."""
        last = self._named_before(seq)
        since = -1 if last is None else last.seq
        return any(
            since < each.last and each.first < seq and not self._held_through(since, each)
            for each in self.unread
        )

    def _held_through(self, since: int, unread: Unread) -> bool:
        """Whether it is known that nothing followed upon what an entry says before the end of what was not read."""
        return any(
            each.is_known and each.in_force == since and each.last >= unread.last for each in self.unread
        )

    def _named_before(self, seq: int) -> KeyPeriod | None:
        return next((each for each in reversed(self.periods) if each.seq < seq), None)

    def is_lost_name(self, origin: str) -> bool:
        """Whether an origin is one under which this ledger went on once, by an entry that is not here."""
        if origin in self.origins:
            return False
        return any(
            origin.startswith(f"{each.origin}/") and origin.removeprefix(f"{each.origin}/").isdecimal()
            for each in self.periods
            if each.by == "created"
        )

    def continued_before(self, origin: str, size: int) -> KeyPeriod | None:
        """The continuation that explains why a checkpoint under an older origin reaches further than the entries did.

        None if there is none: if the ledger still goes by this origin, or the checkpoint ends before it went on.
        """
        last = max((each.seq for each in self.periods if each.origin == origin), default=None)
        if last is None:
            return None
        after = [each for each in self.periods if each.seq > last and each.by == "continued"]
        return after[0] if after and size > after[0].seq else None


def key_history(
    entries: Sequence[Entry],
    given: Collection[VerifierKey],
    before: KeyPeriod | None = None,
    unread: Sequence[Unread] = (),
    behind: KeyPeriod | None = None,
) -> KeyHistory:
    """The keys that the entries of a ledger name.

    Args:
        entries: those of `KEY_ENTRIES`, in order; others are passed over.
        given: keys that came from elsewhere.
        before: the key that was in force where reading began.
        unread: entries between those that were read, in order.
        behind: the key that was in force at the end of the last of them, if that is known.
    """
    periods: list[KeyPeriod] = [] if before is None else [before._replace(trusted=before.key in given)]
    bad: list[BadKey] = []
    for entry in entries:
        if entry.type not in KEY_ENTRIES:
            continue
        periods = _with(periods, behind, entry.seq, given)
        is_unknown = KeyHistory(periods, list(given), bad, unread).is_unknown(entry.seq)
        try:
            periods.append(_period(entry, periods[-1] if periods and not is_unknown else None, set(given)))
        except _UnknownKey:
            if is_unknown:
                continue
            bad.append(BadKey(entry.seq, "it names no key, and none is known from before"))
        except (UnfitPayload, InvalidKey, InvalidNote) as problem:
            why = problem.why if isinstance(problem, UnfitPayload) else str(problem)
            bad.append(BadKey(entry.seq, why))
    return KeyHistory(_with(periods, behind, None, given), list(given), bad, unread)


def _with(
    periods: list[KeyPeriod], behind: KeyPeriod | None, before: int | None, given: Collection[VerifierKey]
) -> list[KeyPeriod]:
    """The periods with the one that is known from a state, as soon as what comes next is an entry after it."""
    if behind is None or (before is not None and behind.seq >= before):
        return periods
    if any(each.seq >= behind.seq for each in periods):
        return periods
    return [*periods, behind._replace(trusted=behind.key in given)]


class _UnknownKey(Exception):
    """An entry goes on with a key that is not known."""


def _period(entry: Entry, before: KeyPeriod | None, given: set[VerifierKey]) -> KeyPeriod:
    data = v.payload(entry)
    if isinstance(data, v.KeyCreated):
        key = parse_verifier_key(data.vkey)
        return KeyPeriod(entry.seq, "created", data.origin, key, key in given)
    if isinstance(data, v.KeyRotated):
        return _rotated(entry, data, before, given)
    if data.vkey:
        key = parse_verifier_key(data.vkey)
    elif before is not None:
        key = before.key
    else:
        raise _UnknownKey
    return KeyPeriod(entry.seq, "continued", data.origin, key, key in given)


def _rotated(
    entry: Entry, data: v.KeyRotated, before: KeyPeriod | None, given: set[VerifierKey]
) -> KeyPeriod:
    key = parse_verifier_key(data.vkey)
    note = parse_note(data.note.encode())
    if note.text != f"{data.vkey}\n":
        raise InvalidNote("what was signed is not the key that it names")
    if before is None:
        # The key before is in a part that was not read: only a key that was given can vouch for this one.
        signers = verify_note(note, given) if given else []
        return KeyPeriod(entry.seq, "rotated", key.name, key, key in given or bool(signers))
    verify_note(note, [before.key])
    return KeyPeriod(entry.seq, "rotated", before.origin, key, key in given or before.trusted)
