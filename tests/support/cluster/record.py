"""The entries of a database, as its owner reads them while nodes append: each is fetched once."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psycopg

from tests.support.command import DEADLINE_S
from tests.support.postgresql import Server

_LOOK_S = 0.05
Entry = dict[str, Any]


class Record:
    """What was seen of a ledger so far.

    Attributes:
        lines: as the database had them when they were fetched.
        entries: the same.
    """

    def __init__(self, server: Server, database: str) -> None:
        self._server, self._database = server, database
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self.lines: list[bytes] = []
        self.entries: list[Entry] = []

    def turn_to(self, server: Server) -> None:
        """Ask another server from now on."""
        self.close()
        self._server = server

    def look(self) -> list[Entry]:
        """Fetch what is new, if the database is there; the entries that were fetched."""
        asked = f"SELECT line FROM cronledger.entries WHERE seq >= {len(self.lines)} ORDER BY seq"
        try:
            if self._connection is None:
                self._connection = self._server.connect(self._database)
            rows = self._connection.execute(asked.encode()).fetchall()
        except psycopg.OperationalError:
            self.close()
            return []
        lines = [bytes(line) for (line,) in rows]  # type: ignore[call-overload]
        new: list[Entry] = [json.loads(line) for line in lines]
        self.lines += lines
        self.entries += new
        return new

    def follow(self, first: int) -> Iterator[Entry]:
        """The entries from one on, as they come.

        Raises:
            TimeoutError: none came that was waited for.
        """
        give_up_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < give_up_s:
            for entry in self.entries[first:]:
                first = entry["seq"] + 1
                yield entry
            if not self.look():
                time.sleep(_LOOK_S)
        raise TimeoutError("what was waited for did not come")

    def wait_for(
        self, kind: str, first: int, condition: Callable[[Entry], bool] = lambda entry: True
    ) -> Entry:
        """The first entry of a type, from an entry on, that meets a condition."""
        return next(entry for entry in self.follow(first) if entry["type"] == kind and condition(entry))

    def of_types(self, *kinds: str) -> list[Entry]:
        """The entries of some types."""
        self.look()
        return [entry for entry in self.entries if entry["type"] in kinds]

    def leader(self) -> str | None:
        """Who leads: who was elected last and has neither left nor come back anew since."""
        leads: str | None = None
        pid: int | None = None
        for entry in self.of_types("leader.elected", "node.joined", "node.left", "node.lost"):
            if entry["type"] == "leader.elected":
                leads, pid = entry["data"]["node"], entry["data"]["pid"]
            elif entry["data"]["node"] == leads and entry["data"].get("pid") != pid:
                leads = None
        return leads

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.OperationalError):
                self._connection.close()
        self._connection = None


def time_of(entry: Entry) -> float:
    """When an entry was written, in seconds since the epoch."""
    return datetime.fromisoformat(entry["time"]).timestamp()
