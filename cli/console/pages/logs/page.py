"""Log entries, the newest first, a page at a time: what jobs printed and the scheduler noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

import msgspec
from starlette.responses import Response

from cli.app.failures import Failure
from cli.console.asked import Asked
from cli.console.pages.arguments import choice_argument, number_argument, query_text, time_argument
from cli.home.job_names import check_past
from cli.logs.up_to_date import collected_to
from cli.logs.words import TONES
from scheduler.logs import LEVELS, STREAMS, LogEntry, LogFilter, Pattern, entries_folder
from scheduler.logs.query.newest_page import LogPage, PageKey, newest_page

SHOWN: Final = 100
_READ_S: Final = 1.5
_WAIT_S: Final = 0.2
_COLLECT_S: Final = 1.0
_MESSAGE_CHARS_MAX: Final = 2_000
_SOON: Final = timedelta(minutes=1)
"""Entries with a time further in the future than this were made while the clock was ahead."""
_SAME_MAX: Final = 100_000
_GIVEN: Final = ("level", "job", "run", "stream", "text", "since", "until")


class LogRow(NamedTuple):
    """An entry as a row shows it.

    Attributes:
        entry: the entry.
        tone: of its level.
        message, fields: what it says, cut to a bounded length.
        proof: the entry of the ledger that says the same; None of what a job printed.
    """

    entry: LogEntry
    tone: str
    message: str
    fields: str
    proof: int | None

    @classmethod
    def of(cls, entry: LogEntry) -> LogRow:
        """The row of an entry."""
        seq = _seq_of(entry)
        fields = "" if not entry.fields or seq is not None else msgspec.json.encode(entry.fields).decode()
        return cls(entry, TONES[entry.level], _cut(entry.message), _cut(fields), seq)


def show_logs(asked: Asked) -> Response:
    """A page of log entries."""
    wanted, before = _wanted(asked), _key(asked)
    with asked.look() as view:
        store = None if view.ledger is None else view.ledger.store
        ledger_id = None if store is None else store.ledger_id
        head, as_of, now = view.state.head.seq, view.as_of, view.now
    remarks = []
    if ledger_id is not None:
        remarks.append(collected_to(asked.site.home, head, ledger_id, wait_s=_WAIT_S, collect_s=_COLLECT_S))
    if as_of is not None:
        end = now + timedelta(microseconds=1)
        wanted = wanted._replace(until=end if wanted.until is None else min(end, wanted.until))
    elif wanted.until is None and (wanted.since is None or wanted.since < now):
        wanted = wanted._replace(until=now + _SOON)

    def was_there(entry: LogEntry) -> bool:
        """Whether it was there as of the moment, by the entries of the ledger.

        Its time does not tell: a clock that was set back may have given it an earlier one, and what a run prints at
        once has the time of its start, which may be that of its request. It came after the entry that made the run.
        """
        if as_of is None:
            return True
        seq = _seq_of(entry)
        return seq <= as_of if seq is not None else entry.run is None or entry.run < as_of

    page = LogPage([], None, None)
    if ledger_id is not None:
        folder = entries_folder(asked.site.home)
        page = newest_page(
            folder, wanted, SHOWN, before, limit_s=_READ_S, admits=was_there, times=asked.site.log_times
        )
    if not page.entries and wanted.job is not None:
        with asked.look() as view:
            try:
                check_past(view.state, wanted.job)
            except Failure as unknown:
                remarks.append(f"{unknown.message}. {unknown.hint}")
    return asked.page(
        "logs/logs.html", rows=[LogRow.of(entry) for entry in page.entries], now=now, head=head,
        levels=LEVELS, streams=STREAMS, given=asked.argument, remarks=[each for each in remarks if each],
        cut_at=page.cut_at, older=None if page.older is None else _older(asked, page.older),
        newest=None if before is None else _query(asked),
    )  # fmt: skip


def _wanted(asked: Asked) -> LogFilter:
    text = asked.argument("text").strip()
    return LogFilter(
        level=choice_argument(asked, "level", LEVELS) or ("debug" if text else "info"),
        since=time_argument(asked, "since"),
        until=time_argument(asked, "until", end=True),
        job=asked.argument("job").strip() or None,
        run=number_argument(asked, "run"),
        stream=choice_argument(asked, "stream", STREAMS),
        pattern=Pattern(text) if text else None,
    )


def _key(asked: Asked) -> PageKey | None:
    time = time_argument(asked, "before")
    if time is None:
        return None
    return PageKey(time, min(number_argument(asked, "shown") or 0, _SAME_MAX))


def _older(asked: Asked, key: PageKey) -> str:
    return _query(asked, before=key.time.isoformat(), shown=str(key.shown))


def _query(asked: Asked, **more: str) -> str:
    given = {name: asked.argument(name) for name in _GIVEN}
    return query_text({**given, **more})


def _seq_of(entry: LogEntry) -> int | None:
    """The entry of the ledger that the scheduler noted by it."""
    seq = (entry.fields or {}).get("seq") if entry.stream == "scheduler" else None
    return seq if isinstance(seq, int) else None


def _cut(text: str) -> str:
    return (
        text
        if len(text) <= _MESSAGE_CHARS_MAX
        else f"{text[:_MESSAGE_CHARS_MAX]} … ({len(text):,} characters)"
    )
