"""A channel that sends plain text by e-mail, through an SMTP server."""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from scheduler.home import Home
from scheduler.notifications.channels import tls
from scheduler.notifications.channels.deadline import Deadline
from scheduler.notifications.channels.smtp_client import Client, TooMuchSaid
from scheduler.notifications.channels.source import Source
from scheduler.notifications.channels.subject import subject_of
from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel
from scheduler.notifications.text import one_line, text
from scheduler.notifications.transport import REFUSED_S, NotDelivered
from scheduler.processes.recognition.identity import host_name

_SAID_CHARS_MAX: Final = 200
_SEVEN_BIT: Final = policy.SMTP.clone(cte_type="7bit")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class Email:
    """Gives each message to the server; it has arrived when the server has taken it."""

    def __init__(self, channel: Channel, home: Home, environ: Mapping[str, str]) -> None:
        self._channel, self._source = channel, Source(home, environ)

    def send(self, message: Message) -> None:
        """Deliver a message; see `Transport`."""
        server = self._channel.smtp
        password = None if server.password is None else self._source.value(server.password, "its password")
        host = greeting_name()
        sender = server.sender or f"cronledger@{host}"
        raw = mail(message, self._channel, sender).as_bytes(policy=_SEVEN_BIT)
        with Deadline(self._channel.timeout_ms / 1_000) as deadline:
            letter = _Letter(self._channel, deadline, sender, password)
            try:
                letter.deliver(raw, host)
            except (OSError, smtplib.SMTPException, TooMuchSaid, ValueError) as problem:
                refuses = isinstance(problem, smtplib.SMTPAuthenticationError)
                raise NotDelivered(
                    letter.reason(problem), uncertain=letter.is_given, wait_s=REFUSED_S if refuses else 0.0
                ) from None


class _Letter:
    """One delivery of one mail.

    Attributes:
        is_given: the whole of it was sent, so that the server may have taken it.
    """

    def __init__(self, channel: Channel, deadline: Deadline, sender: str, password: str | None) -> None:
        self._channel, self._deadline, self._sender, self._password = channel, deadline, sender, password
        self.is_given = False

    def deliver(self, raw: bytes, own_name: str) -> None:
        """Have the conversation with the server.

        Raises:
            NotDelivered: the server refuses it.
            OSError, smtplib.SMTPException, TooMuchSaid, ValueError: the conversation failed.
        """
        client = Client(self._channel.smtp, self._deadline, own_name)
        try:
            self._begin(client)
            refused = self._name_recipients(client)
            self.is_given = True
            code, said = _given(client, raw)
            self.is_given = False
            if code != 250:
                raise NotDelivered(
                    f"the server does not take it: {self._told(code, said)}",
                    permanent=code >= 500,
                    wait_s=REFUSED_S,
                )
            if refused:
                raise NotDelivered(
                    f"the server took it for some and refused it for {self._listed(refused)}", permanent=True
                )
            with contextlib.suppress(OSError, smtplib.SMTPException, TooMuchSaid):
                client.quit()  # it has the mail, whatever comes of this
        finally:
            client.close()

    def _begin(self, client: Client) -> None:
        """Greet, and log in where the config says so; nothing goes on without the TLS that it wants."""
        server = self._channel.smtp
        client.ehlo_or_helo_if_needed()
        if server.effective_tls == "starttls":
            if not client.has_extn("starttls"):
                raise NotDelivered(
                    "the server offers no STARTTLS, and without it nothing is sent: see smtp.tls"
                )
            client.starttls(context=tls.context())
            client.ehlo_or_helo_if_needed()
        if server.user is not None and self._password is not None:
            client.login(server.user, self._password)

    def _name_recipients(self, client: Client) -> dict[str, tuple[int, bytes]]:
        """Those whom the server refuses, with what it says; at least one is taken."""
        code, said = client.mail(self._sender)
        if code != 250:
            raise NotDelivered(
                f"the server does not take mail from {self._sender}: {self._told(code, said)}",
                wait_s=REFUSED_S,
            )
        refused = {}
        for to in self._channel.to:
            code, said = client.rcpt(to)
            if code not in (250, 251):
                refused[to] = (code, said)
        if len(refused) == len(self._channel.to):
            permanent = all(code >= 500 for code, _ in refused.values())
            raise NotDelivered(
                f"the server refuses {self._listed(refused)}", permanent=permanent, wait_s=REFUSED_S
            )
        return refused

    def _listed(self, refused: Mapping[str, tuple[int, bytes]]) -> str:
        return "; ".join(f"{to}: {self._told(*reply)}" for to, reply in refused.items())

    def _told(self, code: int, said: bytes) -> str:
        """A reply of the server's, in one bounded line and without the password."""
        words = said.decode("ascii", "replace")
        if self._password:
            words = words.replace(self._password, "***")
        line = " ".join(one_line(words).split())
        return f"{code} {line[:_SAID_CHARS_MAX]}".rstrip()

    def reason(self, problem: Exception) -> str:
        """Why the conversation failed."""
        if self._deadline.is_over or isinstance(problem, TimeoutError):
            return f"the server did not answer within {self._deadline.patience_s:g} s"
        match problem:
            case TooMuchSaid():
                return "the server says more than a mail server does"
            case smtplib.SMTPAuthenticationError():
                return f"the server does not know user and password: it answered {problem.smtp_code}"
            case smtplib.SMTPNotSupportedError():
                return "the server offers no way to log in that is known here"
            case smtplib.SMTPResponseException() if problem.smtp_code > 0:
                return f"the server answered {self._told(problem.smtp_code, _raw(problem.smtp_error))}"
            case smtplib.SMTPServerDisconnected() | smtplib.SMTPResponseException():
                return "the server closed the connection, or it does not speak SMTP"
            case UnicodeError():
                return "user or password hold characters beyond ASCII"
            case ssl.SSLError() | socket.gaierror():
                return tls.words(problem)
            case ConnectionResetError() | BrokenPipeError():
                return "the server closed the connection"
            case OSError() if not isinstance(problem, smtplib.SMTPException):
                return tls.words(problem)
            case _:
                return f"the server could not be talked to: {type(problem).__name__}"


def _given(client: Client, raw: bytes) -> tuple[int, bytes]:
    """What the server says of the whole mail, or of the wish to send it one."""
    try:
        return client.data(raw)
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code, _raw(refused.smtp_error)


def mail(message: Message, channel: Channel, sender: str) -> EmailMessage:
    """The mail that tells a message; the same told again has the same `Message-ID`."""
    found = EmailMessage(policy=policy.SMTP)
    found["Subject"] = subject_of(message, channel.subject)
    found["From"] = f"cronledger <{sender}>"
    found["To"] = ", ".join(channel.to)
    found["Date"] = format_datetime(datetime.now().astimezone())
    found["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(_whole(text(message)))
    return found


def greeting_name() -> str:
    """How this host calls itself to a server; no name server is asked."""
    name = host_name()
    return name if _HOST.fullmatch(name) else "localhost"


def _whole(told: str) -> str:
    """Text that can be encoded: half a character of UTF-16 becomes a question mark."""
    return told.encode(errors="replace").decode()


def _raw(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode(errors="replace")
