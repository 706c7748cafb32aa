"""A real SMTP server of this test's own, with TLS and a log-in: what it takes is chosen by the test, and is kept."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Letter(NamedTuple):
    """What came in: who sent it to whom, the bytes, whether by TLS, and who had logged in."""

    sender: str
    to: list[str]
    raw: bytes
    is_tls: bool
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        """As a mail program reads it."""
        return message_from_bytes(self.raw, policy=policy.default)


class SmtpServer:
    """The server, listening while the context lasts.

    Args:
        tls: what it shows of itself; with it there is STARTTLS.
        implicit: TLS from the first byte.
        password: with it somebody has to log in as `ops`.

    Attributes:
        port: where it listens, on 127.0.0.1.
        letters: what it took, in order.
        refusals: what it answers to commands, or to recipients, in place of taking them: `DATA`, or an address.
    """

    def __init__(
        self, tls: ssl.SSLContext | None = None, *, implicit: bool = False, password: str | None = None
    ) -> None:
        self._tls, self._implicit, self._password = tls, implicit, password
        self.letters: list[Letter] = []
        self.refusals: dict[str, str] = {}
        self._protocols: list[SMTP] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def _protocol(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a test wants, a log-in without TLS
            self._protocols.append(self._smtp())
        return self._protocols[-1]

    def _smtp(self) -> SMTP:
        return SMTP(
            self,
            hostname="test.example",
            tls_context=None if self._implicit else self._tls,
            require_starttls=self._tls is not None and not self._implicit,
            auth_required=self._password is not None,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = self._password is not None and data == LoginPassword(b"ops", self._password.encode())
        return AuthResult(success=known, auth_data=data if known else None, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Takes a recipient, or not."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Takes a mail, or not."""
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        login: bytes | None = getattr(session.auth_data, "login", None)
        assert isinstance(envelope.content, bytes)
        letter = Letter(
            envelope.mail_from or "",
            [str(each) for each in envelope.rcpt_tos],
            envelope.content,
            session.ssl is not None or self._implicit,
            None if login is None else login.decode(),
        )
        self.letters.append(letter)
        return "250 OK"

    def __enter__(self) -> Self:
        self._thread.start()
        tls = self._tls if self._implicit else None
        made = self._loop.create_server(self._protocol, sock=self._listener, ssl=tls)
        self._server = asyncio.run_coroutine_threadsafe(made, self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        """End the conversations that go on, too."""
        self._server.close()
        for protocol in self._protocols:
            if isinstance(protocol.transport, asyncio.WriteTransport):
                # Of a conversation by TLS that has just ended, the first 3.11 has let go of what would end it.
                with contextlib.suppress(AttributeError):
                    protocol.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
