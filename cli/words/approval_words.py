"""Changes that a second person has to approve, in words, as rows and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.times.show import local_zone, show_moment
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ownership.home_owner import owner_or_self
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.approvals.persons import Party, Refusal
from scheduler.rules.state import State
from scheduler.wording.approval_entries import asker_words, pending_words

if TYPE_CHECKING:
    from scheduler.configuration.settings.setting import Setting

REMOVAL = "removal"
"""What stands for the revision of a removal."""


def waiting_changes(state: State) -> list[tuple[str, PendingChange]]:
    """What waits for approval, by the names of the jobs."""
    return [(name, change) for name, change in sorted(state.changes.items()) if change.waits]


def rejected_changes(state: State) -> list[tuple[str, PendingChange]]:
    """What the config still says although a person rejected it, by the names of the jobs."""
    return [(name, change) for name, change in sorted(state.changes.items()) if change.was_rejected]


def shown_revision(change: PendingChange) -> str:
    """By which word a change is approved."""
    return change.revision or REMOVAL


def change_sentence(change: PendingChange, now: datetime, zone: str) -> str:
    """What is pending, since when, and who asked for it, or that it was rejected."""
    what = printable(pending_words(change.definition, change.changed))
    when = show_moment(change.time, zone, now)
    asked = f"asked for by {printable(asker_words(change.actor, change.person))}, {when}"
    if change.was_rejected:
        by = printable(change.rejected_by)
        return f"{what}, {asked}, was rejected by {by} (entry {change.rejected_seq})"
    return f"{what} waits for approval by a second person, {asked}"


def nobody_approves(home: Home) -> str:
    """Why nobody can approve anything in this home; empty if somebody can."""
    if owner_or_self(home) != 0:
        return ""
    return (
        "This home is root's: nobody else acts in it, and root approves nothing. `approval` is for homes that another"
        " user owns."
    )


def refusal_words(why: Refusal, change: PendingChange, party: Party) -> str:
    """Why somebody may not approve a change, said to that person."""
    asked, you = printable(change.person.name) or "nobody known", printable(party.name)
    if why == "root":
        return "root approves nothing, for root can be anybody"
    if why == "job":
        return "a job's process approves nothing"
    if why == "same":
        return f"{asked} asked for the change, and as far as can be told that is you"
    if change.person.by == "file":
        return f"the config is a file of {asked}, and you act as {you}: who edited it may have been you"
    return f"it was asked for as {asked}, and you act as {you}: two people cannot be told apart by that"


def change_rows(old: JobDefinition | None, new: JobDefinition | None) -> Iterable[tuple[str, str, str]]:
    """The keys in which two definitions differ: each with its value in both, empty where there is none.

    Of variables only digests are known: these tell that a value is another one.
    """
    from scheduler.configuration.settings.job_settings import JOB_SETTINGS

    def shown(setting: Setting) -> tuple[str, str]:
        return "" if old is None else setting.shown(old), "" if new is None else setting.shown(new)

    for word, setting in JOB_SETTINGS.items():
        if word == "env":
            names = sorted({*(old.env if old else ()), *(new.env if new else ())})
            for name in names:
                values = ["" if each is None else each.env.get(name, "") for each in (old, new)]
                if values[0] != values[1]:
                    yield f"env.{name}", *_env_words(*values)
        elif old is None or new is None:
            said = old or new
            if said is not None and setting.value(said) != setting.value(JobDefinition(name=said.name)):
                yield word, *shown(setting)
        elif any(getattr(old, name) != getattr(new, name) for name in (setting.member, *setting.derived)):
            yield word, *shown(setting)


def tell_changes(state: State, now: datetime) -> None:
    """Note below a list of jobs what waits for approval, and what was rejected."""
    for name, change in (*waiting_changes(state), *rejected_changes(state)):
        note(f"{printable(name)}: {change_sentence(change, now, local_zone())}.")


def _env_words(old: str, new: str) -> tuple[str, str]:
    return (f"set (digest {old})" if old else ""), (f"set (digest {new})" if new else "")


def change_documents(changes: Iterable[tuple[str, PendingChange]]) -> list[dict[str, Any]]:
    """Changes by the names of their jobs, for programs."""
    return [{"job": name, **change_document(change)} for name, change in changes]


def change_document(change: PendingChange) -> dict[str, Any]:
    """For programs: members are added, never renamed."""
    return {
        "entry": change.seq,
        "requested": change.time,
        "requested_by": change.actor,
        "person": {"name": change.person.name, "by": change.person.by},
        "kind": "removed" if change.definition is None else "changed" if change.changed else "defined",
        "revision": change.revision or None,
        "changed": change.changed,
        "rejected_entry": change.rejected_seq,
        "rejected_by": change.rejected_by or None,
    }
