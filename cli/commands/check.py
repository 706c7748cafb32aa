"""`cronledger check`: whether the config is right, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import click
import msgspec

from cli.app.config_errors import mistakes_document
from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.home.job_names import approval_hint
from cli.terminal.console import fitted, note, paint, tell, wants_colour
from cli.terminal.printable import printable, show_count
from cli.times.zones import local_zone
from cli.words.approval_words import change_document, change_sentence, nobody_approves
from eventstore.errors import LedgerError
from scheduler.configuration import Config, ConfigInvalid, ConfigLint, load
from scheduler.configuration.files.joined import MAIN
from scheduler.configuration.lints import lints
from scheduler.home import Home
from scheduler.ledger.view import has_ledger
from scheduler.rules.approvals.pending_change import PendingChange

_HANG = 4
_WARNINGS_MAX = 200
"""So many are shown to people; of the others, how many there are."""


@click.command(epilog="Example: cronledger check && git commit -am 'Run the backup at 3'")
@click.option("--strict", is_flag=True, help="Leave with 1 where there is a warning.")
@json_option
@click.pass_obj
def check(home: Home, strict: bool, as_json: bool) -> None:
    """Check the config and do nothing else.

    Every mistake is shown with its line and what was probably meant; what is legal but surprising is shown as a
    warning. It says too which edits will wait for a second person; what they would change `cronledger plan` shows.
    The programs of the jobs are looked at as this machine has them: whether they are there, and who else can write
    them. The exit code is 0 if the config can be used, 2 if it cannot.
    """
    if as_json:
        _check_for_programs(home, strict=strict)
        return
    config = load(home.config, home.root)
    found = lints(config, home)
    _warn(config, found)
    parts = f" and {show_count(len(config.parts), 'file')} in config.d" if config.parts else ""
    tell(f"{printable(str(home.config))}{parts}: all right, {show_count(len(config.jobs), 'job')}")
    pending = _pending(home, config)
    for name, change in pending.changes:
        told = change_sentence(change, datetime.now(UTC), local_zone())
        note(f"{printable(name)}: {told}. {nobody_approves(home) or approval_hint(name)}")
    if pending.edited:
        note("It is not in force yet: `cronledger plan` shows what it would change.")
    if strict and found:
        raise click.exceptions.Exit(ExitCode.FAILED)


class _Pending(NamedTuple):
    """Whether a config is another one than the ledger knows, and what waits for approval, or would."""

    edited: bool = False
    changes: Sequence[tuple[str, PendingChange]] = ()


def _pending(home: Home, config: Config) -> _Pending:
    """What is pending of this config, or would be once it is recorded; nothing where the ledger cannot be read."""
    known = has_ledger(home)
    if not known and not any(job.approval == "required" for job in config.definitions.values()):
        return _Pending()
    from cli.home.open import to_read
    from cli.words.approval_words import waiting_changes
    from scheduler.ledger.open import config_changes
    from scheduler.rules.requests.preview import preview

    try:
        with to_read(home, with_config=True, quiet=True) as view:
            changes = config_changes(view.state, view.config, view.now)
            edited = known and (view.pending or bool(changes))
            return _Pending(edited, waiting_changes(preview(view.state, changes, view.now)))
    except LedgerError:
        return _Pending()


def _warn(config: Config, found: list[ConfigLint]) -> None:
    colour = wants_colour(sys.stderr)
    for remark in found[:_WARNINGS_MAX]:
        path = printable(str(config.path.parent / (remark.file or MAIN)))
        place = paint(f"{path}:{remark.line}:{remark.column}:", "strong", colour)
        about = f"{printable(remark.job)}: " if remark.job else ""
        text = (
            f"{place} {paint('warning:', 'warn', colour)} {about}{printable(remark.message)} [{remark.code}]"
        )
        click.echo(fitted(text, sys.stderr, hang=_HANG), err=True, color=colour)
    if len(found) > _WARNINGS_MAX:
        note(f"and {show_count(len(found) - _WARNINGS_MAX, 'more warning')}; --json has all")


def _check_for_programs(home: Home, *, strict: bool) -> None:
    try:
        config = load(home.config, home.root)
    except ConfigInvalid as problem:
        show_json({**mistakes_document(problem), "approvals": [], "warnings": []})
        raise click.exceptions.Exit(ExitCode.USAGE) from None
    remarks = lints(config, home)
    show_json(
        {
            "path": str(home.config),
            "digest": config.digest,
            "valid": True,
            "jobs": len(config.jobs),
            "errors": [],
            "error_count": 0,
            "approvals": [
                {"job": name, **change_document(change)} for name, change in _pending(home, config).changes
            ],
            "warnings": [
                msgspec.to_builtins(remark._asdict() | {"file": remark.file or MAIN}) for remark in remarks
            ],
        }
    )
    if strict and remarks:
        raise click.exceptions.Exit(ExitCode.FAILED)
