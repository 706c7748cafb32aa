"""The laws of approval: a ledger in which something came into force that nobody approved is illegal, and says so."""

from __future__ import annotations

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import revision
from scheduler.entry_members import Claims, Person
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.approvals import (
    ANN,
    ANN_AS_SVC,
    BOB,
    BOB_AS_SVC,
    approve,
    ask,
    protected,
    reject,
    unprotected,
)
from tests.support.world import World

FILE = Person(name="ann", by="file")
NEW = protected("a", 2)


def world_with_edit() -> World:
    """A job in force, and an edit that waits."""
    world = World(protected("a", 1))
    world.edit()
    assert approve(world, "a", BOB)
    world.edit(NEW)
    return world


def why(world: World, *events: Event) -> list[str]:
    """What is wrong with entries that somebody wrote."""
    world.say(lambda state: events)
    return [each.why for each in illegal_entries(world.entries())]


def defined(approval: int | None = None, version: int = 2) -> Event:
    """A definition comes into force."""
    new = protected("a", version)
    return v.event(
        v.JobDefined(definition=new, revision=revision(new), config="", approval=approval), "config", job="a"
    )


def given(world: World, actor: str, person: Person, **members: object) -> Event:
    """Somebody approves what waits."""
    change = world.state.changes["a"]
    data = {"request": change.seq, "revision": change.revision, "person": person, **members}
    return v.event(v.ApprovalGiven(**data), actor, job="a")  # type: ignore[arg-type]


def uid(name: str) -> Person:
    """Somebody by their real uid."""
    return Person(name=name, by="uid")


def test_what_people_do_by_the_rules_is_legal() -> None:
    """Requests by persons, rejections and approvals from two logins of one account."""
    world = world_with_edit()
    ask(world, "a", ANN_AS_SVC)
    assert approve(world, "a", BOB_AS_SVC)
    world.edit(unprotected("a", 3))
    assert reject(world, "a", ANN)
    ask(world, "a", BOB)
    assert approve(world, "a", ANN)
    assert why(world) == []


def test_nothing_comes_into_force_without_approval() -> None:
    """Neither a definition, nor a removal, nor another one than was approved."""
    unapproved = "no second person had approved this change of a"
    assert why(world_with_edit(), defined()) == [unapproved]
    assert why(world_with_edit(), v.event(v.JobRemoved(config=""), "config", job="a")) == [unapproved]
    world = world_with_edit()
    ok = given(world, "user:bob@sim", uid("bob"))
    assert why(world, ok, defined(world.state.head.seq + 1, version=3)) == [unapproved]
    world = world_with_edit()
    request = world.state.changes["a"].seq
    ok = given(world, "user:bob@sim", uid("bob"))
    assert why(world, ok, defined(request)) == [f"entry {request + 2} approved it, not {request}"]


@pytest.mark.parametrize(
    ("actor", "person", "members", "broken"),
    [
        ("user:ann@sim", uid("ann"), {}, "who asked for it and who approved it cannot be told apart"),
        ("user:root@sim", uid("root"), {}, "root approves nothing"),
        ("user:bob@sim", uid("bob"), {"claims": Claims(run=7)}, "a job's process approves nothing"),
        (
            "user:bob@sim",
            uid("bob"),
            {"claims": Claims(sudo="ann")},
            "who asked for a change does not approve it",
        ),
        ("user:ann@sim", uid("bob"), {}, "bob by uid is not user:ann@sim"),
        ("config", FILE, {}, "config is no person"),
        ("user:bob@sim", uid("bob"), {"revision": "0" * 16}, "asked for revision"),
        ("user:bob@sim", uid("bob"), {"request": 1}, "nothing was pending for a by entry 1"),
    ],
)
def test_no_approval_by_whoever_may_not(
    actor: str, person: Person, members: dict[str, object], broken: str
) -> None:
    """By a person who asked, by root, by a job, or of something else."""
    world = world_with_edit()
    (found,) = why(world, given(world, actor, person, **members))
    assert broken in found


def test_no_request_for_what_needs_none() -> None:
    """Or with another revision, or by nobody."""
    world = World(unprotected("a", 1))
    world.edit()
    new = unprotected("a", 2)
    free = v.ApprovalRequested(revision=revision(new), config="", person=FILE, definition=new)
    assert why(world, v.event(free, "config", job="a")) == ["no change of a had to be approved"]
    for members, broken in (
        ({"revision": "0" * 16}, "its revision is not that of its definition"),
        ({"changed": ["schedule"]}, "it changes command"),
        ({"person": uid("ann")}, "the config is a file, and no person"),
    ):
        world = world_with_edit()
        world.edit(protected("a", 1))
        data = {
            "revision": revision(NEW),
            "config": "",
            "person": FILE,
            "definition": NEW,
            "changed": ["command"],
        }
        asked = v.ApprovalRequested(**{**data, **members})  # type: ignore[arg-type]
        assert why(world, v.event(asked, "config", job="a")) == [broken]


def test_no_withdrawal_of_nothing() -> None:
    """It names what was pending."""
    world = world_with_edit()
    gone = v.event(v.ApprovalWithdrawn(request=0), "config", job="a")
    assert why(world, gone) == ["nothing was pending for a by entry 0"]
