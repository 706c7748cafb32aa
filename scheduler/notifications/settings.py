"""A channel as the config has it: how people are told, and of what."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from scheduler.definition import Secret
from scheduler.entry_members import NotificationKind

ChannelKind = Literal["webhook", "email", "command", "ping"]
SmtpTls = Literal["starttls", "implicit", "none"]
THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""What is said to an SMTP server there crosses no network."""
TIMEOUT_MS: Final = 10_000


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """The server that takes the mail of a channel.

    Attributes:
        host: its name or address.
        tls: `starttls` after a plain greeting, `implicit` from the first byte, or `none`; None: see `effective_tls`.
        port: None: see `effective_port`.
        user: who logs in; None: nobody does.
        password: where that of the user is read.
        sender: the address that the mail is from (`from` in the config); None: `cronledger` at this host.
    """

    host: str = "localhost"
    tls: SmtpTls | None = None
    port: int | None = None
    user: str | None = None
    password: Secret | None = None
    sender: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return self.host.lower() in THIS_MACHINE

    @property
    def effective_tls(self) -> SmtpTls:
        """What is written, else none where nothing crosses a network, else STARTTLS."""
        return self.tls or ("none" if self.is_local and self.user is None else "starttls")

    @property
    def effective_port(self) -> int:
        """What is written, else 465 for implicit TLS, 587 where somebody logs in, and 25."""
        if self.port is not None:
            return self.port
        if self.effective_tls == "implicit":
            return 465
        return 25 if self.user is None else 587


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One of `channels:`.

    Attributes:
        name: by which jobs choose it.
        kind: which of the four it is.
        url: of a webhook or a ping, or where it is read, since it often is a secret.
        to: of e-mail: the addresses.
        command: program and arguments.
        secret: of a webhook: where what signs is read.
        headers: of a webhook: what is sent beside, or where it is read.
        smtp: of e-mail: the server.
        subject: of e-mail: the subject, with names of fields in braces; None: one that fits what is told.
        timeout_ms: how long one message may take.
        tags: it is told of the jobs that bear one of these, whatever their `notify` says.
        when: what it is told, unless a job's `notify` says that; empty: not said.
        threshold: after how many failures in a row it is told of them, unless a job says that; None: not said.
        digest_ms: no two messages within this time: what is to be told meanwhile stands together in the next one;
            None: not said.
    """

    name: str
    kind: ChannelKind
    url: str | Secret | None = None
    to: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    secret: Secret | None = None
    headers: dict[str, str | Secret] = {}
    smtp: Smtp = Smtp()
    subject: str | None = None
    timeout_ms: int = TIMEOUT_MS
    tags: tuple[str, ...] = ()
    when: tuple[NotificationKind, ...] = ()
    threshold: int | None = None
    digest_ms: int | None = None
