"""The block `telemetry:` of the config: where traces and log records are sent."""

from __future__ import annotations

import msgspec

from scheduler.definition import Secret


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where they are sent.

    Attributes:
        otlp: the base address of an OTLP receiver over HTTP, or where it is read; None: nothing is sent.
        headers: what is sent beside, or where it is read.
    """

    otlp: str | Secret | None = None
    headers: dict[str, str | Secret] = {}
