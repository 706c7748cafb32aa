"""How a connection begins: an address after the other, by a deadline; only a primary; settings of its own."""

from __future__ import annotations

import select
import time
from typing import NoReturn

from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGconn

from eventstore.postgresql.address import DatabaseAddress, Host
from eventstore.postgresql.refusal import DatabaseUnavailable, Reason
from eventstore.postgresql.resolver import Resolver
from eventstore.postgresql.session import ConnectionLost, ServerError, Session, Statement
from eventstore.postgresql.values import TEXT

ATTEMPT_S = 2.0
"""So long one address may take, where others are left to try."""
SERVER_SHARE = 0.8
"""Of the time for a statement, after which the server gives it up itself: then nothing was done for certain."""
OLDEST = 140_000
"""The oldest server that is supported, as libpq numbers them."""
DEFAULTS = {
    "application_name": "cronledger",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""How to connect, unless the address says so. A connection that only listens notices a dead network by these."""

_WORDS: tuple[tuple[str, Reason], ...] = (
    ("password authentication failed", "wrong_password"),
    ("authentication failed", "wrong_password"),
    ("no password supplied", "wrong_password"),
    ("no pg_hba.conf entry", "not_allowed"),
    ("rejects connection", "not_allowed"),
    ("is not permitted to log in", "not_allowed"),
    ("permission denied for database", "not_allowed"),
    ("the database system is", "starting"),
    ("too many clients", "starting"),
    ("too many connections", "starting"),
    ("remaining connection slots", "starting"),
    ("certificate", "refused"),
    ("SSL", "refused"),
)
"""What the words of a failed connection say. A server that speaks another language is `refused`, in its words."""


def _where_known(setting: str, value: str) -> str:
    """Make a setting that not every database of the kind has."""
    return (
        f"CASE WHEN pg_catalog.current_setting('{setting}', true) IS NOT NULL "
        f"THEN pg_catalog.set_config('{setting}', {value}, false) END"
    )


_SETTINGS = Statement(
    "settings",
    f"""
    SELECT pg_catalog.pg_is_in_recovery()::text,
           pg_catalog.current_setting('transaction_read_only'),
           pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')
               WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
           pg_catalog.set_config('standard_conforming_strings', 'on', false),
           pg_catalog.set_config('TimeZone', 'UTC', false),
           pg_catalog.set_config('default_transaction_isolation', 'read committed', false),
           pg_catalog.set_config('statement_timeout', $1, false),
           {_where_known("lock_timeout", "$2")},
           {_where_known("client_connection_check_interval", "'1000'")},
           {_where_known("jit", "'off'")}
    """,
    (TEXT, TEXT),
    binary=True,
)
"""What holds for the session, whatever database, role or server set; some settings only where they are known.

A statement whose client is gone ends by itself, so that it holds no row for long. Compiling a statement (`jit`) takes
twenty times as long as any of these takes to run.
"""


class Opener:
    """Opens sessions to one database; it begins with the address that answered last."""

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self._resolver = Resolver()
        self._last: tuple[Host, str] | None = None

    def open(self, deadline: float, statement_s: float) -> Session:
        """Open a session to the primary.

        Args:
            deadline: by `time.monotonic()`.
            statement_s: how long a statement may take in this session.

        Raises:
            DatabaseUnavailable: nobody answers, or who answers refuses or is no primary.
        """
        first: DatabaseUnavailable | None = None
        places = self._places(deadline)
        for at, (host, address) in enumerate(places):
            left = len(places) - at - 1
            until = _share(deadline, left)
            try:
                session = self._connect(host, address, until)
                try:
                    self._settle(session, statement_s, until)
                except BaseException:
                    session.close()
                    raise
            except DatabaseUnavailable as refusal:
                first = _weightier(first, refusal)
            else:
                self._last = None if host is None else (host, address)
                return session
        assert first is not None, "there is at least one place, or _places raises"
        raise first

    def _places(self, deadline: float) -> list[tuple[Host | None, str]]:
        """The hosts with their addresses, that which answered last first; one of neither where libpq chooses."""
        if not self.address.hosts:
            return [(None, "")]
        places: list[tuple[Host | None, str]] = []
        problem: DatabaseUnavailable | None = None
        is_given = "hostaddr" in dict(self.address.parameters)
        for host in self.address.hosts:
            if host.is_folder or is_given:
                places.append((host, ""))
                continue
            try:
                wait_s = _share(deadline, len(self.address.hosts)) - time.monotonic()
                places += [(host, address) for address in self._resolver.addresses(host.name, wait_s)]
            except TimeoutError as error:
                problem = self._refusal("unreachable", str(error))
            except OSError as error:
                problem = self._refusal("unknown_host", f"{host.name}: {error.strerror or error}")
        if not places and problem is not None:
            raise problem
        if self._last in places:
            places.insert(0, places.pop(places.index(self._last)))
        return places

    def _connect(self, host: Host | None, address: str, deadline: float) -> Session:
        """Connect and sign in."""
        parameters = DEFAULTS | dict(self.address.parameters)
        parameters |= {"dbname": self.address.database, "client_encoding": "UTF8"}
        if self.address.user is not None:
            parameters["user"] = self.address.user
        if host is not None:
            parameters["host"] = host.name
            parameters |= {"hostaddr": address} if address else {}
            parameters |= {"port": host.port} if host.port else {}
        connection = pq.PGconn.connect_start(make_conninfo("", **parameters).encode())
        try:
            self._poll(connection, deadline)
        except BaseException:
            connection.finish()
            raise
        return Session(connection)

    def _poll(self, connection: PGconn, deadline: float) -> None:
        """Let libpq connect without waiting by itself."""
        if connection.status == pq.ConnStatus.BAD:
            self._refuse(connection)
        waits = {pq.PollingStatus.READING: select.POLLIN, pq.PollingStatus.WRITING: select.POLLOUT}
        while True:
            status = pq.PollingStatus(connection.connect_poll())
            if status == pq.PollingStatus.OK:
                return
            if status not in waits:
                self._refuse(connection)
            poll = select.poll()
            poll.register(connection.socket, waits[status])
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not poll.poll(left_s * 1000):
                raise self._refusal("unreachable", "no answer in time")

    def _settle(self, session: Session, statement_s: float, deadline: float) -> None:
        """Make the session's settings; refuse a server that is no primary."""
        if session.server_version < OLDEST:
            raise self._refusal("too_old", f"PostgreSQL {session.server_version // 10_000}")
        statement_ms = str(round(statement_s * 1000 * SERVER_SHARE))
        try:
            (row,) = session.run(_SETTINGS, [statement_ms, statement_ms], deadline).rows
        except ServerError as error:
            raise error.problem(self.address.shown) from None
        except ConnectionLost as lost:
            raise self._refusal("unreachable", lost.detail) from None
        replica, read_only, flushes = row[:3]
        if replica == b"true":
            raise self._refusal("replica", "it is a replica")
        if read_only == b"on":
            raise self._refusal("read_only", "its transactions are read-only")
        if flushes not in (b"on", b"remote_apply"):
            raise self._refusal("refused", "synchronous_commit cannot be switched on")

    def _refuse(self, connection: PGconn) -> NoReturn:
        """Say why libpq could not connect: it tells no SQLSTATE of that, but the server's words hold one of few."""
        lines = connection.get_error_message("utf-8").strip().splitlines() or ["no connection"]
        reason, line = _reason_of_words(lines)
        if connection.needs_password:
            reason = "wrong_password"
        raise self._refusal(reason, line.partition("failed: ")[2].removeprefix("FATAL:").strip() or line)

    def _refusal(self, reason: Reason, detail: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(self.address.shown, reason, detail)


def _share(deadline: float, others: int) -> float:
    """Until when to try one thing, where others are to be tried after it."""
    if not others:
        return deadline
    now = time.monotonic()
    return now + min(ATTEMPT_S, max(0.0, deadline - now) / (others + 1))


def _weightier(one: DatabaseUnavailable | None, other: DatabaseUnavailable) -> DatabaseUnavailable:
    """Of two hosts' refusals the one to tell: whoever answered has more to say than whoever did not."""
    silent = {"unreachable", "unknown_host", "starting", "replica"}
    return other if one is None or (one.reason in silent and other.reason not in silent) else one


def _reason_of_words(lines: list[str]) -> tuple[Reason, str]:
    """What kind of refusal it is, and the line that says so: with and without encryption, each try has its own."""
    for part, reason in _WORDS:
        for line in lines:
            if part in line:
                return reason, line
    for line in lines:
        if "FATAL" in line:
            gone = 'database "' in line and "does not exist" in line
            return "no_database" if gone else "refused", line
    return "unreachable", lines[0]
