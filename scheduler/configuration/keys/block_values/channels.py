"""Values of a channel. What may be secret is not repeated in messages, since mistakes are recorded."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Final

from scheduler.command import needs_shell
from scheduler.configuration.keys import converters, written_form
from scheduler.configuration.keys.block_values.secrets import one_secret
from scheduler.configuration.keys.values import duration_ms, mapping, scalar, text
from scheduler.configuration.keys.web_address import is_web_address
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar
from scheduler.definition import Secret
from scheduler.notifications.channels.subject import SUBJECT_FIELDS, fields_of

URL_TAKES: Final = (
    "an address such as https://example.org/in, or where it is read, {file: PATH} or {env: VARIABLE}"
)
EMAIL_TAKES: Final = "an address such as ops@example.org, or a list of them"
COMMAND_TAKES: Final = "a command: text, or a list of program and arguments"
HEADERS_TAKE: Final = "a mapping of NAME: value, or NAME: {file: PATH}"
SOURCE_TAKES: Final = "where it is read, {file: PATH} or {env: VARIABLE}"
SUBJECT_TAKES: Final = "text, which may hold {subject}, {host}, {job} and the like"
TIMEOUT_TAKES: Final = "a duration from 1s to 5m"
DIGEST_TAKES: Final = "a duration such as 90s, 15m, 36h or 7d, or none"
ADDRESSES_MAX: Final = 50
HEADERS_MAX: Final = 20
SUBJECT_CHARS_MAX: Final = 200
TIMEOUT_MS_MIN: Final = 1_000
TIMEOUT_MS_MAX: Final = 300_000
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OWN_HEADERS: Final = re.compile(
    r"(?i)(webhook-.*|content-(length|type|encoding)|transfer-encoding|connection|host|user-agent|accept-encoding)"
)
_SECRET_HEADERS: Final = re.compile(r"(?i)(proxy-)?authorization|cookie")
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
)
_EMAIL_CHARS_MAX: Final = 254


@of_form(lambda: written_form.either(written_form.TEXT, written_form.form_of(one_secret)))
def url(node: Node) -> str | Secret:
    """An address of HTTP, or where it is read."""
    if isinstance(node, Mapping):
        return one_secret(node)
    written = text(node, URL_TAKES)
    if not is_web_address(written):
        raise InvalidValue(f"this is no address: it takes {URL_TAKES}")
    return written


@of_form(written_form.one_or_more(written_form.TEXT))
def addresses(node: Node) -> tuple[str, ...]:
    """Addresses of e-mail, each once."""
    found = tuple(dict.fromkeys(converters.one_or_more(node, address, EMAIL_TAKES)))
    if len(found) > ADDRESSES_MAX:
        raise InvalidValue(f"these are {len(found)} addresses: a channel has at most {ADDRESSES_MAX}")
    return found


@of_form(written_form.TEXT)
def address(node: Node) -> str:
    """One address of e-mail."""
    written = text(node, EMAIL_TAKES)
    if _EMAIL.fullmatch(written) and ".." not in written and len(written) <= _EMAIL_CHARS_MAX:
        return written
    inner = (
        None
        if len(written) > 2 * _EMAIL_CHARS_MAX
        else re.fullmatch(r".*<([^<>]*)>\s*|mailto:(.*)|\s*(\S+)\s*", written)
    )
    better = next((part for part in inner.groups() if part), "") if inner else ""
    several = [part.strip() for part in written[: 2 * _EMAIL_CHARS_MAX].split(",")]
    if len(several) > 1 and all(_EMAIL.fullmatch(part) for part in several):
        raise InvalidValue("this is one address, and several of them are a list", f"[{', '.join(several)}]")
    raise InvalidValue(
        f"{written!r} is no address of e-mail, such as ops@example.org",
        better if _EMAIL.fullmatch(better) else "",
    )


@of_form(lambda: written_form.form_of(converters.command))
def program(node: Node) -> tuple[str, ...]:
    """A program and its arguments; what only a shell understands is refused, unless a shell is asked for."""
    written = converters.command(node)
    if isinstance(written, list):
        return tuple(written)
    if needs_shell(written):
        raise InvalidValue(
            "no shell reads this command: write program and arguments, or ask for one, [sh, -c, '…']"
        )
    return tuple(shlex.split(written))


@of_form(lambda: written_form.named(written_form.either(written_form.TEXT, written_form.form_of(one_secret))))
def headers(node: Node) -> dict[str, str | Secret]:
    """What is sent beside the message, each value as it is written or where it is read."""
    gathered = converters.FaultCollector()
    found: dict[str, str | Secret] = {}
    entries = mapping(node, HEADERS_TAKE).entries
    if len(entries) > HEADERS_MAX:
        raise InvalidValue(f"these are {len(entries)} headers: a channel has at most {HEADERS_MAX}")
    for word, (key, value) in entries.items():
        name = gathered.take(_header_name, key, word)
        setting = gathered.take(_header_value(word), value, word)
        if name is not None and setting is not None:
            found[name] = setting
    gathered.settle()
    return found


def _header_name(key: Scalar) -> str:
    if not _HEADER.fullmatch(key.text):
        raise InvalidValue("this is no name of a header, such as X-Team")
    if _OWN_HEADERS.fullmatch(key.text):
        raise InvalidValue(f"{key.text} is set by cronledger itself")
    return key.text


def _header_value(name: str) -> Callable[[Node], str | Secret]:
    def read(node: Node) -> str | Secret:
        if isinstance(node, Mapping) or _SECRET_HEADERS.fullmatch(name):
            return one_secret(node)
        written = text(node, HEADERS_TAKE, literal=True)
        if not written.isascii() or not written.isprintable() or len(written) > 1_000:
            raise InvalidValue("this is no value of a header: one line of ASCII")
        return written.strip()

    return read


@of_form(written_form.TEXT)
def subject(node: Node) -> str:
    """A subject, with the names of known fields in braces."""
    written = text(node, SUBJECT_TAKES)
    if not written.isprintable() or len(written) > SUBJECT_CHARS_MAX:
        raise InvalidValue(f"a subject is one line of at most {SUBJECT_CHARS_MAX} characters")
    try:
        fields = list(fields_of(written))
    except ValueError:
        raise InvalidValue("a brace stands alone: {job} is a field, and {{ is a brace") from None
    for field in fields:
        if field not in SUBJECT_FIELDS:
            near = nearest(field, SUBJECT_FIELDS)
            listed = ", ".join(f"{{{each}}}" for each in SUBJECT_FIELDS)
            better = written.replace(f"{{{field}}}", f"{{{near}}}") if near else ""
            raise InvalidValue(f"a subject has no field {{{field}}}, it takes {listed}", better)
    return written


@of_form(written_form.DURATION)
def timeout_ms(node: Node) -> int:
    """How long a message may take."""
    found = duration_ms(scalar(node, TIMEOUT_TAKES))
    if not TIMEOUT_MS_MIN <= found <= TIMEOUT_MS_MAX:
        raise InvalidValue(f"this takes {TIMEOUT_TAKES}")
    return found


@of_form(written_form.or_word("none", written_form.DURATION))
def digest_ms(node: Node) -> int:
    """How far apart messages are; `none`: each is sent by itself."""
    found = scalar(node, DIGEST_TAKES)
    return 0 if found.text == "none" else duration_ms(found)
