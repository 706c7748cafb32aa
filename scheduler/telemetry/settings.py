"""The block `telemetry:` of the config: where traces, log records and figures are sent."""

from __future__ import annotations

import msgspec

from scheduler.definition import Secret


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where they are sent.

    Attributes:
        otlp: the base address of an OTLP receiver over HTTP, or where it is read; None: nothing is sent.
        headers: what is sent beside, or where it is read.
        metrics_interval_ms: how often figures are sent; None: they are not.
    """

    otlp: str | Secret | None = None
    headers: dict[str, str | Secret] = {}
    metrics_interval_ms: int | None = 60_000
