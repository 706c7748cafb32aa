"""`DatabaseOwner`: what the role that owns the tables does: make, upgrade and fill them."""

# ruff: noqa: S608 - the SQL is put together from constants
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from eventstore.errors import NoAnswer
from eventstore.postgresql import schema, statements
from eventstore.postgresql.address import DatabaseAddress
from eventstore.postgresql.genesis import Genesis, creation_script
from eventstore.postgresql.opening import Opener
from eventstore.postgresql.session import Answer, ConnectionLost, ServerError, Session, Statement, Value
from eventstore.postgresql.statements import LINE, LINE_FEED
from eventstore.postgresql.values import INT8, TEXT, present
from eventstore.store import Head

CALL_S = 30.0
"""So long a call takes at most: people wait for it, no scheduler."""

_EXISTS = Statement("exists", "SELECT 1::bigint FROM pg_catalog.pg_namespace WHERE nspname = 'cronledger'")
_FOUND = Statement("found", "SELECT ledger_id, schema_version FROM cronledger.head")
_ROLE = Statement("role", "SELECT 1::bigint FROM pg_catalog.pg_roles WHERE rolname = $1", (TEXT,))
_FLUSHES = Statement(
    "flushes",
    "SELECT 1::bigint WHERE pg_catalog.current_setting('fsync', true) IS DISTINCT FROM 'off' "
    "AND pg_catalog.current_setting('full_page_writes', true) IS DISTINCT FROM 'off'",
)
_COPY = Statement(
    "copy",
    f"""
    INSERT INTO cronledger.entries (seq, line)
    SELECT $1 + given.ordinal - 1, {LINE}
      FROM unnest(pg_catalog.string_to_array($2, {LINE_FEED})) WITH ORDINALITY AS given (line, ordinal)
     WHERE NOT EXISTS (SELECT FROM cronledger.head)
    ON CONFLICT (seq) DO NOTHING
    """,
    (INT8, TEXT),
    changes=True,
)

_COPIED = Statement("copied", "SELECT COALESCE(max(seq) + 1, 0) FROM cronledger.entries")
"""Each copy is a statement of its own, and they go in order, so there are no gaps."""


class FoundLedger(NamedTuple):
    """A ledger that is in the database: its identity, and the version of its tables."""

    ledger_id: str
    version: int


class DatabaseOwner:
    """A connection of the role that owns the tables, or is to own them.

    Every method raises `Unavailable` if nothing was done, and `NoAnswer` where that is not certain; each may be
    called again then.
    """

    def __init__(self, address: DatabaseAddress, call_s: float = CALL_S) -> None:
        self._address, self._call_s = address, call_s
        self._opener = Opener(address)
        self._session: Session | None = None

    def found(self) -> FoundLedger | None:
        """The ledger that is there; None if there is none, or one that was never finished (`is_prepared`)."""
        if not self.is_prepared():
            return None
        rows = self._run(_FOUND).rows
        if not rows:
            return None
        ledger_id, version = rows[0]
        return FoundLedger(present(ledger_id).decode("ascii"), int(present(version)))

    def flushes(self) -> bool:
        """Whether the server writes to disk what it acknowledges: `fsync`, and pages as a whole."""
        return bool(self._run(_FLUSHES).rows)

    def is_prepared(self) -> bool:
        """Whether the tables are there."""
        return bool(self._run(_EXISTS).rows)

    def has_role(self, name: str) -> bool:
        """Whether there is such a role."""
        return bool(self._run(_ROLE, [name]).rows)

    def create_role(self, name: str) -> None:
        """Make a role for nodes, without a password."""
        self._execute(schema.role(name))

    def create(self, genesis: Genesis, writer: str) -> None:
        """Make the tables and a ledger that holds its entry 0, in one transaction."""
        self._execute(creation_script(genesis, writer))

    def upgrade(self, version: int) -> None:
        """Make tables of the present version out of those of an older one, in one transaction."""
        self._execute(schema.upgrade(version))

    def grant(self, writer: str) -> None:
        """Let a role do what a node does."""
        self._execute(schema.grants(writer))

    def prepare(self, writer: str) -> None:
        """Make the tables for a ledger that is to be copied; until `finish` there is no ledger in them."""
        self._execute(schema.creation(writer))

    def copy(self, first: int, lines: Sequence[bytes]) -> None:
        """Copy lines, LF included, from entry `first` on: what is there already stays as it is; durable on return."""
        self._run(_COPY, [first, b"".join(lines).removesuffix(b"\n")])

    def copied(self) -> int:
        """How many lines were copied, from entry 0 on."""
        return int(present(self._run(_COPIED).rows[0][0]))

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """The lines that were copied from entry `first` on, up to where one is missing."""
        count = min(count_max, statements.LINES_MAX)
        return statements.lines_of(self._run(statements.LINES, [first, count]).rows, first)

    def finish(self, ledger_id: str, head: Head) -> None:
        """Make a ledger of the lines that were copied."""
        self._execute(schema.beginning(ledger_id, head.seq, head.hash))

    def close(self) -> None:
        """Give up the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _run(self, statement: Statement, values: Sequence[Value] = ()) -> Answer:
        """Execute one statement."""
        deadline = time.monotonic() + self._call_s
        return self._firm(lambda session: session.run(statement, values, deadline), deadline)

    def _execute(self, sql: str) -> None:
        """Execute several statements in one transaction."""
        deadline = time.monotonic() + self._call_s
        self._firm(lambda session: session.execute(sql, deadline), deadline)

    def _firm(self, ask: Callable[[Session], Answer], deadline: float) -> Answer:
        """Ask in the present session, or in a new one."""
        if self._session is None:
            self._session = self._opener.open(deadline, self._call_s)
        try:
            answer = ask(self._session)
        except ServerError as error:
            raise error.problem(self._address.shown) from None
        except ConnectionLost as lost:
            self.close()
            raise lost.problem(self._address.shown) from None
        except BaseException:
            self.close()
            raise
        if answer.warnings:
            raise NoAnswer(f"{self._address.shown}: {answer.warnings[0]}")
        return answer
