"""Which command an action is, and which arguments its form makes; the command decides what is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, NamedTuple
from urllib.parse import quote

import click

from cli.console.visitor import Role

Fields = Mapping[str, str]


class Action(NamedTuple):
    """Something that a person can do on a page.

    Attributes:
        title: what the page says that it did.
        command: where its command is.
        arguments: made of the fields of its form.
        place: where one sees what came of it.
        role: what it takes.
        served: only a scheduler does it.
        own: only who asked for a change does it.
    """

    title: str
    command: str
    arguments: Callable[[Fields], list[str]]
    place: Callable[[Fields], str]
    role: Role = "operate"
    served: bool = False
    own: bool = False

    def load(self) -> click.Command:
        """Its command."""
        module, _, name = self.command.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command), self.command
        return command


def _reason(fields: Fields) -> list[str]:
    return ["--reason", reason] if (reason := fields.get("reason", "").strip()) else []


def _option(fields: Fields, name: str, option: str) -> list[str]:
    return [option, value] if (value := fields.get(name, "").strip()) else []


def _flag(fields: Fields, name: str, option: str) -> list[str]:
    return [option] if fields.get(name) else []


def _job(fields: Fields) -> list[str]:
    return ["--", fields.get("job", "")]


def _of_job(fields: Fields) -> str:
    return f"/jobs/{quote(fields.get('job', ''), safe='')}"


def _of_run(fields: Fields) -> str:
    return f"/runs/{quote(fields.get('run', ''), safe='')}"


def _params(fields: Fields) -> list[str]:
    """`param NAME` is the value of a parameter; an empty one is left to its default."""
    named = (
        (name.removeprefix("param "), value) for name, value in fields.items() if name.startswith("param ")
    )
    return [word for name, value in named if value for word in ("--param", f"{name}={value}")]


def _rejection(fields: Fields) -> list[str]:
    return ["--reject", *_reason(fields), "--revision", fields.get("revision", ""), *_job(fields)]


_REQUESTS: Final = "cli.commands.jobs.requests"
ACTIONS: Final[Mapping[str, Action]] = {
    "run": Action(
        "Run", f"{_REQUESTS}.run:run",
        lambda fields: ["--no-wait", *_reason(fields), *_params(fields), *_job(fields)], _of_job, served=True,
    ),
    "retry": Action(
        "Retry", f"{_REQUESTS}.retry:retry",
        lambda fields: ["--no-wait", *_reason(fields), "--", fields.get("run", "")], _of_run, served=True,
    ),
    "cancel": Action(
        "Cancel", f"{_REQUESTS}.cancel:cancel",
        lambda fields: [*_reason(fields), "--", fields.get("run", "")], _of_run,
    ),
    "enable": Action(
        "Enable", f"{_REQUESTS}.enablement:enable",
        lambda fields: [*_reason(fields), *_flag(fields, "catch_up", "--catch-up"), *_job(fields)], _of_job,
    ),
    "disable": Action(
        "Disable", f"{_REQUESTS}.enablement:disable",
        lambda fields: [*_reason(fields), *_option(fields, "until", "--until"), *_job(fields)], _of_job,
    ),
    "backfill": Action(
        "Backfill", f"{_REQUESTS}.backfill:backfill",
        lambda fields: [
            *_reason(fields), *_option(fields, "from", "--from"), *_option(fields, "to", "--to"),
            *_flag(fields, "missed_only", "--missed-only"), *_job(fields),
        ], _of_job, served=True,
    ),
    "settle": Action(
        "Settle", f"{_REQUESTS}.settle:settle",
        lambda fields: [*_reason(fields), *_option(fields, "until", "--until"), *_job(fields)], _of_job,
    ),
    "approve": Action(
        "Approve", f"{_REQUESTS}.approve:approve",
        lambda fields: [*_reason(fields), "--revision", fields.get("revision", ""), *_job(fields)],
        _of_job, "approve",
    ),
    "reject": Action("Reject", f"{_REQUESTS}.approve:approve", _rejection, _of_job, "approve"),
    "withdraw": Action("Withdraw", f"{_REQUESTS}.approve:approve", _rejection, _of_job, own=True),
    "ask": Action(
        "Ask for a change", f"{_REQUESTS}.approve:approve",
        lambda fields: ["--request", "--revision", fields.get("revision", ""), *_job(fields)], _of_job,
    ),
}  # fmt: skip
"""All actions, by the last part of their address."""
