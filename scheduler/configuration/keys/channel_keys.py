"""The keys of a channel under `channels:`, and everything that is to be said of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from scheduler.configuration.keys import converters, values
from scheduler.configuration.keys.block_values import channels, news_kinds, smtp
from scheduler.configuration.keys.block_values.secrets import one_secret
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings import shown
from scheduler.configuration.settings.setting import Setting
from scheduler.definition import Secret
from scheduler.notifications.settings import TIMEOUT_MS, ChannelKind, Smtp
from scheduler.schedule.duration import format_duration

KINDS: Final[tuple[ChannelKind, ...]] = ("webhook", "email", "command", "ping")
"""A channel has exactly one of these."""
KIND_KEYS: Final[Mapping[str, tuple[ChannelKind, ...]]] = {
    "secret": ("webhook",),
    "headers": ("webhook",),
    "smtp": ("email",),
    "subject": ("email",),
    "when": ("webhook", "email", "command"),
    "threshold": ("webhook", "email", "command"),
    "digest": ("webhook", "email", "command"),
}
"""The keys that only some kinds take."""
ONE_OF_FOUR: Final = "none: one of four"
FITTING: Final = "one that fits what is told"


def _place(value: str | Secret | None) -> str:
    """An address is often a secret: it is not shown, and where it is read is."""
    return "" if value is None else shown.secret(value)


def _duration_or(word: str, value: int | None) -> str:
    if value is None:
        return word
    return format_duration(timedelta(milliseconds=value)) if value else "none"


CHANNEL_KEYS: Final[dict[str, Key]] = {
    "webhook": Key(
        setting=Setting("url", _place),
        read=channels.url,
        takes=channels.URL_TAKES,
        default=ONE_OF_FOUR,
        meaning="Where JSON is sent by POST, with the headers of Standard Webhooks. No redirect is followed.",
        example='webhook: "https://pager.example.org/in"',
        comment="JSON by POST, or {file: PATH} or {env: VARIABLE} for where the address is read",
        synonyms=("url", "http", "https", "slack", "post"),
    ),
    "email": Key(
        setting=Setting("to", shown.words),
        read=channels.addresses,
        takes=channels.EMAIL_TAKES,
        default=ONE_OF_FOUR,
        meaning="Who gets plain text by e-mail.",
        example="email: ops@example.org",
        comment="plain text to one address, or to several in a list",
        synonyms=("mail", "e_mail", "mailto", "to"),
    ),
    "command": Key(
        setting=Setting("command", lambda value: shown.command(list(value), shell=False)),
        read=channels.program,
        takes=channels.COMMAND_TAKES,
        default=ONE_OF_FOUR,
        meaning="What gets the message as JSON on its standard input, in the folder of the home. No shell reads it.",
        example="command: [/usr/local/bin/tell, --team, ops]",
        comment="gets JSON on its standard input; no shell reads it",
        synonyms=("exec", "run", "script", "program"),
    ),
    "ping": Key(
        setting=Setting("url", _place),
        read=channels.url,
        takes=channels.URL_TAKES,
        default=ONE_OF_FOUR,
        meaning="The address of a check at a monitoring service. Each run of a job is told there: its start at "
        "`/start` behind the address, its success at the address, all else at `/fail`, with the end of the output.",
        example='ping: "https://hc.example.org/5c2c"',
        comment="a check at a monitoring service: start, success and failure of each run",
        synonyms=("healthcheck", "healthchecks", "heartbeat", "monitor"),
    ),
    "secret": Key(
        setting=Setting("secret", _place),
        read=one_secret,
        takes=channels.SOURCE_TAKES,
        default="none: messages are not signed",
        meaning="Of a webhook: what its messages are signed with, `whsec_…`; of several, one a line, each signs.",
        example="secret: {file: keys/pager}",
        comment="where the whsec_… is read that signs what a webhook gets",
        synonyms=("signing_secret", "key", "hmac"),
    ),
    "headers": Key(
        setting=Setting("headers", shown.secrets),
        read=channels.headers,
        takes=channels.HEADERS_TAKE,
        default="none",
        meaning="Of a webhook: headers that are sent too. `Authorization` is always read from elsewhere.",
        example="headers: {Authorization: {env: PAGER_TOKEN}}",
        comment="headers that a webhook gets too (none)",
        synonyms=("header", "authorization"),
    ),
    "smtp": Key(
        setting=Setting("smtp", smtp.shown),
        read=smtp.smtp,
        takes=smtp.TAKES,
        default=smtp.shown(Smtp()),
        meaning="Of e-mail: the server that takes it, as `host`, `port`, `tls` (`starttls`, `implicit` or `none`), "
        "`user`, `password` and `from`. To another machine it is STARTTLS unless something else is written.",
        example="smtp: {host: mail.example.org, user: ops, password: {file: keys/smtp}}",
        comment=f"the server that takes mail ({smtp.shown(Smtp())})",
        synonyms=("server", "mailserver", "relay"),
    ),
    "subject": Key(
        setting=Setting("subject", lambda value: FITTING if value is None else value),
        read=channels.subject,
        takes=channels.SUBJECT_TAKES,
        default=FITTING,
        meaning="Of e-mail: the subject. In braces may stand `subject`, `host`, `channel`, `job`, `run`, `kind`, "
        "`outcome` and `counts`.",
        example='subject: "[prod] {subject}"',
        comment=f"the subject of mail ({FITTING})",
        synonyms=("title",),
    ),
    "tags": Key(
        setting=Setting("tags", shown.words),
        read=converters.tags,
        takes="a list of tags, or one tag",
        default="none",
        meaning="The channel is told of each job that bears one of these, beside those whose `notify` names it.",
        example="tags: prod",
        comment="told of the jobs that bear one of these, beside those that name the channel (none)",
        synonyms=("tag", "labels"),
    ),
    "when": Key(
        setting=Setting("when", lambda value: ", ".join(value) or "failure"),
        read=news_kinds.kinds,
        takes=news_kinds.WHEN_TAKES,
        default="failure",
        meaning="What is told. What a job's `notify` says of this wins.",
        example="when: [failure, recovery]",
        comment="what is told: failure, recovery, late, missed, lost, skipped, finished (failure)",
        synonyms=("on", "events", "kinds"),
    ),
    "threshold": Key(
        setting=Setting("threshold", lambda value: str(value or 1)),
        read=values.whole_number(1, 1_000),
        takes="a whole number from 1 to 1000",
        default="1",
        meaning="Failures are told of from so many in a row on. What a job's `notify` says of this wins.",
        example="threshold: 2",
        comment="from so many failures in a row on (1)",
        synonyms=("after", "failures"),
    ),
    "digest": Key(
        setting=Setting("digest_ms", lambda value: _duration_or("1m", value)),
        read=channels.digest_ms,
        takes=channels.DIGEST_TAKES,
        default="1m",
        meaning="No two messages are closer than this: what is to be told meanwhile stands together in the next one. "
        "With `none` nothing waits but for the message that is on its way.",
        example="digest: 5m",
        comment="no two messages are closer; what comes meanwhile is told together (1m)",
        synonyms=("batch", "interval"),
    ),
    "timeout": Key(
        setting=Setting("timeout_ms", shown.duration_ms),
        read=channels.timeout_ms,
        takes=channels.TIMEOUT_TAKES,
        default=shown.duration_ms(TIMEOUT_MS),
        meaning="How long one message may take. Then it was not delivered, and is sent again later.",
        example="timeout: 10s",
        comment="how long one message may take (10s)",
    ),
}
"""The keys of a channel."""
