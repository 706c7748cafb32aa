"""What is recorded of a change that a second person has to approve: it is asked for, approved, rejected."""

from __future__ import annotations

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, changed_members, revision
from scheduler.entry_members import Claims, Person
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.state import State


def definition_in_force(state: State, name: str) -> JobDefinition | None:
    """The definition of a job that is in force; None if the job is not there, or not any more."""
    job = state.jobs.get(name)
    return job.definition if job is not None and job.present else None


def took_effect(
    old: JobDefinition | None,
    new: JobDefinition | None,
    name: str,
    config: str,
    approval: int | None = None,
) -> list[Event]:
    """A job's definition `old` becomes `new`; None: there is none. `approval`: the entry that approved it."""
    if new is None:
        return [v.event(v.JobRemoved(config=config, approval=approval), v.CONFIG, job=name)]
    changed = [] if old is None else changed_members(old, new)
    defined = v.JobDefined(
        definition=new, revision=revision(new), config=config, changed=changed, approval=approval
    )
    events = [v.event(defined, v.CONFIG, job=name)]
    was_enabled = True if old is None else old.enabled
    if new.enabled != was_enabled:
        enablement = v.JobEnabled() if new.enabled else v.JobDisabled()
        events.append(v.event(enablement, v.CONFIG, job=name))
    return events


def wanted(state: State, name: str, new: JobDefinition | None, config: str, owner: str) -> list[Event]:
    """The config has another definition of a job than the one in force, which a second person has to approve.

    Args:
        new: that definition; None: none.
        config: digest of the config.
        owner: the user who owns the config, and alone could write it; empty if that is not known.
    """
    old, change = definition_in_force(state, name), state.changes.get(name)
    if change is not None and change.definition == new:
        if change.given_seq is None:
            return []  # it waits, or was rejected
        return took_effect(old, new, name, config, change.given_seq)
    requested = v.ApprovalRequested(
        revision="" if new is None else revision(new),
        config=config,
        person=Person(name=owner, by="file"),
        definition=new,
        changed=[] if new is None or old is None else changed_members(old, new),
    )
    return [*unwanted(state, name), v.event(requested, v.CONFIG, job=name)]


def unwanted(state: State, name: str) -> list[Event]:
    """The config does not say any more what is pending for a job, or was rejected, if something is."""
    change = state.changes.get(name)
    if change is None:
        return []
    return [v.event(v.ApprovalWithdrawn(request=change.seq), v.CONFIG, job=name)]


def asking(change: PendingChange, name: str, actor: str, person: Person, claims: Claims | None) -> Event:
    """A person wants the change that the config has, and asks for it."""
    requested = v.ApprovalRequested(
        revision=change.revision,
        config=change.config,
        person=person,
        definition=change.definition,
        changed=change.changed,
        claims=claims,
    )
    return v.event(requested, actor, job=name)


def approving(
    state: State, name: str, actor: str, person: Person, reason: str, claims: Claims | None
) -> list[Event]:
    """A second person approves what is pending for a job: that is recorded, and comes into force."""
    change = state.changes[name]
    given = v.ApprovalGiven(
        request=change.seq, revision=change.revision, person=person, reason=reason, claims=claims
    )
    old, seq = definition_in_force(state, name), state.head.seq + 1
    return [
        v.event(given, actor, job=name),
        *took_effect(old, change.definition, name, change.config, seq),
    ]


def rejecting(
    change: PendingChange, name: str, actor: str, person: Person, reason: str, claims: Claims | None
) -> Event:
    """A person rejects what is pending for a job: it does not come into force, and is not asked for by itself."""
    withdrawn = v.ApprovalWithdrawn(request=change.seq, person=person, reason=reason, claims=claims)
    return v.event(withdrawn, actor, job=name)
