"""Makes a message of the news that it is to tell: what the entries say, and the end of what was printed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from typing import Any

import msgspec

from eventstore.errors import Archived
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.notifications.message import OUTPUT_END_CHARACTERS_MAX, Message, Notice, message_id
from scheduler.notifications.output_end import Attempt, OutputEnds
from scheduler.notifications.text import one_line
from scheduler.processes.recognition.identity import host_name
from scheduler.rules.notifications.audience import Audience
from scheduler.rules.notifications.news import Bundle, News, Parcel
from scheduler.wording.entries import sentence
from scheduler.wording.quantities import show_count

_OUTPUT_CHARACTERS_MIN = 200
_SUMMARY_CHARACTERS_MAX = 500
_DETAILS = ("trigger", "attempt", "duration_ms", "exit_code", "signal", "reason", "count", "expectation")
"""Members of payloads that a program may want to know."""


class MessageWriter:
    """Writes the messages of a home.

    Args:
        home: the home; ledger_id: its ledger.
        entry_at: gives a committed entry by its number; None if there is none.
        audience: who is told.
        mark: of a home that is a copy, as `home.adopted` has it; else empty.
    """

    def __init__(
        self,
        home: Home,
        ledger_id: str,
        entry_at: Callable[[int], Entry | None],
        audience: Audience,
        mark: str = "",
    ) -> None:
        self._home, self._ledger_id, self._entry_at, self._audience = home, ledger_id, entry_at, audience
        self._mark = mark
        self._outputs = OutputEnds(home)
        self._made: dict[str, Message] = {}
        self._ids: dict[str, tuple[tuple[int, int, int], str]] = {}

    def config_changed(self) -> None:
        """Note that the config may have changed, which says what is secret."""
        self._outputs.config_changed()
        self._made.clear()

    def id_of(self, channel: str, bundle: Bundle) -> str:
        """The id of the message that tells a channel of these news.

        Raises:
            LedgerError: the ledger is damaged, or cannot be read.
        """
        told = bundle.first, bundle.last, bundle.count
        found = self._ids.get(channel)
        if found is None or found[0] != told:
            try:
                last = self._entry_at(bundle.last)
            except Archived:  # nothing of it is sent then, and what became of it is recorded all the same
                last = None
            last_hash = "" if last is None else last.hash
            found = self._ids[channel] = told, message_id(last_hash, channel, *told, home=self._mark)
        return found[1]

    def message(self, channel: str, parcel: Parcel) -> Message:
        """The message; while it is tried again and again it is made once.

        Raises:
            NoSuchNews: what is to be told is not in the ledger.
            LedgerError: the ledger is damaged, or cannot be read.
        """
        found = self._made.get(channel)
        if found is None or found.id != self.id_of(channel, parcel.bundle):
            found = self._made[channel] = self._new_message(channel, parcel.bundle)
        return msgspec.structs.replace(found, repeated=parcel.uncertain)

    def _new_message(self, channel: str, bundle: Bundle) -> Message:
        characters = max(OUTPUT_END_CHARACTERS_MAX // len(bundle.shown), _OUTPUT_CHARACTERS_MIN)
        return Message(
            id=self.id_of(channel, bundle),
            ledger=self._ledger_id,
            host=host_name(),
            home=str(self._home.root),
            channel=channel,
            notices=tuple(self._notice(news, characters) for news in bundle.shown),
            counts=bundle.counts,
            omitted=bundle.count - len(bundle.shown),
        )

    def _notice(self, news: News, characters: int) -> Notice:
        entry = self._entry_at(news.seq)
        if entry is None or entry.job != news.job:
            # What is kept beside the ledger was written by somebody else.
            raise NoSuchNews(news.seq)
        data = _payload(entry)
        zone = self._audience.timezone(news.job)
        details = {name: getattr(data, name, None) for name in _DETAILS}
        if news.failures:
            details["failures"] = news.failures
        return Notice(
            seq=news.seq,
            kind=news.kind,
            time=entry.time,
            summary=_summary(news, entry.type, sentence(entry, zone)),
            job=entry.job,
            run=entry.run,
            scheduled_for=getattr(data, "scheduled_for", None) or getattr(data, "since", None),
            outcome=getattr(data, "outcome", None),
            output_end=self._output_end(entry, data, characters),
            command=self._command(entry),
            details={name: value for name, value in details.items() if isinstance(value, int | str)},
        )

    def _output_end(self, entry: Entry, data: Any, characters: int) -> str:
        if not isinstance(data, v.RunFinished) or entry.run is None or entry.job is None:
            return ""
        written = {"stdout": data.stdout_bytes, "stderr": data.stderr_bytes}
        attempt = Attempt(entry.job, entry.run, data.attempt, data.started, written)
        return self._outputs.end_of(attempt, characters)

    def _command(self, entry: Entry) -> str:
        what = ["runs", "show", str(entry.run)] if entry.run is not None else ["jobs", "why", entry.job or ""]
        return shlex.join(["cronledger", "--home", os.path.abspath(self._home.root), *what])


class NoSuchNews(Exception):
    """The ledger has no such entry `seq`, about this job."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        super().__init__(f"entry {seq} is no such news")


def _summary(news: News, entry_type: str, told: str) -> str:
    told = one_line(told)
    if news.kind == "failure" and news.failures > 1:
        told += f"; {show_count(news.failures, 'failure')} in a row"
    if (
        news.kind == "recovery" and entry_type == v.RunFinished.TYPE
    ):  # that something is late no more says so itself
        after = f" after {show_count(news.failures, 'failure')}" if news.failures else ""
        told = f"recovered{after}: {told}"
    return told if len(told) <= _SUMMARY_CHARACTERS_MAX else f"{told[: _SUMMARY_CHARACTERS_MAX - 1]}…"


def _payload(entry: Entry) -> Any:
    try:
        return v.payload(entry)
    except msgspec.MsgspecError:
        return None
