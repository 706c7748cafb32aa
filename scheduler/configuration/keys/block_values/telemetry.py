"""The keys of the `telemetry:` block, and everything that is to be said of each."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values import channels
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.values import duration_ms_or_none
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.settings import shown
from scheduler.configuration.settings.setting import Setting
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node
from scheduler.definition import Secret

NOTHING_SENT: Final = "none: nothing is sent"
METRICS_TAKES: Final = "a duration such as 90s or 5m, from 1s to 1d, or none"
_ADDED: Final = ("/v1/traces", "/v1/logs", "/v1/metrics")
_METRICS_MS_MIN: Final = 1_000
_METRICS_MS_MAX: Final = 86_400_000


@of_form(lambda: written_form.form_of(channels.url))
def base_address(node: Node) -> str | Secret:
    """The address of a receiver, without what stands behind it for traces and logs."""
    found = channels.url(node)
    if isinstance(found, str) and "?" in found:
        raise InvalidValue("this is a base address, to which /v1/traces is added: it takes no `?`")
    if isinstance(found, str) and found.rstrip("/").endswith(_ADDED):
        raise InvalidValue("this is a base address: /v1/traces, /v1/logs and /v1/metrics are added behind it")
    return found


@of_form(written_form.or_word("none", written_form.DURATION))
def metrics_interval(node: Node) -> int | None:
    """How often metrics are sent, in milliseconds; None: they are not."""
    found = duration_ms_or_none(node)
    if found is not None and not _METRICS_MS_MIN <= found <= _METRICS_MS_MAX:
        raise InvalidValue("this takes a duration from 1s to 1d")
    return found


def _interval(value: int | None) -> str:
    return "none" if value is None else shown.duration_ms(value)


def _place(value: str | Secret | None) -> str:
    """An address may hold a secret: it is not shown, and where it is read is."""
    if value is None:
        return NOTHING_SENT
    return "(an address)" if isinstance(value, str) else shown.secret(value)


TELEMETRY_KEYS: Final[dict[str, Key]] = {
    "otlp": Key(
        setting=Setting("otlp", _place),
        read=base_address,
        takes=channels.URL_TAKES,
        default=NOTHING_SENT,
        meaning="Where an OpenTelemetry collector takes OTLP over HTTP: traces go to `/v1/traces` behind it, log "
        "records to `/v1/logs`, metrics to `/v1/metrics`, and jobs get `TRACEPARENT`. It needs the extra "
        "`opentelemetry`.",
        example='otlp: "http://localhost:4318"',
        comment="a collector that takes OTLP over HTTP; needs the extra opentelemetry",
        synonyms=("url", "endpoint", "collector", "opentelemetry"),
    ),
    "headers": Key(
        setting=Setting("headers", shown.secrets),
        read=channels.headers,
        takes=channels.HEADERS_TAKE,
        default="none",
        meaning="What is sent beside, such as an API key. A value is written, or read from a file or a variable.",
        example="headers: {x-api-key: {file: keys/collector}}",
        comment="what is sent beside, such as an API key (none)",
    ),
    "metrics": Key(
        setting=Setting("metrics_interval_ms", _interval),
        read=metrics_interval,
        takes=METRICS_TAKES,
        default="1m",
        meaning="How often the [metrics](metrics.md) are sent, all of them each time; with `none` they are not.",
        example="metrics: 1m",
        comment="how often metrics are sent; none: they are not (1m)",
        synonyms=("interval", "metrics_interval", "every", "period"),
    ),
}
"""The keys of the telemetry block."""
