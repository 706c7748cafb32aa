"""`PostgresqlDatabase`: the `Database` of a replicated store on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Sequence

from eventstore.errors import NoAnswer, OtherLedger
from eventstore.postgresql import statements
from eventstore.postgresql.address import DatabaseAddress
from eventstore.postgresql.hints import Hints
from eventstore.postgresql.opening import Opener
from eventstore.postgresql.refusal import DatabaseUnavailable, Reason
from eventstore.postgresql.schema import VERSION
from eventstore.postgresql.session import Answer, ConnectionLost, Row, ServerError, Session, Statement, Value
from eventstore.postgresql.values import escaped, hexadecimal, present, time_of, unescaped
from eventstore.replicated.database import DatabaseHead, NodeIdentity, NodePulse, Pulse
from eventstore.store import Head

CALL_S = 5.0
"""So long a call takes at most, connecting included."""


class PostgresqlDatabase:
    """One process's way to the database; it connects when something is asked, and anew after each failure.

    Beside the errors of the protocol each call may raise `OtherLedger`: the database holds another one than it did.

    Args:
        address: where it is.
        ledger_id: which ledger it has to hold; None: the one that it holds at the first connection.
        call_s: how long a call may take.
    """

    def __init__(
        self, address: DatabaseAddress, ledger_id: str | None = None, call_s: float = CALL_S
    ) -> None:
        self._address, self._ledger_id, self._call_s = address, ledger_id, call_s
        self._opener = Opener(address)
        self._session: Session | None = None
        self._hints: Hints | None = None
        self._listening = False
        self._sends_hints = True

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger: asked for once."""
        if self._ledger_id is None:
            self._open(time.monotonic() + self._call_s)
        assert self._ledger_id is not None, "a session that opened knows it"
        return self._ledger_id

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._address.shown

    def head(self) -> DatabaseHead:
        """The row of the head."""
        return _head(self._some(self._ask(statements.HEAD).rows)[0])

    def append(self, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """Move the head and insert the lines in one statement; whether it moved."""
        deadline = time.monotonic() + self._call_s
        self._open(deadline)
        statement = statements.APPEND_AND_HINT if self._sends_hints else statements.APPEND
        return self._move(statement, expected, lines, new, deadline)

    def refill(self, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """As `append`, into a database that is halted, and only there: what it had lost comes back."""
        return self._move(statements.REFILL, expected, lines, new)

    def resume(self, head: Head) -> bool:
        """Let a halted database go on, if this is its head; whether it was."""
        return bool(self._change(statements.RESUME, [head.seq, head.hash]))

    def confirm(self) -> None:
        """Commit something, and with it everything before."""
        self._change(statements.CONFIRM)

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """The lines from entry `first` on, up to where one is missing."""
        count = min(count_max, statements.LINES_MAX)
        return statements.lines_of(self._ask(statements.LINES, [first, count]).rows, first)

    def halt(self, why: str) -> None:
        """Set the flag, unless it is set."""
        self._change(statements.HALT, [why])

    def claim(self, identity: NodeIdentity, instead_of: NodeIdentity | None) -> bool:
        """Take the row of a node, or find that it is another's."""
        former = "" if instead_of is None else instead_of.incarnation
        return bool(self._change(statements.CLAIM, [*identity, former]))

    def renew(self, identity: NodeIdentity) -> Pulse | None:
        """Raise the counter of a node."""
        rows = self._some(self._change(statements.RENEW, identity))
        mine = rows[0][0]
        if mine is None:
            return None
        # The statement sees the rows as they were before it.
        own = escaped(identity.node)
        return _pulse([row[1:5] + ((*row[5:8], mine) if row[5] == own else row[5:]) for row in rows])

    def pulse(self) -> Pulse:
        """The clock, the head and all rows."""
        return _pulse(self._some(self._ask(statements.PULSE).rows))

    def keep_config(self, digest: str, text: bytes) -> None:
        """Keep a text under its digest."""
        self._change(statements.KEEP_CONFIG, [digest, hexadecimal(text)])

    def config(self, digest: str) -> bytes | None:
        """The text that was kept."""
        rows = self._ask(statements.CONFIG, [digest]).rows
        return present(rows[0][0]) if rows else None

    def hint_fd(self) -> int | None:
        """A descriptor that stays the same; what it shows begins with the next statement."""
        if not self._sends_hints:
            return None
        if self._hints is None:
            self._hints = Hints()
            if self._session is not None:
                self._hints.watch(self._session.fd)
        return self._hints.fd

    def drain_hints(self) -> None:
        """Take the hints; a connection that broke meanwhile is given up."""
        if self._hints is None:
            return
        self._hints.clear()
        if self._session is not None:
            try:
                self._session.take_notifications()
            except ConnectionLost:
                self._drop()
            else:
                self._session.hints = 0

    def close(self) -> None:
        """Give up connection and descriptors."""
        self._drop()
        if self._hints is not None:
            self._hints.close()
            self._hints = None

    def _move(
        self,
        statement: Statement,
        expected: Head,
        lines: Sequence[bytes],
        new: Head,
        deadline: float | None = None,
    ) -> bool:
        """Move the head, and insert the lines if it moved."""
        joined = b"".join(lines).removesuffix(b"\n")
        values: list[Value] = [new.seq, new.hash, expected.seq, expected.hash, joined]
        return bool(self._change(statement, values, deadline))

    def _change(
        self, statement: Statement, values: Sequence[Value] = (), deadline: float | None = None
    ) -> list[Row]:
        """Execute what changes something.

        Raises:
            NoAnswer: it may have been done, or was done and is not safe.
        """
        answer = self._ask(statement, values, deadline)
        if answer.warnings:
            # A commit whose synchronous wait was cancelled is told as a warning beside its success. Any other warning
            # is no firm answer either.
            self._drop()
            raise NoAnswer(f"{self.address}: {answer.warnings[0]}")
        return answer.rows

    def _ask(
        self, statement: Statement, values: Sequence[Value] = (), deadline: float | None = None
    ) -> Answer:
        """Execute a statement in the present session, or in a new one."""
        if deadline is None:
            deadline = time.monotonic() + self._call_s
        session = self._open(deadline)
        try:
            answer = session.run(statement, values, deadline)
        except ServerError as error:
            if error.sqlstate in _STALE:
                self._drop()
            raise error.problem(self.address) from None
        except ConnectionLost as lost:
            self._drop()
            raise lost.problem(self.address) from None
        except BaseException:
            # Interrupted in the middle of an answer.
            self._drop()
            raise
        if session.hints and self._hints is not None:
            session.hints = 0
            self._hints.mark()
        return answer

    def _open(self, deadline: float) -> Session:
        """The present session, or a new one that is known to reach the right ledger."""
        if self._session is None:
            session = self._opener.open(deadline, self._call_s)
            try:
                self._recognise(session, deadline)
            except ServerError as error:
                session.close()
                raise error.problem(self.address) from None
            except ConnectionLost as lost:
                session.close()
                raise self._unavailable("unreachable", lost.detail) from None
            except BaseException:
                session.close()
                raise
            self._session, self._listening = session, False
            if self._hints is not None:
                self._hints.watch(session.fd)
        if self._hints is not None and self._sends_hints and not self._listening:
            self._listen(self._session, deadline)
        return self._session

    def _recognise(self, session: Session, deadline: float) -> None:
        """Find the right ledger there, in a version that is known, with the rights of a node."""
        rows = session.run(statements.IDENTITY, (), deadline).rows
        if not rows:
            raise self._unavailable("unfinished", "no ledger is in its tables")
        ledger_id, version, rights, hints = (present(value) for value in rows[0])
        found = unescaped(ledger_id)
        if self._ledger_id is not None and self._ledger_id != found:
            raise OtherLedger(self.address, found, self._ledger_id)
        if (number := int(version)) != VERSION:
            reason: Reason = "newer_schema" if number > VERSION else "older_schema"
            raise self._unavailable(reason, f"its tables have version {number}, this software uses {VERSION}")
        if rights != b"t":
            raise self._unavailable("without_rights", f"role {self._address.user or 'of the connection'}")
        # What a server committed and had not yet copied when it was killed can be read after its restart: it must
        # not be believed before it is safe.
        if session.run(statements.CONFIRM, (), deadline).warnings:
            raise self._unavailable("unreachable", "its synchronous standby does not confirm")
        self._ledger_id, self._sends_hints = found, hints == b"t"

    def _listen(self, session: Session, deadline: float) -> None:
        """Ask for hints; a database that has none goes without."""
        try:
            session.execute(statements.LISTEN, deadline, changes=False)
        except ServerError:
            self._sends_hints = False
        except ConnectionLost as lost:
            self._drop()
            raise self._unavailable("unreachable", lost.detail) from None
        self._listening = True

    def _drop(self) -> None:
        """Close the connection; the next call connects anew."""
        if self._hints is not None:
            self._hints.forget()
        if self._session is not None:
            self._session.close()
            self._session = None

    def _some(self, rows: list[Row]) -> list[Row]:
        """The rows of what always gives one where there is a head."""
        if not rows:
            raise self._unavailable("unfinished", "the row of its head is gone")
        return rows

    def _unavailable(self, reason: Reason, detail: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(self.address, reason, detail)


_STALE = frozenset({"25006", "57P03"})
"""A server that has become a replica, or stops: another connection may find the primary."""


def _head(row: Row) -> DatabaseHead:
    """The row of the head."""
    seq, digest, halted = row
    return DatabaseHead(
        Head(int(present(seq)), unescaped(present(digest))),
        None if halted is None else unescaped(halted),
    )


def _pulse(rows: list[Row]) -> Pulse:
    """The clock, the head, and a row a node; nulls where there is no node."""
    nodes = tuple(
        NodePulse(NodeIdentity(*(unescaped(present(each)) for each in row[4:7])), int(present(row[7])))
        for row in rows
        if row[4] is not None
    )
    return Pulse(time_of(present(rows[0][0])), _head(rows[0][1:4]), nodes)
