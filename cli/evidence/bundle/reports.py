"""The audit report that goes into a bundle, for reading: derived from the ledger, not all of which the bundle holds.

It is the same whenever it is made of the same ledger: the present moment is that of the last entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from cli.audit.page import page
from cli.audit.starting_state import state_before
from cli.audit.text import ReportText
from cli.evidence.bundle.scope import Asked
from eventstore.store import EventStore
from projections.audit.report import OnProgress, audit_report
from projections.audit.window import Window
from scheduler.home import Home
from scheduler.rules.state import State
from scheduler.version import versions

_LABEL = (
    "This page is derived from the entries of the whole ledger. It is no evidence by itself: they are.\n\n"
)


def reports(
    home: Home | None, store: EventStore, asked: Asked, on_progress: OnProgress
) -> Iterator[tuple[str, bytes]]:
    """The members of the zip: their names and what they hold.

    Args:
        home: the home of the ledger; None of a copy of one.
        store: the ledger.
        asked: what was asked for.
        on_progress: called now and then.

    Raises:
        Corrupt, UnfitPayload: see `audit_report`.
    """
    state = State() if home is None else state_before(home, store, asked.begin)
    head = store.head().seq
    made = next(store.read(head, head)).time
    window = Window(asked.begin, asked.end)
    report = audit_report(
        store, state, window, made=made, today=versions(), job=asked.job, on_progress=on_progress
    )
    text = "\n".join(ReportText(report, "UTC", colour=False).lines())
    yield "report.txt", (_LABEL + text + "\n").encode("utf-8", "backslashreplace")
    yield "report.html", (page(report, "UTC") + "\n").encode("utf-8", "backslashreplace")
