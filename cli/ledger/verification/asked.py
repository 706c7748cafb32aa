"""One verification of a ledger, from what was asked to all that was found, with progress for a person who waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.app.failures import ExitCode, Failure
from cli.ledger.opened_tree import opened_tree
from cli.ledger.verification.laws import check_laws
from cli.ledger.verification.verified import Derived, Laws, Verified
from cli.terminal.printable import printable
from cli.terminal.progress import progress
from eventstore.archive.archived_segments import archived_bytes
from eventstore.errors import DamagedTail, LedgerError
from eventstore.segment import list_names
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.store import EventStore
    from eventstore.verification_plan import Beginning
    from eventstore.verify import Progress
    from eventstore.verify_report import VerifyReport
    from scheduler.evidence.verification.evidence_report import EvidenceReport
    from scheduler.evidence.verification.found_notes import Place
    from scheduler.evidence.verification.key_history import KeyPeriod
    from scheduler.evidence.verification.trust import Trust
    from scheduler.evidence.verification.verification import Start
    from scheduler.ledger.past import OnProgress, Past
    from scheduler.rules.state import State


def place(anchor: str, ledger: Path) -> Place:
    """What an anchor remembers.

    Args:
        anchor: a file, a folder, or the URL of a witness or of a page.
        ledger: the folder of the ledger, which says under which origins a witness may know it.

    Raises:
        Failure: it cannot be read.
    """
    from scheduler.evidence.anchors.remembered import is_url
    from scheduler.evidence.verification.found_notes import UnreadablePlace, remembered

    if is_url(anchor):
        return _place_at_url(anchor, ledger)
    hint = "Name a file or a folder with checkpoints, as an anchor keeps them."
    try:
        found = remembered(Path(anchor))
    except UnreadablePlace as problem:
        raise Failure(printable(str(problem)), hint) from None
    if all(each.checkpoint is None for each in found.notes):
        # The wrong file or folder, and nothing that would speak against the ledger.
        raise Failure(f"{printable(found.notes[0].where)}: it is no checkpoint: {found.notes[0].why}", hint)
    return found


def _place_at_url(url: str, ledger: Path) -> Place:
    from eventstore.genesis import read_creation
    from eventstore.proofs import kept_checkpoints
    from scheduler.evidence.anchors.parcel import AnchorFailed
    from scheduler.evidence.anchors.remembered import notes_at
    from scheduler.evidence.keys.origin import own_origin
    from scheduler.evidence.settings import LedgerSettings
    from scheduler.evidence.verification.found_notes import Place, found_note

    origins: list[str] = []
    with suppress(LedgerError, OSError):  # what is damaged is told by the verification
        created = read_creation(ledger)
        origins += [] if created is None else [own_origin(created.ledger, LedgerSettings())]
    with suppress(kept_checkpoints.DamagedCheckpoint, OSError):
        newest = kept_checkpoints.newest(ledger)
        if newest is not None and newest.checkpoint.origin not in origins:
            origins.append(newest.checkpoint.origin)
    try:
        notes = notes_at(url, origins)
    except AnchorFailed as failed:
        raise Failure(f"{printable(url)}: {failed}", "What it remembers was not compared.") from None
    if not notes:
        raise Failure(
            f"{printable(url)}: no checkpoint of this ledger is remembered there",
            "A witness knows a ledger by its origin: give the whole address, up to /checkpoint.",
        )
    return Place(url, [found_note(url, raw) for raw in notes])


class AskedLedger:
    """The ledger that is to be verified.

    Args:
        home: the home.
        folder: a copy of a ledger, in place of the home's.
        archives: whether archived segments are read where they are.
        shown: whether progress is shown.
    """

    def __init__(self, home: Home, folder: Path | None, *, archives: bool = False, shown: bool) -> None:
        self._home, self._copy, self._archives, self._shown = home, folder, archives, shown
        self._folder = home.ledger if folder is None else folder

    def verified(self, trust: Trust, *, incremental: bool, laws: bool, digests: bool) -> Verified:
        """Verify it.

        Raises:
            LedgerError, OSError, Failure: it cannot be read, or there is nothing to go on from.
        """
        from scheduler.evidence.verification.verification import Start, verify_with_evidence
        from scheduler.metrics.last_verification import LastVerification, keep_last_verification

        start, size, before = Start(), None, None
        if incremental:
            size, beginning, before = self._since(trust, folded=laws or not trust.keys)
            start = Start(beginning, None if before is None else _key_of(before))
        start = self._with_archives(start)
        with self._progress() as told:
            report, evidence = verify_with_evidence(
                self._folder, trust, start=start, digests=digests, progress=told
            )
        _check_continued(report, trust)
        judged = self._laws(report, evidence, before) if laws and report.ok else None
        found = Verified(self._folder, report, evidence, judged, size)
        if self._copy is None and not incremental and found.ok and found.as_remembered:
            keep_last_verification(self._home, LastVerification(datetime.now(UTC), report.entries))
        return found

    def derived(self) -> Derived:
        """Derive anew what is made of the entries, and compare.

        Raises:
            LedgerError, OSError: the ledger or the files cannot be read.
        """
        from cli.projections.build_progress import build_progress
        from projections.build.maintenance import status
        from scheduler.ledger.state_verification import verify_home

        with build_progress(shown=self._shown) as steps:
            found = status(self._home, verify=True, steps=steps)
        if found.refused:
            return Derived(found, None)
        with progress("folding anew, entries", shown=self._shown) as seen:
            states = verify_home(self._home, lambda done, total: seen.update(done, total=total))
        return Derived(found, states)

    def _since(self, trust: Trust, *, folded: bool) -> tuple[int, Beginning, State | None]:
        """The size of the checkpoint to go on from, what is not read again, and the state there, if it is folded."""
        from eventstore.proofs.errors import OtherTree
        from scheduler.evidence.verification.since_checkpoint import beginning_of, newest_signed

        with self._opened() as store:
            entries = store.head().seq + 1
            own = _key_of(self._state_at(store, entries - 1)) if folded else None
            keys = [*trust.keys, *([] if own is None else [own.key])]
            newest = newest_signed(self._folder, keys, entries)
            if newest is None:
                raise Failure(
                    "no signed checkpoint is kept that could be gone on from",
                    "Verify all of it: leave out --since-checkpoint.",
                )
            with opened_tree(self._home, self._copy, shown=self._shown) as tree:
                try:
                    beginning = beginning_of(
                        newest.checkpoint.head, self._folder, tree, self._past(store).segment_entries
                    )
                except OtherTree as problem:
                    raise Failure(
                        f"the entries are not those that were signed: {problem}",
                        "`cronledger ledger verify` without --since-checkpoint shows where.",
                        ExitCode.LEDGER,
                    ) from None
            return newest.size, beginning, self._state_at(store, beginning.size - 1) if folded else None

    def _with_archives(self, start: Start) -> Start:
        """The same with what is known of archived entries that are not read."""
        tiles = self._home.tree if self._copy is None else None
        start = start._replace(archives=self._archives, tiles=tiles)
        absent = [] if self._archives else list_names(self._folder).archived if self._folder.is_dir() else []
        if not absent or absent[-1] < start.beginning.size:
            return start
        with suppress(LedgerError), self._opened() as store:  # what is damaged is told by the verification
            end = absent[-1] + self._past(store).segment_entries - 1
            state = self._kept_at(store, end)
            if state is not None:
                return start._replace(archive_end=end, archive_key=_key_of(state))
        return start

    def _laws(self, report: VerifyReport, evidence: EvidenceReport, before: State | None) -> Laws | None:
        try:
            with self._opened() as store:
                return check_laws(
                    store, report, before, lambda seq: self._kept_at(store, seq), shown=self._shown
                )
        except DamagedTail:
            # A ledger that is shorter than a checkpoint says which it keeps is opened by nobody.
            if any(each.of_entries for each in evidence.contradictions):
                return None
            raise

    def _kept_at(self, store: EventStore, seq: int) -> State | None:
        """The state after an entry, if it is kept and valid."""
        past = self._past(store)
        return past.state_at(seq) if past.is_kept(seq) else None

    def _state_at(self, store: EventStore, seq: int) -> State:
        with progress("folding, entries", shown=self._shown) as seen:
            return self._past(store, lambda done, total: seen.update(done, total=total)).state_at(seq)

    def _past(self, store: EventStore, told: OnProgress | None = None) -> Past:
        """The past of the ledger; of a copy no states are kept, and all is folded."""
        from eventstore.segment import SEGMENT_ENTRIES
        from scheduler.ledger.past import Past

        if self._copy is None:
            return Past.of(self._home, store, told)
        segment_entries = SEGMENT_ENTRIES if store.files is None else store.files.segment_entries
        return Past(store, self._copy / "states", segment_entries, told)

    @contextmanager
    def _opened(self) -> Iterator[EventStore]:
        from scheduler.store import open_folder

        with closing(open_folder(self._folder)) as store:
            yield store

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        """How far it is, in bytes."""
        total_bytes = sum(path.stat().st_size for path in self._folder.glob("*.jsonl"))
        if self._archives:
            total_bytes += archived_bytes(self._folder)
        with progress("verifying", max(1, total_bytes), shown=self._shown) as seen:
            yield lambda entries, done_bytes: seen.update(done_bytes, label=f"verifying, {entries:,} entries")


def _check_continued(report: VerifyReport, trust: Trust) -> None:
    """Refuse what was named as an entry by which the ledger went on, and is another one.

    Raises:
        Failure: it is; where not all was read, that is not known.
    """
    from scheduler import vocabulary as v

    if not report.ok or report.unread or report.first:
        return
    told = {entry.seq for entry in report.collected if entry.type == v.LedgerContinued.TYPE}
    for seq in trust.continued:
        if seq not in told:
            listed = ", ".join(map(str, sorted(told)))
            raise Failure(
                f"the ledger did not go on after a restore by entry {seq}, as --continued says",
                f"It did by entry {listed}." if told else "It went on after none.",
            )


def _key_of(state: State) -> KeyPeriod | None:
    """The key that is in force in a state."""
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.note import parse_verifier_key
    from scheduler.evidence.verification.key_history import KeyPeriod

    if state.evidence is None:
        return None
    try:
        key = parse_verifier_key(state.evidence.vkey)
    except InvalidKey:
        return None
    return KeyPeriod(state.evidence.key_seq, "created", state.evidence.origin, key, False)
