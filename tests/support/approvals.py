"""People who ask for changes and approve them in a simulated world."""

from __future__ import annotations

from msgspec import structs

from scheduler.definition import JobDefinition
from scheduler.rules.approvals.decisions import approving, asking, rejecting
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.approvals.persons import Party, refusal
from tests.support.world import World, job

ANN, BOB = Party("ann"), Party("bob")
ROOT = Party("root", is_root=True)
JOB_OF_BOB = Party("bob", in_job=True)
ANN_AS_SVC, BOB_AS_SVC = Party("svc", "ann"), Party("svc", "bob")
SVC = Party("svc")


def protected(name: str, version: int) -> JobDefinition:
    """A job whose changes need approval; each version runs another command."""
    return _versioned(job(name, approval="required"), version)


def unprotected(name: str, version: int) -> JobDefinition:
    """The same without that."""
    return _versioned(job(name), version)


def _versioned(definition: JobDefinition, version: int) -> JobDefinition:
    return structs.replace(definition, command=["true", str(version)])


def pending(world: World, name: str) -> PendingChange | None:
    """What waits for approval, if something does."""
    change = world.state.changes.get(name)
    return change if change is not None and change.waits else None


def approve(world: World, name: str, party: Party) -> bool:
    """What the command does; whether it was approved."""
    change = pending(world, name)
    if change is None or refusal(change, party) is not None:
        return False
    world.say(lambda state: approving(state, name, f"user:{party.name}@sim", party.person, "", None))
    return True


def reject(world: World, name: str, party: Party) -> bool:
    """The same for a rejection."""
    change = pending(world, name)
    if change is None:
        return False
    world.say(lambda state: [rejecting(change, name, f"user:{party.name}@sim", party.person, "", None)])
    return True


def ask(world: World, name: str, party: Party) -> None:
    """A person wants what the config has."""
    change = world.state.changes[name]
    world.say(lambda state: [asking(change, name, f"user:{party.name}@sim", party.person, None)])


def version_in_force(world: World, name: str) -> int | None:
    """Which version of a job is in force."""
    found = world.state.jobs.get(name)
    return (
        int(found.definition.command[1])
        if found is not None and found.present and found.definition.command
        else None
    )
