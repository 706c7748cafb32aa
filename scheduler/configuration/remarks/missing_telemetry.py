"""The block `telemetry:` where what it needs is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from scheduler.configuration.model import ConfigLint, Place
from scheduler.telemetry.settings import TelemetrySettings


def telemetry_lints(settings: TelemetrySettings, place: Place) -> Iterator[ConfigLint]:
    """That nothing is sent, where the extra is missing: jobs run all the same.

    Args:
        settings: the block; place: where it stands.
    """
    if settings.otlp is not None and not is_installed():
        message = (
            "the extra opentelemetry is not installed here, and nothing is sent: "
            "pip install 'cronledger[opentelemetry]'"
        )
        yield ConfigLint(*place, "", "no-opentelemetry", message)


def is_installed() -> bool:
    """Whether the messages of OTLP are installed, which come with the extra."""
    try:
        return importlib.util.find_spec("opentelemetry.proto") is not None
    except ModuleNotFoundError:
        return False
