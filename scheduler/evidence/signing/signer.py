"""The signer: it signs the ledger as far as that is on disk, and each tree goes on from the one before.

The order is what a crash at any point leaves in order:

1. What came since the last tree that was signed is read back from disk, and the tree grown by it. It is held against
   what the signer, the kept checkpoints and the anchors remember.
2. The new tree is remembered, on disk. After a crash here nothing was signed; the next tree goes on from this one.
3. The text is signed. After a crash here the signature is lost, which nobody has seen.
4. The checkpoint is kept beside the ledger. After a crash here it is recorded by the next signing.
5. `checkpoint.signed` is appended. It stands behind what the checkpoint covers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import NamedTuple

from eventstore.durable import REAL
from eventstore.errors import Unavailable
from eventstore.head import durable_entries
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.kept_checkpoints import Kept
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import tree_root
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.evidence.keys.errors import NoLedgerKey
from scheduler.evidence.keys.key_lock import signing_alone
from scheduler.evidence.keys.key_place import KeyPlace, key_place
from scheduler.evidence.keys.signature import signed_note
from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing.errors import KeptUnusable, NotAnExtension
from scheduler.evidence.signing.memory import Memory, check_memories
from scheduler.evidence.signing.present_origin import check_origin, state_under
from scheduler.evidence.signing.read_back import GrownTree
from scheduler.evidence.signing.signer_state import SignedTree, write_state
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger
from scheduler.ledger.tree import tiles_folder, tree_of
from scheduler.rules.evidence.evidence_state import Evidence
from scheduler.rules.state import State

OutsideMemory = Callable[[Evidence], Iterable[Memory]]
"""Gives what anchors and witnesses remember of the ledger, as far as they can be reached."""
_ACTOR = v.SCHEDULER


class Signed(NamedTuple):
    """The newest checkpoint, and whether it was signed just now; if not, nothing was recorded since the last one."""

    kept: Kept
    is_new: bool


def sign_checkpoint(
    home: Home,
    settings: LedgerSettings,
    *,
    is_due: Callable[[Ledger], bool] | None = None,
    outside: OutsideMemory = lambda _: (),
) -> Signed | None:
    """Sign the ledger as it stands on disk now, keep the checkpoint and record it.

    Args:
        home: the home.
        settings: the `ledger:` block of its config.
        is_due: decides on the ledger as it stands. By default it is due if anything was recorded since; if nothing
            was, the ledger is held against what is remembered all the same.
        outside: what others remember.

    Returns:
        The newest checkpoint; None if none was ever signed and none is due.

    Raises:
        NoLedgerKey: the ledger has none.
        KeyMissing, KeyUnusable: the key cannot sign.
        SigningRefused: what would be signed contradicts what was signed before, or what is remembered.
        DamagedCheckpoint, OtherCheckpoint: what is kept is no checkpoint, or another one of this size.
        Corrupt, Unavailable, Poisoned, NewerFormat, NoLedger: the ledger cannot be read, or written, or is damaged.
        OSError: a file of the signer cannot be read or written.
    """
    place = key_place(home, settings)
    with signing_alone(place):
        # Opening it makes durable what another process has appended and not flushed.
        ledger = open_ledger(home, _ACTOR)
        with closing(ledger.store):
            return _Signing(home, place, ledger, settings, outside).run(is_due)


def record_lost(home: Home, ledger: Ledger) -> Kept | None:
    """Record the newest checkpoint, if it was kept and a crash cut off its entry; under the signer's lock.

    Returns:
        The newest checkpoint of the ledger under its present name; None if there is none.

    Raises:
        NoLedgerKey: the ledger has no key.
        KeptUnusable: it is not signed by the key of the ledger.
        DamagedCheckpoint, Unavailable, Poisoned, Corrupt, OSError: see `sign_checkpoint`.
    """
    evidence = ledger.state.evidence
    if evidence is None:
        raise NoLedgerKey
    newest = kept_checkpoints.newest(home.ledger)
    if newest is None or newest.checkpoint.origin != evidence.origin:
        return None
    if evidence.signed is None or evidence.signed.size < newest.size:
        try:
            verify_note(newest.note, [parse_verifier_key(evidence.vkey)])
        except InvalidNote as problem:
            raise KeptUnusable(newest.size, str(problem)) from None
        _record(ledger, newest)
    return newest


def has_news(ledger: Ledger) -> bool:
    """Whether anything was recorded since the last checkpoint but what is about evidence itself."""
    evidence = ledger.state.evidence
    first = 0 if evidence is None or evidence.signed is None else evidence.signed.size
    return any(entry.type not in v.UNCOUNTED for entry in ledger.store.read(first))


class _Signing:
    """One signing, under the signer's lock."""

    def __init__(
        self, home: Home, place: KeyPlace, ledger: Ledger, settings: LedgerSettings, outside: OutsideMemory
    ) -> None:
        evidence = ledger.state.evidence
        if evidence is None:
            raise NoLedgerKey
        check_origin(settings, evidence)
        self._home, self._place, self._ledger = home, place, ledger
        self._evidence, self._outside = evidence, outside
        files = ledger.store.files
        assert files is not None, "a ledger that is signed is kept in files"
        self._leaves = LedgerLeaves(files.folder, files.segment_entries)

    def run(self, is_due: Callable[[Ledger], bool] | None) -> Signed | None:
        newest = record_lost(self._home, self._ledger)
        entries, start = self._start()
        due = (is_due or has_news)(self._ledger)
        if is_due is not None and not due:
            return None if newest is None else Signed(newest, is_new=False)
        tree = self._grown(start, entries, newest)
        if not due:
            return None if newest is None else Signed(newest, is_new=False)
        write_state(self._place.state, tree)
        text = Checkpoint(self._evidence.origin, tree.head).text
        note = signed_note(self._place, text, parse_verifier_key(self._evidence.vkey))
        kept = kept_checkpoints.keep(self._home.ledger, note.raw)
        _record(self._ledger, kept)
        return Signed(kept, is_new=True)

    def _start(self) -> tuple[int, SignedTree]:
        """How many entries are on disk, and the tree that was signed last, which has no more of them."""
        entries = durable_entries(self._home.ledger, REAL)
        if not entries:
            raise Unavailable(f"{self._home.ledger}: HEAD does not say how far the ledger is on disk")
        start = state_under(self._place.state, self._evidence) or SignedTree(self._evidence.origin)
        if start.size > entries:
            raise NotAnExtension("the signer", start.size, entries)
        return entries, start

    def _grown(self, start: SignedTree, entries: int, newest: Kept | None) -> SignedTree:
        """The tree up to the last entry that is on disk, held against all that is remembered."""
        memories = [*self._outside(self._evidence)]
        if newest is not None:
            memories.append(Memory(f"the kept checkpoint of {newest.size:,} entries", newest.checkpoint.head))
        grown = GrownTree(start)
        grown.grow(self._leaves, entries, [each.head.size for each in memories])
        check_memories(memories, entries, grown.roots, self._root_of)
        return grown.tree

    def _root_of(self, size: int) -> bytes:
        """The root of a size that the signer has left behind; the tiles are asked."""
        with tiles_folder(self._home) as tiles:
            tree = tree_of(self._ledger.store, tiles)
            return tree.ask(lambda tiled: tree_root(size, tiled.subtree_hash))[1]


def _record(ledger: Ledger, kept: Kept) -> None:
    head = kept.checkpoint.head
    payload = v.CheckpointSigned(
        size=head.size,
        root=in_base64(head.root),
        key_id=kept.note.signatures[0].key_id.hex(),
        note=kept.note.raw.decode(),
    )

    def decide(state: State) -> list[Event]:
        signed = state.evidence.signed if state.evidence is not None else None
        return [] if signed is not None and signed.size >= head.size else [v.event(payload, _ACTOR)]

    ledger.decide(decide)
