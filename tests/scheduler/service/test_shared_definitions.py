"""The definition of a job is in memory once, where config and ledger have the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scheduler.configuration.load import parse
from scheduler.rules.state import Enablement, Job, State
from scheduler.service.config_in_force import share_definition

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_only_equal_definitions_are_shared() -> None:
    """One that was edited stays what the config says, and so does one that the ledger does not know."""
    text = b"jobs:\n" + b"".join(
        b"  %b: {command: 'true', schedule: '0 2 * * *'}\n" % name for name in (b"same", b"edited", b"new")
    )
    config = parse(text, Path("config.yaml"))
    known = parse(
        text.replace(b"edited: {command: 'true'", b"edited: {command: 'false'"), Path("config.yaml")
    )
    enablement = Enablement(enabled=True, actor="config", seq=1, time=NOW)
    state = State()
    for name in ("same", "edited"):
        state.jobs[name] = Job(known.jobs[name].definition, "", 1, enablement, NOW)
    for name in ("same", "edited", "new", "unknown"):
        share_definition(config, state, name)
    assert config.jobs["same"].definition is state.jobs["same"].definition
    assert config.jobs["edited"].definition.command == "true"
    assert config.jobs["new"].definition.name == "new"
