"""The entries of the ledger, the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.arguments import number_argument, query_text, time_argument
from cli.ledger.entry_types import ENTRY_TYPE
from cli.words.entry_lines import sentence
from cli.words.words import symbol_character
from eventstore.store import Entry, EventStore
from scheduler.ledger.first_since import first_since
from scheduler.wording.entries import is_quiet, signs_of

_SHOWN: Final = 50
_LOOKED_AT_MAX: Final = 5_000
"""So many entries are looked at for one page; the next one goes on from there."""


class EntryFilter(NamedTuple):
    """Which entries are wanted; what is empty or None does not restrict.

    Attributes:
        kind: their type, or a pattern such as `run.*`.
        job, run, actor: of these.
    """

    kind: str = ""
    job: str = ""
    run: int | None = None
    actor: str = ""

    def admits(self, entry: Entry) -> bool:
        """Whether an entry is wanted."""
        return (
            (not self.kind or fnmatchcase(entry.type, self.kind))
            and (not self.job or entry.job == self.job)
            and (self.run is None or entry.run == self.run)
            and (not self.actor or self.actor in entry.actor)
        )

    def query(self, **more: int) -> str:
        """The same as an address has it."""
        given = {"type": self.kind, "job": self.job, "run": self.run, "actor": self.actor}
        return query_text({**given, **more})


class EntryRow(NamedTuple):
    """An entry as a row shows it: with the symbol and the tone of its type, and what it says."""

    entry: Entry
    symbol: str
    tone: str
    sentence: str

    @classmethod
    def of(cls, entry: Entry, zone: str) -> EntryRow:
        """The row of an entry; its times are shown in a zone."""
        signs = signs_of(entry)
        tone = "dim" if is_quiet(entry) else signs.tone
        return cls(entry, symbol_character(signs.symbol, unicode=True), tone, sentence(entry, zone))


def show_entries(asked: Asked) -> Response:
    """A page of entries."""
    from scheduler.vocabulary import PAYLOADS

    kind = asked.argument("type").strip()
    if kind:
        ENTRY_TYPE.convert(kind, None, None)
    wanted = EntryFilter(
        kind, asked.argument("job"), number_argument(asked, "run"), asked.argument("actor").strip()
    )
    before = number_argument(asked, "before")
    until = time_argument(asked, "until", end=True)
    with asked.look() as view:
        store = None if view.ledger is None else view.ledger.store
        if store is not None and until is not None and before is None:
            before = first_since(store, until)
        rows, looked_to = ([], 0) if store is None else _rows(store, wanted, before, asked.zone)
        return asked.page(
            "ledger/entries.html", view=view, rows=rows, wanted=wanted, looked_to=looked_to,
            types=list(PAYLOADS), first_page=before is None, until=asked.argument("until"),
        )  # fmt: skip


def _rows(
    store: EventStore, wanted: EntryFilter, before: int | None, zone: str
) -> tuple[list[EntryRow], int]:
    """The wanted entries before one, and the oldest one that was looked at."""
    rows: list[EntryRow] = []
    looked_to = store.head().seq + 1 if before is None else min(before, store.head().seq + 1)
    for entry in _bounded(store.read_backwards(looked_to)):
        looked_to = entry.seq
        if wanted.admits(entry):
            rows.append(EntryRow.of(entry, zone))
            if len(rows) == _SHOWN:
                break
    return rows, looked_to


def _bounded(entries: Iterator[Entry]) -> Iterator[Entry]:
    for seen, entry in enumerate(entries):
        if seen >= _LOOKED_AT_MAX:
            return
        yield entry
