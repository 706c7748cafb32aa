"""`approval: required`: what the config says comes into force when a second person has approved it, not before."""

from __future__ import annotations

import pytest
from msgspec import structs

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.approvals import (
    ANN,
    BOB,
    approve,
    ask,
    pending,
    protected,
    reject,
    unprotected,
    version_in_force,
)
from tests.support.world import World


def in_force() -> World:
    """A world whose job is approved in its first version."""
    world = World(protected("a", 1))
    world.edit()
    assert approve(world, "a", BOB)
    assert version_in_force(world, "a") == 1
    return world


def told(world: World) -> list[str]:
    """The types of what is recorded about the job."""
    return [entry.type for entry in world.entries() if entry.job == "a"]


def test_a_first_definition_waits() -> None:
    """Nothing of the job is in force before; other jobs are."""
    world = World(protected("a", 1), unprotected("b", 1))
    world.edit()
    assert version_in_force(world, "a") is None
    assert version_in_force(world, "b") == 1
    assert not approve(world, "a", ANN), "who owns the config has asked for it"
    assert approve(world, "a", BOB)
    assert version_in_force(world, "a") == 1
    assert told(world) == ["approval.requested", "approval.given", "job.defined"]
    defined = v.payload(world.entries(v.JobDefined)[-1])
    assert defined.approval == world.entries(v.ApprovalGiven)[0].seq
    assert not list(illegal_entries(world.entries()))


@pytest.mark.parametrize(
    "new",
    [protected("a", 2), unprotected("a", 1), structs.replace(protected("a", 1), enabled=False), None],
    ids=["another command", "without the key", "disabled", "removed"],
)
def test_an_edit_waits(new: JobDefinition | None) -> None:
    """Whatever it changes; a removal and dropping the key are edits."""
    world = in_force()
    old = world.state.jobs["a"].definition
    world.edit(*([] if new is None else [new]), remove=["a"] if new is None else [])
    change = pending(world, "a")
    assert change is not None
    assert change.definition == new
    assert world.state.jobs["a"].definition == old
    assert world.state.jobs["a"].present
    assert not approve(world, "a", ANN)
    assert approve(world, "a", BOB)
    job = world.state.jobs["a"]
    assert job.present is (new is not None)
    assert new is None or job.definition == new
    assert job.enablement.enabled is (new is None or new.enabled)
    assert "a" not in world.state.changes
    assert not list(illegal_entries(world.entries()))


def test_a_job_that_is_to_be_protected_waits_too() -> None:
    """What says that it was approved was."""
    world = World(unprotected("a", 1))
    world.edit()
    world.edit(protected("a", 2))
    assert version_in_force(world, "a") == 1
    assert approve(world, "a", BOB)
    assert version_in_force(world, "a") == 2


def test_taking_an_edit_back_withdraws_it() -> None:
    """So does another edit, which waits in its place."""
    world = in_force()
    world.edit(protected("a", 2))
    world.edit(protected("a", 3))
    assert told(world)[3:] == ["approval.requested", "approval.withdrawn", "approval.requested"]
    world.edit(protected("a", 1))
    assert told(world)[6:] == ["approval.withdrawn"]
    assert "a" not in world.state.changes
    world.edit(unprotected("b", 1))
    assert told(world)[7:] == []


def test_a_first_definition_that_goes_again_is_withdrawn() -> None:
    """Nothing of it was ever in force."""
    world = World(protected("a", 1))
    world.edit()
    world.edit(remove=["a"])
    assert told(world) == ["approval.requested", "approval.withdrawn"]
    assert "a" not in world.state.changes


def test_what_was_rejected_is_asked_for_by_a_person_only() -> None:
    """The config, which still has it, does not ask again."""
    world = in_force()
    world.edit(protected("a", 2))
    assert reject(world, "a", BOB)
    recorded = len(world.entries())
    world.edit()
    world.edit(unprotected("b", 1))
    assert [entry.type for entry in world.entries()[recorded:]] == [
        "config.accepted",
        "job.defined",
        "config.accepted",
    ]
    assert not approve(world, "a", BOB)
    ask(world, "a", ANN)
    assert approve(world, "a", BOB)
    assert version_in_force(world, "a") == 2
    assert not list(illegal_entries(world.entries()))


def test_a_rejection_is_forgotten_when_the_config_says_something_else() -> None:
    """What was in force, or another edit: the same one is asked for anew then."""
    for other in (protected("a", 1), protected("a", 3)):
        world = in_force()
        world.edit(protected("a", 2))
        assert reject(world, "a", BOB)
        world.edit(other)
        change = world.state.changes.get("a")
        assert change is None or change.waits
        world.edit(protected("a", 2))
        assert approve(world, "a", BOB)
        assert not list(illegal_entries(world.entries()))


def test_a_crash_between_approval_and_definition_costs_nothing() -> None:
    """What was approved comes into force with the next look at the config, without another approval."""
    world = in_force()
    world.edit(protected("a", 2))
    assert approve(world, "a", BOB)
    world.machine.tear(2, 1)
    again = World(protected("a", 2), machine=world.machine)
    assert version_in_force(again, "a") == 1
    again.edit()
    assert version_in_force(again, "a") == 2
    assert [entry.type for entry in again.entries()[-2:]] == ["job.defined", "config.accepted"]
    assert not list(illegal_entries(again.entries()))


def test_no_run_starts_from_what_waits() -> None:
    """Runs of the old definition go on meanwhile."""
    world = in_force()
    commands: list[str] = []
    behave = world.machine.behaviour

    def noted(launch):  # type: ignore[no-untyped-def]
        commands.append(launch.argv[1])
        return behave(launch)

    world.machine.behaviour = noted
    world.start()
    world.run(3_700)
    world.edit(protected("a", 2))
    world.run(3_600)
    world.edit(remove=["a"])
    world.run(3_600)
    assert approve(world, "a", BOB)
    world.run(7_200)
    assert commands == ["1", "1", "1"]
