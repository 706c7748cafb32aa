"""The block `heartbeat` of the scheduler: what it touches while it is healthy, and what is pinged meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Reader, block, member
from scheduler.configuration.keys.values import duration_ms, file_path
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node
from scheduler.definition import Heartbeat
from scheduler.schedule.duration import format_duration

TAKES: Final = 'a mapping such as {url: "https://hc.example/x", interval: 1m}, or none'
INTERVAL_MS_MIN: Final = 10_000
INTERVAL_MS_MAX: Final = 86_400_000
_SYNONYMS: Final = {
    "path": "file",
    "ping": "url",
    "webhook": "url",
    "every": "interval",
    "period": "interval",
}


@of_form(lambda: written_form.or_word("none", written_form.block_of(_KEYS)))
def heartbeat(node: Node) -> Heartbeat | None:
    """The block; None if it is `none`.

    Raises:
        InvalidValue: with every mistake in it.
    """
    members = block(node, "heartbeat", TAKES, _KEYS, _SYNONYMS)
    if members is None:
        return None
    if "interval_ms" in members and "url" not in members:
        raise InvalidValue("interval goes with url: it says how often that is pinged")
    return Heartbeat(**members)


def shown(value: Heartbeat | None) -> str:
    """The same as it is written in the config; an address is often a secret, and is not shown."""
    if value is None:
        return "none"
    parts = [] if value.file is None else [f"file: {value.file}"]
    if value.url is not None:
        interval = format_duration(timedelta(milliseconds=value.interval_ms))
        parts.append(f"url: (an address), interval: {interval}")
    return f"{{{', '.join(parts)}}}"


def _url_form() -> written_form.Form:
    from scheduler.configuration.keys.block_values.channels import url

    return written_form.form_of(url)


@of_form(_url_form)
def _url(node: Node) -> object:
    from scheduler.configuration.keys.block_values.channels import url  # what channels need is only for those

    return url(node)


@of_form(written_form.DURATION)
def _interval(node: Node) -> int:
    found = duration_ms(node)
    if not INTERVAL_MS_MIN <= found <= INTERVAL_MS_MAX:
        raise InvalidValue("this takes a duration from 10s to 1d")
    return found


_KEYS: Final[dict[str, Reader]] = {
    "file": member("file", file_path),
    "url": member("url", _url),
    "interval": member("interval_ms", _interval),
}
