"""`Session`: one connection to PostgreSQL, on which every statement ends by a deadline.

It goes by libpq's calls that do not wait (`psycopg.pq`), since no wait of libpq's own has an end that one can set.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import OperationalError, pq
from psycopg.pq.abc import PGconn, PGresult

from eventstore.errors import NoAnswer
from eventstore.postgresql.refusal import DatabaseUnavailable, reason_of
from eventstore.postgresql.values import binary, literal

Value = int | str | bytes
"""What is given to a statement: bytes are ASCII where it changes anything."""
Row = tuple[bytes | None, ...]


@dataclass(frozen=True)
class Statement:
    """A statement that is prepared once in a session.

    One that changes anything is sent as one message of the protocol, which arrives whole or not at all, and is
    committed before the server reads on: no client that stops and no network that breaks leaves a lock behind. (The
    extended protocol takes the locks with one message and commits with another.)

    Attributes:
        name: unique among the statements.
        sql: with `$1` for the first parameter; it runs in a transaction of its own.
        types: of the parameters.
        changes: whether it changes anything: then no answer means that it may have been done.
        binary: whether it gives bytes as they are; otherwise text.
    """

    name: str
    sql: str
    types: tuple[int, ...] = ()
    changes: bool = False
    binary: bool = False


@dataclass
class Answer:
    """What a statement gave.

    Attributes:
        rows: as text, or in binary form.
        warnings: what the server warned of meanwhile.
    """

    rows: list[Row]
    warnings: list[str] = field(default_factory=list)


class ServerError(Exception):
    """The server refused a statement: nothing was done.

    Attributes:
        sqlstate: which of its errors it is.
        detail: its own words.
    """

    def __init__(self, sqlstate: str, detail: str) -> None:
        self.sqlstate, self.detail = sqlstate, detail
        super().__init__(f"{detail} ({sqlstate})")

    def problem(self, address: str) -> DatabaseUnavailable:
        """What that is to whoever asked the database at this address."""
        return DatabaseUnavailable(address, reason_of(self.sqlstate), str(self))


class ConnectionLost(Exception):
    """No answer: the connection broke, or the time was over.

    Attributes:
        certain: whether it is certain that the statement was not done.
        detail: what is known of it.
    """

    def __init__(self, detail: str, *, certain: bool) -> None:
        self.certain, self.detail = certain, detail
        super().__init__(detail)

    def problem(self, address: str) -> DatabaseUnavailable | NoAnswer:
        """What that is to whoever asked the database at this address."""
        if self.certain:
            return DatabaseUnavailable(address, "unreachable", self.detail)
        return NoAnswer(f"{address}: {self.detail}")


_AMBIGUOUS = ("08", "40003")
"""SQLSTATEs after which a commit may have happened all the same: the connection, completion unknown."""
_GIVES_UP = frozenset({"FATAL", "PANIC"})
"""A server process that ends may have committed before."""


class Session:
    """A connection that is open. Whoever gets an exception from it closes it, unless it is a `ServerError`."""

    def __init__(self, connection: PGconn) -> None:
        self._connection = connection
        self._prepared: set[str] = set()
        self._warnings: list[str] = []
        self.hints = 0
        """How many notifications of other sessions came; whoever reads it sets it to 0."""
        connection.nonblocking = 1
        connection.notice_handler = self._notice

    @property
    def fd(self) -> int:
        """The descriptor of its socket."""
        return self._connection.socket

    @property
    def server_version(self) -> int:
        """As libpq numbers them: 150004 is 15.4."""
        return self._connection.server_version

    def run(self, statement: Statement, values: Sequence[Value], deadline: float) -> Answer:
        """Execute a statement.

        Args:
            statement: which one.
            values: of its parameters.
            deadline: by `time.monotonic()`.

        Raises:
            ServerError: the server refused, and nothing was done; the session may be used on.
            ConnectionLost: no answer.
        """
        self._warnings.clear()
        name = statement.name.encode()
        if statement.name not in self._prepared:
            self._send(lambda: self._connection.send_prepare(name, statement.sql.encode(), statement.types))
            self._finish(deadline, changes=False)
            self._prepared.add(statement.name)
        if statement.binary:
            given = [binary(value) for value in values]
            self._send(
                lambda: self._connection.send_query_prepared(
                    name, given, [pq.Format.BINARY] * len(given), result_format=pq.Format.BINARY
                )
            )
        else:
            given = [literal(value) for value in values]
            arguments = b"(%b)" % b", ".join(given) if given else b""
            self._send(lambda: self._connection.send_query(b'EXECUTE "%b"%b' % (name, arguments)))
        rows = self._finish(deadline, changes=statement.changes)
        return Answer(rows, list(self._warnings))

    def execute(self, sql: str, deadline: float, *, changes: bool = True) -> Answer:
        """Execute statements without parameters, several too; their last rows, as text."""
        self._warnings.clear()
        self._send(lambda: self._connection.send_query(sql.encode()))
        return Answer(self._finish(deadline, changes=changes), list(self._warnings))

    def take_notifications(self) -> None:
        """Read what came without having been asked for.

        Raises:
            ConnectionLost: the connection is gone.
        """
        try:
            self._connection.consume_input()
        except OperationalError as error:
            raise ConnectionLost(_first_line(str(error)), certain=True) from None
        self._count_notifications()

    def close(self) -> None:
        """Close the connection; again changes nothing."""
        self._connection.notice_handler = None
        self._connection.finish()

    def _send(self, send: Callable[[], None]) -> None:
        """Begin to send; if that fails at once, nothing is under way."""
        try:
            send()
        except OperationalError as error:
            raise ConnectionLost(_first_line(str(error)), certain=True) from None

    def _finish(self, deadline: float, *, changes: bool) -> list[Row]:
        """Send the rest, and wait for all of the answer."""
        sent = False
        try:
            while self._connection.flush():
                self._wait(select.POLLIN | select.POLLOUT, deadline)
                self._connection.consume_input()
            # Before this, the server cannot have all that it needs to commit.
            sent = True
            results = self._results(deadline)
        except OperationalError as error:
            raise ConnectionLost(_first_line(str(error)), certain=not (sent and changes)) from None
        except TimeoutError as error:
            raise ConnectionLost(str(error), certain=not (sent and changes)) from None
        self._count_notifications()
        return self._rows(results, changes=changes)

    def _results(self, deadline: float) -> list[PGresult]:
        """All results of what was sent, up to the word that the server is ready for more."""
        results: list[PGresult] = []
        while True:
            while self._connection.is_busy():
                self._wait(select.POLLIN, deadline)
                self._connection.consume_input()
            result = self._connection.get_result()
            if result is None:
                return results
            results.append(result)

    def _rows(self, results: list[PGresult], *, changes: bool) -> list[Row]:
        """The rows of the last result; or the error, if there is one among them."""
        for result in results:
            if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
                self._raise(result, changes=changes)
        if not results:
            raise ConnectionLost("the server said nothing", certain=not changes)
        last = results[-1]
        return [
            tuple(last.get_value(row, column) for column in range(last.nfields))
            for row in range(last.ntuples)
        ]

    def _raise(self, result: PGresult, *, changes: bool) -> None:
        """Raise what an error result says."""
        sqlstate = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode("ascii", "replace")
        severity = (result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) or b"").decode(
            "ascii", "replace"
        )
        said = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY)
        words = _first_line((said or result.error_message).decode("utf-8", "replace"))
        lost = self._connection.status != pq.ConnStatus.OK
        if not sqlstate or lost or severity in _GIVES_UP or sqlstate.startswith(_AMBIGUOUS):
            raise ConnectionLost(words, certain=not changes)
        raise ServerError(sqlstate, words)

    def _notice(self, result: PGresult) -> None:
        """Keep what the server warns of."""
        severity = result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED)
        if severity == b"WARNING":
            said = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b""
            self._warnings.append(said.decode("utf-8", "replace"))

    def _count_notifications(self) -> None:
        """Take the notifications that libpq has read; this session's own are none."""
        while (notification := self._connection.notifies()) is not None:
            self.hints += notification.be_pid != self._connection.backend_pid

    def _wait(self, events: int, deadline: float) -> None:
        """Wait for the socket.

        Raises:
            TimeoutError: the deadline has come.
        """
        poll = select.poll()
        poll.register(self._connection.socket, events)
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise TimeoutError("no answer in time")


def _first_line(words: str) -> str:
    """libpq ends its messages with a line feed, and often says more behind it."""
    return words.strip().splitlines()[0] if words.strip() else "the connection is gone"
