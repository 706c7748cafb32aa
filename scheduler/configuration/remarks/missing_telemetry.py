"""The block `telemetry:`, and what is to be said of it where what it needs is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from scheduler.configuration.job import read_block
from scheduler.configuration.keys import values
from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.model import ConfigLint, Place
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems
from scheduler.configuration.yaml_tree.tree import Node
from scheduler.telemetry.settings import TelemetrySettings


def read_telemetry(node: Node, problems: Problems) -> TelemetrySettings:
    """What the block says.

    Args:
        node: What stands under `telemetry`.
        problems: Where mistakes are noted.
    """
    try:
        written = values.mapping(node, f"a mapping of {', '.join(TELEMETRY_KEYS)}")
    except InvalidValue as invalid:
        problems.take(invalid, node, "telemetry")
        return TelemetrySettings()
    found = read_block(written, TELEMETRY_KEYS, problems, "telemetry", "the telemetry block")
    return TelemetrySettings(**found.values)


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
