"""`cronledger check`: whether the config is right, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from cli.app.config_errors import mistakes_document
from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.home.job_names import approval_hint
from cli.home.named_config import named_config, named_config_options
from cli.terminal.console import exit_code_counts, fitted, note, paint, tell, wants_colour
from cli.terminal.printable import printable, show_count
from cli.times.zones import local_zone
from cli.words.approval_words import change_documents, change_sentence, nobody_approves
from eventstore.errors import LedgerError
from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.files.joined import MAIN
from scheduler.configuration.lints import lints
from scheduler.configuration.load import load
from scheduler.configuration.model import Config, ConfigLint
from scheduler.home import Home
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.store import has_ledger

if TYPE_CHECKING:
    from scheduler.planning.candidate import Candidate

_HANG = 4
_WARNINGS_MAX = 200
"""So many are shown to people; of the others, how many there are."""


@click.command(epilog="Example: cronledger check && git commit -am 'Run the backup at 3'")
@named_config_options
@click.option("--strict", is_flag=True, help="Leave with 1 where there is a warning.")
@json_option
@click.pass_obj
@exit_code_counts()
def check(home: Home, file: str | None, part: str | None, strict: bool, as_json: bool) -> None:
    """Check the config and do nothing else.

    Every mistake is shown with its line and what was probably meant; what is legal but surprising is shown as a
    warning. It says too which edits will wait for a second person, or were rejected by one; what they would change
    `cronledger plan` shows. The programs of the jobs are looked at as this machine has them: whether they are there,
    and who else can write them. The exit code is 0 if the config can be used, 2 if it cannot.

    With FILE (- is standard input) it is about that file, as if it stood in place of config.yaml, or with --into of a
    file in config.d: while a scheduler is running it takes every edit of the config up at once.
    """
    candidate = named_config(home, file, part)
    if as_json:
        _check_for_programs(home, candidate, strict=strict)
        return
    config = _config(home, candidate)
    found = lints(config, home)
    _warn(home, candidate, found)
    parts = f" and {show_count(len(config.parts), 'file')} in config.d" if config.parts else ""
    tell(f"{printable(str(_path(home, candidate)))}{parts}: all right, {show_count(len(config.jobs), 'job')}")
    pending = _pending(home, config, candidate)
    for name, change in pending.changes:
        told = change_sentence(change, datetime.now(UTC), local_zone())
        note(f"{printable(name)}: {told}. {nobody_approves(home) or approval_hint(name)}")
    for name, change in pending.rejected:
        note(f"{printable(name)}: {change_sentence(change, datetime.now(UTC), local_zone())}.")
    if pending.edited:
        typed = "".join(f" {printable(word)}" for word in (file, part and f"--into {part}") if word)
        note(f"It is not in force yet: `cronledger plan{typed}` shows what it would change.")
    if strict and found:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _config(home: Home, candidate: Candidate | None) -> Config:
    """The config of the home, or the one that a person named, as if it stood there.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: it cannot be used.
    """
    from scheduler.database.config_place import check_place

    if candidate is None:
        config = load(home.config, home.root)
    else:
        from scheduler.planning.candidate import read_candidate

        config = read_candidate(home, candidate)
    check_place(home, config)
    return config


def _path(home: Home, candidate: Candidate | None, file: str | None = None) -> Path:
    """Where a file of the config is; without a name, the one that is checked."""
    if candidate is not None and file in (None, candidate.part):
        return candidate.path
    return home.config.parent / file if file else home.config


class _Pending(NamedTuple):
    """Whether a config is another one than the ledger knows; what waits for approval, or would; what was rejected."""

    edited: bool = False
    changes: Sequence[tuple[str, PendingChange]] = ()
    rejected: Sequence[tuple[str, PendingChange]] = ()


def _pending(home: Home, config: Config, candidate: Candidate | None) -> _Pending:
    """What is pending of this config, or would be once it is recorded; nothing where the ledger cannot be read."""
    from cli.home.open import to_read
    from cli.words.approval_words import rejected_changes, waiting_changes
    from scheduler.ledger.open import config_changes
    from scheduler.rules.requests.preview import preview

    try:
        known = has_ledger(home)
        if not known and not any(job.approval == "required" for job in config.definitions.values()):
            return _Pending()
        with to_read(home, with_config=candidate is None, quiet=True) as view:
            # Of the home's own config the ledger knows its digest; what another file would change is known by itself.
            read = view.config if candidate is None else config
            changes = config_changes(view.state, read, view.now)
            edited = known and (bool(changes) or (candidate is None and view.pending))
            then = preview(view.state, changes, view.now)
            return _Pending(edited, waiting_changes(then), rejected_changes(then))
    except LedgerError:
        return _Pending()


def _warn(home: Home, candidate: Candidate | None, found: list[ConfigLint]) -> None:
    colour = wants_colour(sys.stderr)
    for remark in found[:_WARNINGS_MAX]:
        path = printable(str(_path(home, candidate, remark.file or "")))
        place = paint(f"{path}:{remark.line}:{remark.column}:", "strong", colour)
        about = f"{printable(remark.job)}: " if remark.job else ""
        text = (
            f"{place} {paint('warning:', 'warn', colour)} {about}{printable(remark.message)} [{remark.code}]"
        )
        click.echo(fitted(text, sys.stderr, hang=_HANG), err=True, color=colour)
    if len(found) > _WARNINGS_MAX:
        note(f"and {show_count(len(found) - _WARNINGS_MAX, 'more warning')}; --json has all")


def _check_for_programs(home: Home, candidate: Candidate | None, *, strict: bool) -> None:
    try:
        config = _config(home, candidate)
    except ConfigInvalid as problem:
        show_json({**mistakes_document(problem), "approvals": [], "rejected": [], "warnings": []})
        raise click.exceptions.Exit(ExitCode.USAGE) from None
    remarks, pending = lints(config, home), _pending(home, config, candidate)
    show_json(
        {
            "path": str(_path(home, candidate)),
            "digest": config.digest,
            "valid": True,
            "jobs": len(config.jobs),
            "errors": [],
            "error_count": 0,
            "approvals": change_documents(pending.changes),
            "rejected": change_documents(pending.rejected),
            "warnings": [
                msgspec.to_builtins(remark._asdict() | {"file": remark.file or MAIN}) for remark in remarks
            ],
        }
    )
    if strict and remarks:
        raise click.exceptions.Exit(ExitCode.FAILED)
